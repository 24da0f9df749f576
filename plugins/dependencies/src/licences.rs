//! Which licences the packages say they have that a setup fetched: a line for the shell that looks, and what its output means.
//! A licence is what the package's own files say, and nothing that was checked.

use baton_slots::dependency::Dependency;

use crate::clipped;

/// Packages that are looked at.
const MOST: usize = 100;
/// Before the answers to each.
const MARK: &str = "@@";

/// The question about some dependencies.
#[derive(Debug)]
pub struct Licences {
    /// Which of the dependencies, in the order of the question.
    asked: Vec<usize>,
    /// A line for the shell, to be executed in the workspace.
    pub command: String,
}

impl Licences {
    /// What to ask; none where nothing could be answered.
    pub fn question(dependencies: &[Dependency]) -> Option<Self> {
        let looks = dependencies.iter().enumerate().filter_map(|(place, dependency)| Some((place, look(dependency)?)));
        let looks: Vec<_> = looks.take(MOST).collect();
        let lines = looks.iter().map(|(place, line)| format!("echo '{MARK} {place}'; {line}\n"));
        let command = format!("exec 2>/dev/null\n{}true", lines.collect::<String>());
        (!looks.is_empty()).then(|| Self { asked: looks.into_iter().map(|(place, _)| place).collect(), command })
    }

    /// Fills in what the output says.
    pub fn answer(&self, output: &str, dependencies: &mut [Dependency]) {
        let mut current = None;
        for line in output.lines() {
            if let Some(place) = line.strip_prefix(MARK) {
                current = place.trim().parse::<usize>().ok().filter(|place| self.asked.contains(place));
            } else if let Some(dependency) = current.and_then(|place| dependencies.get_mut(place)) {
                heard(line, dependency);
            }
        }
    }
}

fn look(dependency: &Dependency) -> Option<String> {
    let version = dependency.after.last()?;
    let name = &dependency.name;
    let is_plain = |text: &str, others: &str| {
        !text.is_empty() && !text.contains("..") && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
    };
    if !is_plain(name, "@/._-") || !is_plain(version, "._+-!~") {
        return None;
    }
    // Of a monorepo, what lies beside the lockfile, or at the top.
    let folder = dependency.files.first()?.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let folder = if is_plain(folder, "@/._- ") { folder } else { "." };
    let line = match dependency.manager.as_str() {
        "npm" => format!(
            "for f in '{folder}/node_modules/{name}/package.json' 'node_modules/{name}/package.json'; do tr '\\n' ' ' < \"$f\" | grep -q '\"version\" *: *\"{version}\"' && tr '\\n' ' ' < \"$f\" | grep -o '\"licen[cs]es*\" *: *[^]}}]*' | head -n 1 && break; done"
        ),
        "cargo" => format!(
            "grep -hm1 -E '^license(-file)? *=' \"$CARGO_HOME\"/registry/src/*/'{name}-{version}/Cargo.toml' 'vendor/{name}/Cargo.toml' | head -n 1"
        ),
        "python" => format!(
            "find '{folder}/.venv' .venv -maxdepth 5 -iname '{}-{version}.dist-info' | head -n 1 | while read -r d; do sed '/^$/q' \"$d/METADATA\" | grep -E '^(License-Expression|License|Classifier: License ::)' | head -n 5; done",
            name.replace(['-', '_', '.'], "[-_.]")
        ),
        _ => return None,
    };
    Some(line)
}

/// One line of an answer. The first that says something counts, but an expression counts more than free text.
fn heard(line: &str, dependency: &mut Dependency) {
    let line = line.trim();
    let said = if let Some(expression) = line.strip_prefix("License-Expression:") {
        dependency.licence.clear();
        expression.trim().to_owned()
    } else if let Some(free) = line.strip_prefix("License:") {
        // Some give the whole text.
        if free.len() > 60 || free.trim() == "UNKNOWN" { String::new() } else { free.trim().to_owned() }
    } else if let Some(classifier) = line.strip_prefix("Classifier: License ::") {
        classifier.rsplit("::").next().unwrap_or_default().trim().to_owned()
    } else if let Some((key, value)) = line.split_once('=').filter(|(key, _)| key.trim_start().starts_with("license")) {
        let value = value.trim().trim_matches('"');
        if key.contains("file") { format!("see its {value}") } else { value.to_owned() }
    } else if let Some((_, value)) = line.split_once(':').filter(|_| line.starts_with("\"licen")) {
        of_manifest(value)
    } else {
        String::new()
    };
    let is_asked = dependency.licence.is_empty() || dependency.manager == "npm" && !said.is_empty();
    if is_asked {
        dependency.licence = clipped(&said);
    }
}

/// `"MIT"`, or in older packages `{ "type": "MIT", … }`, also in a list.
fn of_manifest(value: &str) -> String {
    let value = value.trim();
    let after_type = value.split("\"type\"").nth(1).and_then(|rest| rest.split_once(':')).map(|(_, rest)| rest.trim());
    let quoted = after_type.unwrap_or(value).trim_start_matches('[').trim_start();
    quoted.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

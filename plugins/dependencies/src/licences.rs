//! Which licences the packages say they have that a setup fetched: a line for the shell that looks, and what its output means.
//! A licence is what the package's own files say, and nothing that was checked.

use std::collections::BTreeSet;

use baton_slots::dependency::Dependency;

use crate::clipped;

/// Packages that are looked at.
const MOST: usize = 100;
/// Before the answers to each.
const MARK: &str = "@@";
/// Bytes of a line that may be the title of a licence.
const LONGEST_TITLE: usize = 60;

/// For Java: the names of the licences in the description of a package, or of what it inherits from. Both Maven and Gradle keep
/// descriptions, each in folders of its own.
const POM: &str = r#"
pom() {
m=${MAVEN_ARGS##*repo.local.tail=}; m=${m%% *}; g=$1; a=$2; v=$3
for n in 1 2 3 4 5; do
p=; for f in "$m" "$HOME/.m2/repository"; do f="$f/$(echo "$g" | tr . /)/$a/$v/$a-$v.pom"; [ -z "$p" ] && [ -f "$f" ] && p=$f; done
for f in "${GRADLE_RO_DEP_CACHE:-$HOME/.gradle/caches}/modules-2/files-2.1/$g/$a/$v"/*/"$a-$v.pom"; do [ -z "$p" ] && [ -f "$f" ] && p=$f; done
[ -n "$p" ] || return
t=$(tr '\n\r\t' '   ' < "$p")
l=$(echo "$t" | sed -n 's/.*<licenses>\(.*\)<\/licenses>.*/\1/p' | grep -o '<name>[^<]*' | head -n 5)
[ -n "$l" ] && { echo "$l"; return; }
t=$(echo "$t" | sed -n 's/.*<parent>\(.*\)<\/parent>.*/\1/p')
g=$(echo "$t" | sed -n 's/.*<groupId> *\([^< ]*\).*/\1/p'); a=$(echo "$t" | sed -n 's/.*<artifactId> *\([^< ]*\).*/\1/p'); v=$(echo "$t" | sed -n 's/.*<version> *\([^< ]*\).*/\1/p')
[ -n "$v" ] || return
done
}
"#;
/// For Go: the first lines of the file with the licence, for modules have no other word for it.
const TITLE: &str = r#"
title() {
for d in "$@"; do
f=$(ls "$d" | grep -iE '^(licen[cs]e|copying|unlicense)([-.].*)?$' | head -n 1)
[ -n "$f" ] && [ -f "$d/$f" ] && { echo "License-File: $f"; head -n 5 "$d/$f" | sed 's/^/| /'; return; }
done
}
"#;

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
        let functions: BTreeSet<_> = looks.iter().filter_map(|(place, _)| function(&dependencies.get(*place)?.manager)).collect();
        let functions: String = functions.into_iter().collect();
        let lines = looks.iter().map(|(place, line)| format!("echo '{MARK} {place}'; {line}\n"));
        let command = format!("exec 2>/dev/null\n{functions}{}true", lines.collect::<String>());
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

fn function(manager: &str) -> Option<&'static str> {
    match manager {
        "java" => Some(POM),
        "go" => Some(TITLE),
        _ => None,
    }
}

fn look(dependency: &Dependency) -> Option<String> {
    let version = dependency.after.last()?;
    let name = &dependency.name;
    let is_plain = |text: &str, others: &str| {
        !text.is_empty() && !text.contains("..") && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
    };
    if !is_plain(name, "@/._-:~") || !is_plain(version, "._+-!~") {
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
        "go" => format!(
            "title \"${{GOMODCACHE:-$HOME/go/pkg/mod}}\"/'{}@{}' '{folder}/vendor/{name}' 'vendor/{name}'",
            in_cache_of_go(name),
            in_cache_of_go(version)
        ),
        "java" => {
            let (group, artifact) = name.split_once(':')?;
            format!("pom '{group}' '{artifact}' '{version}'")
        }
        "ruby" => format!(
            "find '{folder}/vendor/bundle' vendor/bundle \"${{BUNDLE_PATH:-/none}}\" \"${{GEM_HOME:-/none}}\" /var/lib/gems /usr/local/bundle -maxdepth 5 -path '*/specifications/{name}-{version}.gemspec' | head -n 1 | while read -r f; do grep -m1 -E '^ *[a-z]+\\.licenses? *=' \"$f\"; done"
        ),
        "elixir" => format!(
            "for f in '{folder}/deps/{name}/hex_metadata.config' 'deps/{name}/hex_metadata.config'; do tr -d ' \\n' < \"$f\" | grep -qF '{{<<\"version\">>,<<\"{version}\">>}}' && tr -d '\\n' < \"$f\" | grep -o '<<\"licenses\">>, *\\[[^]]*' | head -n 1 && break; done"
        ),
        "nuget" => {
            let (name, version) = (name.to_ascii_lowercase(), version.to_ascii_lowercase());
            format!(
                "grep -hom1 -E '<license type=\"[a-z]+\">[^<]*' \"${{NUGET_PACKAGES:-$HOME/.nuget/packages}}\"/'{name}/{version}/{name}.nuspec'"
            )
        }
        _ => return None,
    };
    Some(line)
}

/// As Go spells names in its cache, for file systems that take small and capital letters for the same.
fn in_cache_of_go(name: &str) -> String {
    let spelled = name.chars().map(|letter| match letter.is_ascii_uppercase() {
        true => format!("!{}", letter.to_ascii_lowercase()),
        false => letter.to_string(),
    });
    spelled.collect()
}

/// One line of an answer. The first that says something counts, but an expression counts more than free text, and a title more
/// than that there is a file.
fn heard(line: &str, dependency: &mut Dependency) {
    let line = line.trim();
    let said = match dependency.manager.as_str() {
        "npm" => line.split_once(':').filter(|_| line.starts_with("\"licen")).map(|(_, value)| of_manifest(value)),
        "cargo" => of_cargo(line),
        "python" => of_python(line, dependency),
        "go" => of_go(line, dependency),
        "java" => line.strip_prefix("<name>").map(|name| more(dependency, name)),
        "ruby" => line.split_once('=').map(|(_, list)| quoted(list)),
        "elixir" => line.strip_prefix("<<\"licenses\">>").map(quoted),
        "nuget" => {
            line.split_once('>').map(|(kind, value)| if kind.contains("file") { format!("see its {value}") } else { value.to_owned() })
        }
        _ => None,
    };
    let Some(said) = said.filter(|said| !said.trim().is_empty()) else { return };
    let is_asked = dependency.licence.is_empty() || matches!(dependency.manager.as_str(), "npm" | "java");
    if is_asked {
        dependency.licence = clipped(&said);
    }
}

/// One more of several licences.
fn more(dependency: &Dependency, licence: &str) -> String {
    let before = &dependency.licence;
    if before.is_empty() { licence.trim().to_owned() } else { format!("{before}, {}", licence.trim()) }
}

fn of_cargo(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=').filter(|(key, _)| key.starts_with("license"))?;
    let value = value.trim().trim_matches('"');
    Some(if key.contains("file") { format!("see its {value}") } else { value.to_owned() })
}

fn of_python(line: &str, dependency: &mut Dependency) -> Option<String> {
    if let Some(expression) = line.strip_prefix("License-Expression:") {
        dependency.licence.clear();
        return Some(expression.to_owned());
    }
    if let Some(free) = line.strip_prefix("License:") {
        // Some give the whole text.
        return (free.len() <= LONGEST_TITLE && free.trim() != "UNKNOWN").then(|| free.to_owned());
    }
    line.strip_prefix("Classifier: License ::")?.rsplit("::").next().map(str::to_owned)
}

/// The title of a licence's text is quoted as it is; which licence that is, is not guessed.
fn of_go(line: &str, dependency: &mut Dependency) -> Option<String> {
    if let Some(file) = line.strip_prefix("License-File:") {
        return Some(format!("see its {}", file.trim()));
    }
    let text = line.strip_prefix('|')?.trim();
    if !dependency.licence.starts_with("see its ") || dependency.licence.contains('"') {
        return None;
    }
    let words = text.to_ascii_lowercase();
    if let Some(place) = words.find("spdx-license-identifier:") {
        dependency.licence.clear();
        return Some(text[place..].split_once(':')?.1.to_owned());
    }
    let is_title = text.len() <= LONGEST_TITLE && ["license", "licence"].iter().any(|word| words.contains(word));
    if is_title {
        let titled = format!("{}, \"{}\"", dependency.licence, text.replace('"', "'"));
        dependency.licence.clear();
        return Some(titled);
    }
    None
}

/// What stands in quotes in a list of Ruby's or Erlang's.
fn quoted(list: &str) -> String {
    list.split('"').skip(1).step_by(2).take(5).collect::<Vec<_>>().join(", ")
}

/// `"MIT"`, or in older packages `{ "type": "MIT", … }`, also in a list.
fn of_manifest(value: &str) -> String {
    let value = value.trim();
    let after_type = value.split("\"type\"").nth(1).and_then(|rest| rest.split_once(':')).map(|(_, rest)| rest.trim());
    let quoted = after_type.unwrap_or(value).trim_start_matches('[').trim_start();
    quoted.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

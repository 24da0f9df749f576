//! What Gradle is told: its lockfile, its catalogue of versions, and its scripts. A script is a program, which nothing but Gradle
//! understands: coordinates that stand in it are read, and every other line counts as what is not understood.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Contents, Locked, Packages, origin, put,
    toml::{Table, Value, read},
};

/// `group:artifact:1.0.0=configurations`
pub(crate) fn lockfile(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("empty=")) {
        if let Some((name, version)) = line.split('=').next().unwrap_or_default().rsplit_once(':') {
            put(&mut packages, name, version, Locked::default());
        }
    }
    Some(packages)
}

/// `build.gradle`, `settings.gradle` and what is like them, in Groovy or Kotlin.
pub(crate) fn script(text: &str) -> Option<Contents> {
    let (mut packages, mut others) = (Packages::new(), Vec::new());
    let mut is_comment = false;
    for line in text.lines() {
        let line = Line::read(line, &mut is_comment);
        let found = line.packages();
        if found.is_empty() && !line.is_plain() {
            others.push(line.code.trim().to_owned());
        }
        for (name, version, origin) in found {
            put(&mut packages, &name, &version, Locked { origin, ..Locked::default() });
        }
    }
    // In another order they may mean the same, and where a line is moved the rest tells.
    others.sort();
    Some(Contents { packages, others: Some(others) })
}

/// A line of a script.
#[derive(Debug, Default)]
struct Line {
    /// Without comments.
    code: String,
    /// Texts in quotes, each with the word before it.
    texts: Vec<(String, String)>,
}

impl Line {
    /// `is_comment` says whether a comment over several lines is open, before and after.
    fn read(text: &str, is_comment: &mut bool) -> Self {
        let mut line = Self::default();
        let (mut word, mut quoted) = (String::new(), None::<(char, String)>);
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if *is_comment {
                if letter == '*' && letters.next_if_eq(&'/').is_some() {
                    *is_comment = false;
                }
                continue;
            }
            if let Some((quote, inside)) = &mut quoted {
                line.code.push(letter);
                if letter == *quote {
                    line.texts.push((word.clone(), std::mem::take(inside)));
                    (quoted, word) = (None, String::new());
                } else {
                    inside.push(letter);
                }
                continue;
            }
            match (letter, letters.peek()) {
                ('/', Some('/')) => break,
                ('/', Some('*')) => *is_comment = true,
                ('"' | '\'', _) => {
                    quoted = Some((letter, String::new()));
                    line.code.push(letter);
                }
                _ => {
                    if letter.is_alphanumeric() || letter == '_' {
                        // After anything but what may stand between a word and its text another word begins.
                        if line.code.ends_with([' ', ',', '(', '{', '=', '[', '.', ':', '\t']) {
                            word.clear();
                        }
                        word.push(letter);
                    } else if !" \t(:=".contains(letter) {
                        word.clear();
                    }
                    line.code.push(letter);
                }
            }
        }
        line
    }

    /// Names, versions, and where they come from.
    fn packages(&self) -> Vec<(String, String, String)> {
        let of = |key: &str| self.texts.iter().find(|(word, _)| word == key).map(|(_, text)| text.as_str());
        let mut found = Vec::new();
        if let (Some(group), Some(name)) = (of("group"), of("name")) {
            found.push((format!("{group}:{name}"), of("version").unwrap_or_default().to_owned(), String::new()));
        }
        for (word, text) in &self.texts {
            if let Some((name, version)) = coordinates(text) {
                found.push((name, version, String::new()));
            } else if word == "id" || word == "plugin" {
                found.push((format!("plugin {text}"), of("version").unwrap_or_default().to_owned(), String::new()));
            } else if matches!(word.as_str(), "url" | "uri" | "maven" | "from") && text.contains("://") {
                let kind = if word == "from" { "script" } else { "repository" };
                found.push((format!("{kind} {text}"), String::new(), origin(text)));
            }
        }
        found
    }

    /// Whether it says nothing: blanks, brackets, or the name of a block of dependencies, plugins or repositories that begins.
    fn is_plain(&self) -> bool {
        const BLOCKS: [&str; 7] = ["buildscript", "dependencies", "plugins", "repositories", "pluginManagement", "maven", "constraints"];
        let code = self.code.trim();
        !code.contains(|letter: char| letter.is_alphanumeric() || letter == '"' || letter == '\'')
            || code.strip_suffix('{').is_some_and(|name| BLOCKS.contains(&name.trim_end()))
    }
}

/// `group:artifact` and the version in `group:artifact:1.0.0@zip`, which may be one that the script makes up.
fn coordinates(text: &str) -> Option<(String, String)> {
    let mut parts = text.splitn(3, ':');
    let (group, artifact, version) = (parts.next()?, parts.next()?, parts.next());
    let is_name = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || "/\\<>".contains(letter));
    // Without a version it may be anything, but groups have dots.
    let is_whole = version.map_or(group.contains('.'), |version| !version.contains(char::is_whitespace));
    (is_name(group) && is_name(artifact) && is_whole && group.contains(|letter: char| letter.is_alphabetic()))
        .then(|| (format!("{group}:{artifact}"), version.unwrap_or_default().to_owned()))
}

/// `gradle/libs.versions.toml`
pub(crate) fn catalogue(text: &str) -> Option<Contents> {
    let root = read(text)?;
    let table = |name: &str| root.get(name).and_then(Value::table);
    let versions: BTreeMap<_, _> =
        table("versions").into_iter().flatten().map(|(name, version)| (name.as_str(), written(version))).collect();
    let (mut packages, mut used) = (Packages::new(), BTreeSet::new());
    let entries = ["libraries", "plugins"].iter().filter_map(|name| Some((*name, table(name)?)));
    for (kind, entry) in entries.flat_map(|(kind, table)| table.values().map(move |entry| (kind, entry))) {
        let (name, version) = match entry {
            Value::Text(text) => {
                let (name, version) = text.rsplit_once(':')?;
                (name.to_owned(), version.to_owned())
            }
            Value::Table(entry) => (name_of(entry)?, version_of(entry, &versions, &mut used)),
            _ => return None,
        };
        let name = if kind == "plugins" { format!("plugin {name}") } else { name };
        put(&mut packages, &name, &version, Locked::default());
    }
    let unused = versions.iter().filter(|(name, _)| !used.contains(**name)).map(|(name, version)| format!("{name}={version}"));
    Some(Contents { packages, others: Some(unused.collect()) })
}

fn name_of(entry: &Table) -> Option<String> {
    let text = |key: &str| entry.get(key).and_then(Value::text);
    let whole = text("module").or_else(|| text("id")).map(str::to_owned);
    whole.or_else(|| Some(format!("{}:{}", text("group")?, text("name")?)))
}

fn version_of(entry: &Table, versions: &BTreeMap<&str, String>, used: &mut BTreeSet<String>) -> String {
    let Some(version) = entry.get("version") else { return String::new() };
    match version.table().and_then(|version| version.get("ref")).and_then(Value::text) {
        Some(name) => {
            used.insert(name.to_owned());
            versions.get(name).cloned().unwrap_or_default()
        }
        None => written(version),
    }
}

/// A version, or the rules for one in a table.
fn written(version: &Value) -> String {
    match version {
        Value::Text(text) => text.clone(),
        Value::Table(rules) => rules.iter().map(|(rule, value)| format!("{rule} {}", written(value))).collect::<Vec<_>>().join(" "),
        Value::List(list) => list.iter().map(written).collect::<Vec<_>>().join(" "),
        Value::Other => String::new(),
    }
}

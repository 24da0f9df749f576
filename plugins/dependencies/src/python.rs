//! Lists of pip's, and the lockfile of Pipenv. A list need not pin: what it says of the version is told then.

use serde_json::Value;

use crate::{Locked, Packages, origin, put};

pub(crate) fn requirements(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    for line in text.replace("\\\n", " ").replace("\\\r\n", " ").lines() {
        let line = line.split(" #").next().unwrap_or_default().split(" --hash").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('-') {
            option(&mut packages, line);
            continue;
        }
        let wanted = line.split(';').next().unwrap_or_default().trim();
        let end = wanted.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter))).unwrap_or(wanted.len());
        let (name, rest) = wanted.split_at(end);
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('[').and_then(|extras| extras.split_once(']')).map_or(rest, |(_, rest)| rest).trim();
        let version = rest.strip_prefix("==").map_or(rest, |pinned| pinned.trim_start_matches('='));
        let place = rest.strip_prefix('@').map(|place| place.trim().to_owned()).or_else(|| name.is_empty().then(|| wanted.to_owned()));
        let name = if name.is_empty() { wanted.to_owned() } else { normal(name) };
        put(&mut packages, &name, version.trim(), Locked { origin: place.unwrap_or_default(), ..Locked::default() });
    }
    Some(packages)
}

/// Options by which something else is fetched, or from somewhere else: each counts as a package of its name.
fn option(packages: &mut Packages, line: &str) {
    let telling = ["-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"];
    let (name, value) = line.split_once([' ', '=']).unwrap_or((line, ""));
    let is_ours = matches!(name, "-e" | "--editable") && !value.contains("://");
    if telling.contains(&name) && !is_ours {
        put(packages, &format!("{name} {}", value.trim()), "", Locked { origin: origin(value.trim()), ..Locked::default() });
    }
}

/// As PEP 503 spells names.
fn normal(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

pub(crate) fn pipfile(text: &str) -> Option<Packages> {
    let lock: Value = serde_json::from_str(text).ok()?;
    let mut packages = Packages::new();
    for (name, package) in ["default", "develop"].iter().filter_map(|part| lock.get(part)?.as_object()).flatten() {
        let version = package["version"].as_str().unwrap_or_default().trim_start_matches('=');
        let place = ["git", "file", "path"].iter().find_map(|key| package[key].as_str()).map(origin).unwrap_or_default();
        put(&mut packages, name, version, Locked { origin: place, ..Locked::default() });
    }
    Some(packages)
}

//! Lockfiles of npm, yarn, pnpm and bun.

use serde_json::Value;

use crate::{Locked, Packages, origin, put};

const MODULES: &str = "node_modules/";

pub(crate) fn npm(text: &str) -> Option<Packages> {
    let lock: Value = serde_json::from_str(text).ok()?;
    let mut packages = Packages::new();
    match lock.get("packages").and_then(Value::as_object) {
        Some(listed) => {
            for (path, package) in listed {
                // A folder of the repository, or a link to one.
                let Some((_, name)) = path.rsplit_once(MODULES).filter(|_| package["link"] != true) else { continue };
                npm_package(&mut packages, name, package);
            }
        }
        None => nested(&mut packages, lock.get("dependencies")),
    }
    Some(packages)
}

/// The form of npm 6 and before.
fn nested(packages: &mut Packages, dependencies: Option<&Value>) {
    for (name, package) in dependencies.and_then(Value::as_object).into_iter().flatten() {
        npm_package(packages, name, package);
        nested(packages, package.get("dependencies"));
    }
}

fn npm_package(packages: &mut Packages, name: &str, package: &Value) {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let (alias, version) = (text("name"), text("version"));
    let locked = Locked { origin: origin(text("resolved")), checksum: text("integrity").to_owned(), licence: text("license").to_owned() };
    put(packages, if alias.is_empty() { name } else { alias }, version, locked);
}

/// Both forms of yarn's: a line with the names that are wanted, and indented ones with what they came to.
pub(crate) fn yarn(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let (mut name, mut version, mut locked) = (String::new(), String::new(), Locked::default());
    for line in text.lines().chain(["end:"]) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if !line.starts_with([' ', '\t']) {
            let is_ours = locked.origin.starts_with("workspace:") || version.is_empty() || name == "__metadata";
            if !is_ours {
                put(&mut packages, &name, &version, std::mem::take(&mut locked));
            }
            (name, version, locked) = (wanted(line), String::new(), Locked::default());
            continue;
        }
        let Some((key, value)) = line.trim().split_once([' ', ':']) else { continue };
        let value = value.trim_start_matches(':').trim().trim_matches('"');
        match (key, line.len() - line.trim_start().len()) {
            ("version", 2) => value.clone_into(&mut version),
            ("resolved", 2) => locked.origin = origin(value),
            ("resolution", 2) => locked.origin = elsewhere(value),
            ("integrity" | "checksum", 2) => value.clone_into(&mut locked.checksum),
            _ => {}
        }
    }
    Some(packages)
}

/// The name in `"@scope/x@^1.0.0, @scope/x@^1.1.0":`, or in an alias `y@npm:x@^1.0.0` what it stands for.
fn wanted(line: &str) -> String {
    let first = line.split(',').next().unwrap_or_default().trim().trim_end_matches(':').trim_matches('"');
    let (name, range) = name_and_version(first).unwrap_or((first, ""));
    range.strip_prefix("npm:").and_then(name_and_version).map_or(name, |(name, _)| name).to_owned()
}

/// Where `x@workspace:packages/x` or `x@https://…` is not of a registry.
fn elsewhere(resolution: &str) -> String {
    let place = name_and_version(resolution).map_or("", |(_, place)| place);
    if place.starts_with("npm:") { String::new() } else { place.to_owned() }
}

/// `@scope/x@1.0.0` in two.
fn name_and_version(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

pub(crate) fn pnpm(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let (mut is_inside, mut last) = (false, None::<(String, String)>);
    for line in text.lines() {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            is_inside = line.trim_end() == "packages:";
        }
        if !is_inside {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if indent == 2 {
            let key = line.trim().trim_end_matches(':').trim_matches(['\'', '"']).trim_start_matches('/');
            let key = key.split('(').next().unwrap_or_default();
            // Before version 6 of the format it was `/name/1.0.0`.
            last = name_and_version(key).or_else(|| key.rsplit_once('/')).map(|(name, version)| (name.to_owned(), version.to_owned()));
            let Some((name, version)) = &last else { return None };
            let origin = if version.contains(['/', ':']) { origin(version) } else { String::new() };
            put(&mut packages, name, version, Locked { origin, ..Locked::default() });
        } else if let Some((name, version)) = &last
            && let Some(rest) = line.split("integrity: ").nth(1)
            && let Some(locked) = packages.get_mut(name).and_then(|versions| versions.get_mut(version))
        {
            locked.checksum = rest.split([',', '}']).next().unwrap_or_default().trim().to_owned();
        }
    }
    Some(packages)
}

/// JSON with trailing commas, an entry a line: `"x": ["x@1.0.0", "", {}, "sha512-…"],`.
pub(crate) fn bun(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let inside = text.lines().skip_while(|line| line.trim_start() != "\"packages\": {");
    for line in inside.skip(1) {
        let Some((_, entry)) = line.split_once("\": [\"") else { continue };
        let (name, version) = name_and_version(entry.split('"').next()?)?;
        let checksum = entry.rsplit('"').nth(1).filter(|last| last.starts_with("sha")).unwrap_or_default().to_owned();
        if !version.starts_with("workspace:") {
            let origin = if version.contains(['/', ':']) { origin(version) } else { String::new() };
            put(&mut packages, name, version, Locked { origin, checksum, ..Locked::default() });
        }
    }
    Some(packages)
}

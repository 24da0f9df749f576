//! Lockfiles of Bundler, Composer, Mix and NuGet.

use serde_json::Value;

use crate::{Locked, Packages, origin, put};

/// `    name (1.0.0)` below `GEM`, `GIT` and `PATH`.
pub(crate) fn gems(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let (mut section, mut remote) = ("", String::new());
    for line in text.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            section = line.trim();
        } else if let Some(place) = line.strip_prefix("  remote: ") {
            remote = origin(place.trim());
        } else if matches!(section, "GEM" | "GIT")
            && let Some((name, rest)) =
                line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')).and_then(|rest| rest.split_once(" ("))
        {
            let origin = if section == "GIT" { format!("git+{remote}") } else { remote.clone() };
            put(&mut packages, name, rest.trim_end_matches(')'), Locked { origin, ..Locked::default() });
        }
    }
    Some(packages)
}

pub(crate) fn composer(text: &str) -> Option<Packages> {
    let lock: Value = serde_json::from_str(text).ok()?;
    let mut packages = Packages::new();
    for package in ["packages", "packages-dev"].iter().filter_map(|part| lock.get(part)?.as_array()).flatten() {
        let licences = package["license"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let locked = Locked {
            origin: origin(package["dist"]["url"].as_str().unwrap_or_default()),
            checksum: package["dist"]["shasum"].as_str().unwrap_or_default().to_owned(),
            licence: licences.collect::<Vec<_>>().join(" or "),
        };
        put(&mut packages, package["name"].as_str()?, package["version"].as_str().unwrap_or_default(), locked);
    }
    Some(packages)
}

/// `"name": {:hex, :name, "1.0.0", "checksum", …},`
pub(crate) fn mix(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    for line in text.lines() {
        let Some((name, entry)) = line.trim().strip_prefix('"').and_then(|rest| rest.split_once("\": {")) else { continue };
        let quoted: Vec<_> = entry.split('"').skip(1).step_by(2).collect();
        let locked = match entry.starts_with(":hex") {
            true => Locked { checksum: quoted.get(1).copied().unwrap_or_default().to_owned(), ..Locked::default() },
            false => Locked { origin: format!("git+{}", quoted.first()?), ..Locked::default() },
        };
        let version = quoted.get(usize::from(!entry.starts_with(":hex"))).copied().unwrap_or_default();
        put(&mut packages, name, version, locked);
    }
    Some(packages)
}

/// `packages.lock.json`: for each framework the packages by name.
pub(crate) fn nuget(text: &str) -> Option<Packages> {
    let lock: Value = serde_json::from_str(text).ok()?;
    let mut packages = Packages::new();
    for (name, package) in lock.get("dependencies")?.as_object()?.values().filter_map(Value::as_object).flatten() {
        // A project of the repository.
        if package["type"] == "Project" {
            continue;
        }
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        put(&mut packages, name, &text("resolved"), Locked { checksum: text("contentHash"), ..Locked::default() });
    }
    Some(packages)
}

//! How files are cut, named and kept, and what the crates beside the host depend on.

use crate::source::{Source, Violation};

const LONGEST: usize = 600;
/// What of ours a plugin may depend on. The last three belong to the bundled plugins: what they find out of a project by
/// code, what they read of its tests, and how their own tests keep prompts.
const MAY_BE_KNOWN: [&str; 7] =
    ["baton-sdk", "baton-slots", "baton-survey", "baton-results", "baton-dependencies", "baton-folder-format", "baton-prompts"];

/// No Rust file is longer than a person reads.
pub(crate) fn files_are_short(sources: &[Source]) -> Vec<Violation> {
    let long = rust(sources).map(|source| (source, source.text.lines().count())).filter(|(_, lines)| *lines > LONGEST);
    long.map(|(source, lines)| {
        source.violation_of_file(format!("{lines} lines are more than {LONGEST}; split it by what its parts are about"))
    })
    .collect()
}

/// The length in lines that half of the Rust files do not exceed.
pub(crate) fn median_length(sources: &[Source]) -> usize {
    let mut lengths: Vec<_> = rust(sources).map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

/// A file, folder or module is called after what it is for.
pub(crate) fn names_say_something(sources: &[Source]) -> Vec<Violation> {
    const EMPTY: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];
    let mut violations = Vec::new();
    for source in rust(sources) {
        let parts = source.path.trim_end_matches(".rs").split('/').filter(|part| EMPTY.contains(part));
        violations.extend(
            parts.map(|part| {
                source.violation_of_file(format!("`{part}` says nothing; name it after what it is for, or move what is in it"))
            }),
        );
        for (position, _) in source.bare.match_indices("mod ") {
            let name =
                source.bare[position + 4..].split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or("");
            if EMPTY.contains(&name) && source.bare[position..].contains('{') {
                violations.push(source.violation(
                    &source.bare,
                    position,
                    format!("a module called `{name}` says nothing; name it after what it is for"),
                ));
            }
        }
    }
    violations
}

/// Another version of the contract, which a test serves beside this one.
const OTHER_VERSION: &str = "tests/later-contract/settings.wit";

/// The contract lies in `wit/` and nowhere else.
pub(crate) fn one_copy_of_the_contract(sources: &[Source]) -> Vec<Violation> {
    let is_copy = |path: &str| path.ends_with(".wit") && !path.starts_with("wit/") && path != OTHER_VERSION;
    let copies = sources.iter().filter(|source| is_copy(&source.path));
    copies.map(|source| source.violation_of_file("the contract has one copy, in wit/; refer to it with a relative path")).collect()
}

/// Plugins and examples depend on nothing of ours but the SDK and the contracts of slots.
pub(crate) fn plugins_know_the_sdk_alone(sources: &[Source]) -> Vec<Violation> {
    let ours: Vec<_> = sources.iter().filter(|source| is_manifest(source)).filter_map(|source| package_name(&source.text)).collect();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| is_manifest(source) && is_guest(&source.path)) {
        let foreign = dependencies(&source.text).into_iter().filter(|name| !MAY_BE_KNOWN.contains(&&**name) && ours.contains(name));
        violations.extend(foreign.map(|name| {
            source.violation_of_file(format!(
                "a plugin must not depend on `{name}`; it may know `baton-sdk` and `baton-slots`, and a bundled one `baton-survey`, `baton-results`, `baton-dependencies`, `baton-folder-format` and `baton-prompts`"
            ))
        }));
    }
    violations
}

fn rust(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.path.ends_with(".rs"))
}

fn is_manifest(source: &Source) -> bool {
    source.path.ends_with("/Cargo.toml")
}

/// The crate `plugins` and its packer build guests and are none.
fn is_guest(path: &str) -> bool {
    let builds = ["plugins/Cargo.toml", "plugins/pack/Cargo.toml"].contains(&path);
    !builds && (path.starts_with("plugins/") || path.starts_with("examples/"))
}

fn package_name(manifest: &str) -> Option<String> {
    let manifest: toml::Table = toml::from_str(manifest).ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The packages that a `Cargo.toml` names, for whatever purpose and target.
fn dependencies(manifest: &str) -> Vec<String> {
    let Ok(manifest) = toml::from_str::<toml::Table>(manifest) else { return Vec::new() };
    let targets =
        manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    let tables = std::iter::once(&manifest).chain(targets);
    let sections = tables.flat_map(|table| ["dependencies", "dev-dependencies", "build-dependencies"].map(|name| table.get(name)));
    let entries = sections.flatten().filter_map(toml::Value::as_table).flatten();
    entries.map(|(name, entry)| entry.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&[Source]) -> Vec<Violation>, files: &[(&str, &str)]) -> usize {
        rule(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>()).len()
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(count(files_are_short, &[("sdk/src/a.rs", &"\n".repeat(600))]), 0);
        assert_eq!(count(files_are_short, &[("sdk/src/a.rs", &"\n".repeat(601))]), 1);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let sources = [1, 9, 3].map(|lines| Source::new("a.rs", &"\n".repeat(lines)));
        assert_eq!(median_length(&sources), 3);
    }

    #[test]
    fn an_empty_name_is_found() {
        assert_eq!(count(names_say_something, &[("host/src/store/runs.rs", "mod utility {}")]), 0);
        assert_eq!(count(names_say_something, &[("host/src/util/mod.rs", ""), ("sdk/src/helpers.rs", "")]), 2);
        assert_eq!(count(names_say_something, &[("host/src/a.rs", "pub mod common { }")]), 1);
    }

    #[test]
    fn a_second_copy_of_the_contract_is_found() {
        assert_eq!(count(one_copy_of_the_contract, &[("wit/llm.wit", "")]), 0);
        assert_eq!(count(one_copy_of_the_contract, &[("tests/later-contract/settings.wit", "")]), 0);
        for copy in ["sdk/wit/llm.wit", "tests/later-contract/llm.wit", "tests/guest/later-contract/settings.wit"] {
            assert_eq!(count(one_copy_of_the_contract, &[(copy, "")]), 1, "{copy}");
        }
    }

    #[test]
    fn a_plugin_that_knows_the_host_is_found() {
        let host = ("host/Cargo.toml", "[package]\nname = \"baton\"");
        let rule = plugins_know_the_sdk_alone;
        let plugin = |text| [host, ("plugins/workflows/plan/Cargo.toml", text)];
        assert_eq!(count(rule, &plugin("[dependencies]\nbaton-sdk = { workspace = true }\nserde = \"1\"")), 0);
        assert_eq!(count(rule, &plugin("[dependencies]\nbaton-slots = { workspace = true }")), 0);
        assert_eq!(count(rule, &plugin("[dependencies]\nbaton = { path = \"../host\" }")), 1);
        assert_eq!(count(rule, &plugin("[dev-dependencies.other]\npackage = \"baton\"\npath = \"x\"")), 1);
        assert_eq!(count(rule, &plugin("[target.'cfg(unix)'.dependencies]\nbaton.workspace = true")), 1);
        assert_eq!(count(rule, &[host, ("plugins/Cargo.toml", "[dependencies]\nbaton.workspace = true")]), 0);
    }
}

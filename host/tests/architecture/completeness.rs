//! An interface is whole: it is in the contract, in the host and in the SDK, under one name.

use crate::source::{Source, Violation};

/// Every folder of `interfaces` that serves something has its interface in `wit/` and its module in the SDK.
pub(crate) fn interfaces_are_complete(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        let Some(name) = served(source) else { continue };
        let interface = format!("interface {} {{", name.replace('_', "-"));
        if !sources.iter().any(|other| other.path.starts_with("wit/") && other.text.contains(&interface)) {
            violations.push(source.violation_of_file(format!("no file of wit/ has `{interface}`; name folder and interface alike")));
        }
        let modules = [format!("sdk/src/{name}.rs"), format!("sdk/src/{name}/mod.rs")];
        if !sources.iter().any(|other| modules.contains(&other.path)) {
            violations.push(source.violation_of_file(format!("the SDK has no module `{name}`; add {}", modules[0])));
        }
    }
    violations
}

/// The interface that this file links, if it is the `mod.rs` of one.
fn served(source: &Source) -> Option<&str> {
    let name = source.path.strip_prefix("host/src/interfaces/")?.strip_suffix("/mod.rs")?;
    (!name.contains('/') && source.bare.contains("pub fn link")).then_some(name)
}

#[test]
fn a_missing_part_is_found() {
    let host = ("host/src/interfaces/big_files/mod.rs", "pub fn link() {}");
    let (wit, sdk) = (("wit/work.wit", "interface big-files {\n}"), ("sdk/src/big_files.rs", ""));
    let count = |files: &[(&str, &str)]| {
        interfaces_are_complete(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>()).len()
    };
    assert_eq!(count(&[host, wit, sdk]), 0);
    assert_eq!(count(&[host, wit]), 1);
    assert_eq!(count(&[host, sdk]), 1);
    assert_eq!(count(&[("host/src/interfaces/ports/mod.rs", "trait Port {}")]), 0);
}

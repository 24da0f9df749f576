//! Who may import whom in the host.

use std::collections::BTreeSet;

use crate::{
    paths,
    source::{Source, Violation},
};

/// Each top-level module with those it may import. A module that is not here is not allowed yet.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "main",
        &[
            "cli",
            "api",
            "operations",
            "app",
            "kernel",
            "interfaces",
            "accounts",
            "journal",
            "events",
            "errors",
            "actor",
            "moment",
            "bindings",
            "config",
            "telemetry",
            "handles",
            "escape",
        ],
    ),
    ("cli", &["operations", "config", "escape"]),
    ("api", &["operations", "config"]),
    (
        "operations",
        &[
            "app",
            "kernel",
            "interfaces",
            "accounts",
            "journal",
            "events",
            "errors",
            "actor",
            "moment",
            "config",
            "secrets",
            "escape",
            "rules",
        ],
    ),
    ("app", &["kernel", "interfaces", "accounts", "store", "journal", "events", "errors", "actor", "moment", "bindings", "config"]),
    ("store", &["kernel", "interfaces", "accounts", "journal", "events", "errors", "actor", "moment", "handles"]),
    ("kernel", &["interfaces", "journal", "events", "errors", "actor", "moment", "bindings", "escape", "rules", "own_files"]),
    ("interfaces", &["journal", "events", "errors", "actor", "moment", "bindings", "escape", "rules"]),
    ("accounts", &["events", "errors", "actor", "moment", "own_files"]),
    ("bindings", &["errors", "journal"]),
    ("journal", &["errors", "events", "moment"]),
    ("events", &["actor", "errors", "journal"]),
    ("actor", &["journal"]),
    ("config", &["actor", "errors", "kernel", "interfaces", "journal", "secrets", "own_files"]),
    ("secrets", &["errors", "own_files"]),
    ("telemetry", &["journal"]),
    ("handles", &[]),
    ("own_files", &[]),
    ("escape", &[]),
    ("errors", &[]),
    ("moment", &[]),
    ("rules", &[]),
];

/// No module imports one above it.
pub(crate) fn modules_import_downwards(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        let Some(&module) = source.module().as_ref().and_then(|module| module.first()) else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            violations.push(source.violation_of_file(format!(
                "the top-level module `{module}` has no place in the order; add it to LAYERS in host/tests/architecture/layers.rs and to ARCHITECTURE.md"
            )));
            continue;
        };
        for path in paths::of(source) {
            let Some(target) = path.names.first().filter(|target| LAYERS.iter().any(|(name, _)| name == target)) else { continue };
            if target != module && !allowed.contains(&target.as_str()) {
                let advice = format!(
                    "`{module}` must not import `{}`; declare a port in `{module}` and let `app` hand the other in behind it",
                    path.names.join("::")
                );
                violations.push(source.violation(&source.bare, path.position, advice));
            }
        }
    }
    violations
}

/// No interface imports another.
pub(crate) fn interfaces_are_strangers(sources: &[Source]) -> Vec<Violation> {
    let interfaces = interface_folders(sources);
    let mut violations = Vec::new();
    for source in sources {
        let module = source.module().unwrap_or_default();
        let Some(own) = module.get(1).filter(|own| module[0] == "interfaces" && interfaces.contains(**own)) else { continue };
        for path in paths::of(source) {
            let [first, other, ..] = path.names.as_slice() else { continue };
            if first == "interfaces" && other != own && interfaces.contains(other.as_str()) {
                let advice =
                    format!("the interface `{own}` must not import `{other}`; move what both need into `journal`, or declare a port");
                violations.push(source.violation(&source.bare, path.position, advice));
            }
        }
    }
    violations
}

/// The kernel knows that there are interfaces, and not one of them.
pub(crate) fn kernel_names_no_interface(sources: &[Source]) -> Vec<Violation> {
    const WORDS: &[&str] = &["llm", "sql", "sqlx", "http", "bmad"];
    let interfaces = interface_folders(sources);
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("host/src/kernel/")) {
        for path in paths::of(source) {
            if let [first, interface, ..] = path.names.as_slice()
                && first == "interfaces"
                && interfaces.contains(interface.as_str())
            {
                let advice =
                    format!("the kernel must not name the interface `{interface}`; reach it through `interfaces::Session` or `link`");
                violations.push(source.violation(&source.bare, path.position, advice));
            }
        }
        for (position, word) in words(&source.code) {
            if WORDS.contains(&word.to_lowercase().as_str()) {
                let advice = format!("the kernel must not know of `{word}`; move this to the module that does");
                violations.push(source.violation(&source.code, position, advice));
            }
        }
    }
    violations
}

/// The folders below `interfaces`.
fn interface_folders(sources: &[Source]) -> BTreeSet<&str> {
    let folders = sources.iter().filter_map(|source| source.path.strip_prefix("host/src/interfaces/")?.strip_suffix("/mod.rs"));
    folders.filter(|name| !name.contains('/')).collect()
}

/// The words of a text with their places; `FooBar` and `foo_bar` are two words each.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let (mut start, mut previous) = (0, ' ');
    for (position, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let boundary = !character.is_alphanumeric() || (character.is_uppercase() && previous.is_lowercase());
        if boundary {
            words.push((start, &text[start..position]));
            start = if character.is_alphanumeric() { position } else { position + character.len_utf8() };
        }
        previous = character;
    }
    words.retain(|(_, word)| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&[Source]) -> Vec<Violation>, files: &[(&str, &str)]) -> usize {
        rule(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>()).len()
    }

    #[test]
    fn an_import_upwards_is_found() {
        let rule = modules_import_downwards;
        assert_eq!(count(rule, &[("host/src/kernel/run.rs", "use crate::{journal::RunId, interfaces};")]), 0);
        assert_eq!(count(rule, &[("host/src/kernel/run.rs", "use crate::{journal::RunId, app::App};")]), 1);
        assert_eq!(count(rule, &[("host/src/journal/mod.rs", "use super::kernel::Kernel;")]), 1);
        assert_eq!(count(rule, &[("host/src/cli/run.rs", "fn f() { crate::store::Store::open() }")]), 1);
        assert_eq!(count(rule, &[("host/src/interfaces/llm/mod.rs", "use crate::config::Config;")]), 1);
        assert_eq!(count(rule, &[("host/src/main.rs", "baton::store::open();")]), 1);
        assert_eq!(count(rule, &[("host/src/shelf.rs", "")]), 1);
    }

    #[test]
    fn an_interface_that_imports_another_is_found() {
        let llm = ("host/src/interfaces/llm/mod.rs", "");
        let rule = interfaces_are_strangers;
        assert_eq!(count(rule, &[llm, ("host/src/interfaces/files/mod.rs", "use crate::interfaces::children::Children;")]), 0);
        assert_eq!(count(rule, &[llm, ("host/src/interfaces/files/mod.rs", "use super::llm::Provider;")]), 1);
        assert_eq!(count(rule, &[llm, ("host/src/interfaces/files/host.rs", ""), ("host/src/interfaces/files/mod.rs", "")]), 0);
        assert_eq!(count(rule, &[llm, ("host/src/interfaces/mod.rs", "pub mod llm; pub use self::llm::Provider;")]), 0);
    }

    #[test]
    fn a_kernel_that_names_an_interface_is_found() {
        let files = ("host/src/interfaces/files/mod.rs", "");
        let rule = kernel_names_no_interface;
        assert_eq!(count(rule, &[files, ("host/src/kernel/mod.rs", "// llm\nuse crate::interfaces::Session; let files = 1;")]), 0);
        assert_eq!(count(rule, &[files, ("host/src/kernel/mod.rs", "use crate::interfaces::{Session, files::Grant};")]), 1);
        assert_eq!(count(rule, &[files, ("host/src/kernel/mod.rs", "Category::Llm; f(\"http\"); let bmad_folder = 1;")]), 3);
    }
}

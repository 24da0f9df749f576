//! Every public module of the SDK teaches: it opens with an example, and `cargo test` runs it. What an example shows is
//! tested where it stands.

use std::{fs, path::Path};

/// The public modules that `lib.rs` declares and does not hide.
fn public_modules(library: &str) -> Vec<&str> {
    let lines: Vec<_> = library.lines().collect();
    let is_hidden =
        |place: usize| lines[..place].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| *line == "#[doc(hidden)]");
    let modules = lines.iter().enumerate().filter(|(place, _)| !is_hidden(*place));
    modules.filter_map(|(_, line)| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect()
}

/// Whether the comment that the file opens with has an example that is executed.
fn opens_with_an_example(text: &str) -> bool {
    text.lines().take_while(|line| line.starts_with("//!")).any(|line| line == "//! ```")
}

#[test]
fn every_public_module_opens_with_an_example() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: String| fs::read_to_string(source.join(path));
    let modules = read("lib.rs".to_owned()).unwrap();
    let modules = public_modules(&modules);
    assert!(modules.contains(&"tools") && modules.contains(&"testing") && !modules.contains(&"bindings"), "{modules:?}");
    for module in modules {
        let text = read(format!("{module}.rs")).or_else(|_| read(format!("{module}/mod.rs"))).unwrap();
        assert!(opens_with_an_example(&text), "`{module}` opens without an example; add one that compiles.");
    }
}

#[test]
fn an_example_that_is_not_executed_does_not_count() {
    assert!(opens_with_an_example("//! For this.\n//!\n//! ```\n//! let a = 1;\n//! ```\n"));
    assert!(!opens_with_an_example("//! For this.\n//!\n//! ```ignore\n"));
    assert!(!opens_with_an_example("//! For this.\n\n//! ```\n"));
    assert_eq!(public_modules("#[doc(hidden)]\n#[expect(x)]\npub mod a;\npub mod b;\nmod c;\n"), ["b"]);
}

//! A glob, a regular expression and a text, with an empty line between them: the lines that match in a file of that text, or
//! a sentence. `.gitignore` holds the text as well.
#![no_main]

use baton::{
    interfaces::{
        blocking::Deadline,
        files::Workspace,
        tools::{Files, SearchQuery},
    },
    journal::{Authority, Capability, Denial},
};
use baton_fuzz::{check_sentence, soon};
use libfuzzer_sys::fuzz_target;

/// Everything may be seen.
struct Anyone;

impl Authority for Anyone {
    fn decide(&self, _: &Capability<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, "\n\n");
    let (Some(glob), Some(pattern), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("a/b")).expect("a folder");
    for name in ["text.txt", "a/b/text.md", "a/.gitignore"] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let workspace = Workspace::open(folder.path()).expect("a workspace");
    let (wanted, deadline) = (SearchQuery { pattern, glob: Some(glob), limit: 10 }, Deadline::new());
    if let Err(error) = soon(|| Files::search(&workspace, &wanted, &Anyone, &deadline)) {
        // What the parser of expressions says has several lines.
        check_sentence(&error.to_string().replace(char::is_control, " "));
    }
    if let Err(error) = soon(|| Files::find(&workspace, glob, &Anyone, &deadline)) {
        check_sentence(&error.to_string());
    }
});

//! Which files in the folder of stories are their documents: Markdown files named after a key, also in folders below it.

use std::collections::BTreeMap;

use super::{
    Documents, Entry, Form, STORIES,
    findings::{Effect, Finding, Flaw},
};
use crate::journal::CallError;

const EXTENSION: &str = ".md";

/// What the folder holds.
#[derive(Debug, Default)]
pub(super) struct Stories {
    /// The path of each document by the key that its name says.
    pub(super) paths: BTreeMap<String, String>,
    /// What looks like a document and is not taken.
    pub(super) findings: Vec<Finding>,
}

/// Looks for the documents.
pub(super) fn find(documents: &dyn Documents) -> Result<Stories, CallError> {
    let mut stories = Stories::default();
    let mut files = Vec::new();
    for Entry { path, form } in documents.list(STORIES)? {
        match (stem(&path), odd(&path, form)) {
            (_, Some(reason)) => stories.findings.push(Flaw::from(reason.to_owned()).of(&path, Effect::LeftOut)),
            (Some(stem), None) if form == Form::File && !stem.eq_ignore_ascii_case("README") => files.push((stem.to_owned(), path)),
            _ => {}
        }
    }
    // Of two with the same name the one comes first that Baton itself would write.
    files.sort_by_key(|(_, path)| (path.matches('/').count(), !path.ends_with(EXTENSION), path.clone()));
    for (stem, path) in files {
        match stories.paths.get(&stem) {
            Some(first) => {
                let reason = format!("Its name says the key of {first} as well; rename or remove one of them.");
                stories.findings.push(Flaw::from(reason).of(&path, Effect::LeftOut));
            }
            None => drop(stories.paths.insert(stem, path)),
        }
    }
    Ok(stories)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The name of a Markdown file without its ending.
fn stem(path: &str) -> Option<&str> {
    let (stem, ending) = name(path).split_at_checked(name(path).len().checked_sub(EXTENSION.len())?)?;
    ending.eq_ignore_ascii_case(EXTENSION).then_some(stem)
}

/// Why something that looks like a document, or may hold some, is left out.
fn odd(path: &str, form: Form) -> Option<&'static str> {
    let is_document = stem(path).is_some();
    match form {
        Form::NotUtf8 if is_document => Some("Its path is not UTF-8; rename it to KEY.md."),
        Form::Link if is_document || !name(path).contains('.') => {
            Some("It is a symbolic link, which is not followed; put what it leads to here.")
        }
        Form::Special if is_document => Some("It is not a regular file; put a file here."),
        Form::Closed => Some("The folder cannot be opened; correct its owner and permissions."),
        Form::File if name(path).to_ascii_lowercase().ends_with(".markdown") => {
            Some("Its name does not end with `.md`; rename it to KEY.md.")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_by_their_names_and_odd_ones_named() {
        let is_file = |path: &'static str| (stem(path), odd(path, Form::File));
        assert_eq!(is_file("docs/stories/1-1-a.md"), (Some("1-1-a"), None));
        assert_eq!(is_file("docs/stories/epic.md/1-1-a.MD"), (Some("1-1-a"), None));
        assert_eq!(is_file("docs/stories/1-1-a.txt"), (None, None));
        assert_eq!(is_file("docs/stories/ä"), (None, None));
        assert!(odd("docs/stories/a.markdown", Form::File).is_some());
        for (path, form, expected) in [
            ("docs/stories/a.md", Form::Link, Some("a symbolic link")),
            ("docs/stories/folder", Form::Link, Some("a symbolic link")),
            ("docs/stories/data.json", Form::Link, None),
            ("docs/stories/a.MD", Form::Special, Some("not a regular file")),
            ("docs/stories/pipe", Form::Special, None),
            ("docs/stories/folder", Form::Closed, Some("cannot be opened")),
            (r"docs/stories/a\xff.md", Form::NotUtf8, Some("not UTF-8")),
            (r"docs/stories/a\xff.txt", Form::NotUtf8, None),
        ] {
            let reason = odd(path, form);
            assert!(reason.is_some() == expected.is_some() && reason.unwrap_or_default().contains(expected.unwrap_or_default()), "{path}");
        }
    }
}

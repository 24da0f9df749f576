//! Any text as a backlog's documents: a story with its front matter, the list of epics, the sprint's status. Items, or a
//! sentence on each file that is left out.
#![no_main]

use baton::{
    interfaces::backlog::{
        Documents,
        documents::{EPICS, Entry, Form, SPRINT_STATUS, import},
    },
    journal::{Attempt, CallError},
};
use baton_fuzz::{check_sentence, soon};
use libfuzzer_sys::fuzz_target;

const STORY: &str = "docs/stories/1-1-a.md";

/// One text wherever a document is looked for.
struct Everywhere<'a>(&'a str);

impl Documents for Everywhere<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CallError> {
        Ok([STORY, EPICS, SPRINT_STATUS].contains(&path).then(|| self.0.as_bytes().to_vec()))
    }

    fn write(&self, _: &str, _: &str, _: &Attempt) -> Result<(), CallError> {
        Ok(())
    }

    fn list(&self, _: &str) -> Result<Vec<Entry>, CallError> {
        Ok(vec![Entry { path: STORY.to_owned(), form: Form::File }])
    }
}

fuzz_target!(|text: &str| {
    let imported = soon(|| import(&Everywhere(text), &[])).expect("reading never fails here");
    imported.findings.iter().for_each(|finding| check_sentence(&finding.reason));
});

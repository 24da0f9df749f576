//! The document that a workflow writes: a template whose placeholders are filled, or sections one after the other. When the
//! workflow ends, blocks are decided and the agent fills in what no step has.

use std::collections::{BTreeMap, BTreeSet};

use baton_folder_format::template::{self, placeholders};
use baton_folder_format::variables::{Form, fill, key};
use baton_sdk::prelude::*;

use crate::runner::{Deciding, Runner};

/// Conditions of blocks that the agent judges when a document is finished, and placeholders that it fills in at once and in all.
const MOST_JUDGED: usize = 20;
const MOST_AT_ONCE: usize = 15;
const MOST_FILLED: usize = 120;

/// A document while it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) text: String,
    /// What was put in under each name, so that it can be put in again.
    put: BTreeMap<String, String>,
}

impl Document {
    pub(crate) fn new(text: String) -> Self {
        Self { text, put: BTreeMap::new() }
    }

    /// Puts a text where its placeholder stands. Else what is written again takes the place of what it was, what an earlier
    /// run left under this heading is replaced, and everything else stands at the end as a section.
    pub(crate) fn fill(&mut self, name: &str, text: &str, again: bool) {
        let text = text.trim();
        let is_open = placeholders(&self.text).iter().any(|found| key(found) == key(name));
        let before = self.put.insert(key(name), text.to_owned());
        if is_open {
            let filled = fill(&self.text, Form::Double, |found| (key(found) == key(name)).then(|| text.to_owned()));
            if filled != self.text {
                self.text = filled;
                return;
            }
        }
        let replaced = before.as_ref().filter(|before| again && !before.is_empty() && self.text.contains(before.as_str()));
        if let Some(before) = replaced {
            self.text = self.text.replacen(before, text, 1);
            return;
        }
        let heading = format!("## {}", title(name));
        if let Some(section) = section(&self.text, &heading).filter(|_| before.is_none()) {
            let space = if section.end < self.text.len() { "\n" } else { "" };
            self.text.replace_range(section, &format!("\n\n{text}\n{space}"));
            return;
        }
        if !self.text.is_empty() {
            self.text = format!("{}\n\n", self.text.trim_end());
        }
        self.text.push_str(&format!("{heading}\n\n{text}\n"));
    }

    /// Puts in the variables that have a value.
    pub(crate) fn fill_known(&mut self, value: impl Fn(&str) -> Option<String>) {
        self.text = fill(&self.text, Form::Double, value);
    }

    /// The placeholders that are left.
    pub(crate) fn unfilled(&self) -> Vec<String> {
        baton_folder_format::variables::find(&self.text)
            .filter(|reference| reference.form == Form::Double)
            .map(|reference| reference.name.to_owned())
            .collect()
    }
}

impl Runner<'_> {
    /// Puts in what is known. Of a workflow that came to its end, the agent judges and fills in the rest.
    pub(crate) fn finish_document(&mut self, completed: bool) -> Result<()> {
        let before = self.document.text.clone();
        self.decide_blocks(completed)?;
        self.fill_known();
        if completed {
            self.fill_rest()?;
        }
        if let Some(file) = self.document_file().filter(|_| self.document.text != before) {
            let text = self.document.text.clone();
            self.write_file(&file, &text)?;
        }
        Ok(())
    }

    fn decide_blocks(&mut self, judges: bool) -> Result<()> {
        let mut judged = BTreeMap::new();
        loop {
            let rendered = template::render(&self.document.text, &Deciding { runner: self, judged: &judged });
            let next = rendered.undecided.into_iter().find(|condition| !judged.contains_key(condition));
            let Some(next) = next.filter(|_| judges && judged.len() < MOST_JUDGED) else {
                self.document.text = rendered.text;
                return Ok(());
            };
            let holds = self.judge(&next)?;
            judged.insert(next, holds);
        }
    }

    fn fill_known(&mut self) {
        let mut document = std::mem::take(&mut self.document);
        document.fill_known(|name| self.value(name).filter(|value| !value.is_empty()));
        self.document = document;
    }

    fn fill_rest(&mut self) -> Result<()> {
        let mut seen = BTreeSet::new();
        let open: Vec<_> = self.document.unfilled().into_iter().filter(|name| seen.insert(key(name))).take(MOST_FILLED).collect();
        for names in open.chunks(MOST_AT_ONCE) {
            let wish =
                "No step has written these parts of the template. Write each from what was done, in as much text as its place takes.";
            let sections = self.write_sections(names, wish)?;
            for name in names {
                if let Some(text) = sections.get(name) {
                    self.document.fill(name, text, false);
                }
            }
        }
        Ok(())
    }
}

/// What stands below a heading, up to the next one that is not below it.
fn section(text: &str, heading: &str) -> Option<std::ops::Range<usize>> {
    let mut start = None;
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if start.is_some() && (content.starts_with("# ") || content.starts_with("## ")) {
            return start.map(|start| start..position);
        }
        if start.is_none() && content == heading {
            start = Some(position + content.len());
        }
        position += line.len();
    }
    start.map(|start| start..text.len())
}

/// `executive_summary` is `Executive summary`.
fn title(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

//! The document that a workflow writes: a template whose placeholders are filled, or sections one after the other.

use baton_folder_format::template::placeholders;
use baton_folder_format::variables::{Form, fill, key};

/// A document while it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) text: String,
}

impl Document {
    /// Puts a text where its placeholder stands, or at the end as a section.
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
        let before = self.text.len();
        let filled = fill(&self.text, Form::Double, |found| (key(found) == key(name)).then(|| text.to_owned()));
        let is_there = placeholders(&self.text).iter().any(|found| key(found) == key(name));
        if is_there && (filled.len() != before || filled != self.text) {
            self.text = filled;
            return;
        }
        if !self.text.is_empty() {
            self.text = format!("{}\n\n", self.text.trim_end());
        }
        self.text.push_str(&format!("## {}\n\n{}\n", title(name), text.trim()));
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

/// `executive_summary` is `Executive summary`.
fn title(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

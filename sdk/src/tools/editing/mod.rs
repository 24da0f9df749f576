//! Edits of a text: several in one go, all or none, found exactly or, where that is certain, without regard to how lines end
//! and how they are indented. Pure: reads and writes no file.

mod document;
mod indentation;
mod matching;
mod nearest;
mod region;
#[cfg(test)]
mod tests;

use crate::{Error, Result};

pub(super) use document::Document;
pub(super) use indentation::Indentation;
pub(super) use matching::{Fit, find_lines};
pub(super) use nearest::show_nearest;
pub(super) use region::{Regions, show_regions};

use matching::Place;

/// Places that an error names.
const MOST_NAMED: usize = 8;

/// One edit of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) old: String,
    pub(super) new: String,
    pub(super) replace_all: bool,
}

/// What came of edits.
#[derive(Debug)]
pub(super) struct Edited {
    /// Where the text differs now.
    pub(super) regions: Regions,
    /// How passages were found that did not stand there exactly, a sentence each.
    pub(super) remarks: Vec<String>,
}

/// Applies edits to a document one after the other. Where one does not fit, the document is as it was.
pub(super) fn apply(document: &mut Document, edits: &[Edit], path: &str) -> Result<Edited> {
    let mut text = document.text.clone();
    let mut edited = Edited { regions: Regions::default(), remarks: Vec::new() };
    for (index, edit) in edits.iter().enumerate() {
        let job = Job { document: &*document, edit, path, name: name(index, edits.len()), before: (index > 0).then_some(&*document.text) };
        job.apply(&mut text, &mut edited)?;
    }
    document.text = text;
    Ok(edited)
}

/// What an error calls an edit.
fn name(index: usize, count: usize) -> String {
    if count == 1 { "the edit".to_owned() } else { format!("edit {} of {count}", index + 1) }
}

/// One edit of several.
struct Job<'a> {
    document: &'a Document,
    edit: &'a Edit,
    path: &'a str,
    name: String,
    /// The text before all edits, where another came before.
    before: Option<&'a str>,
}

impl Job<'_> {
    fn apply(&self, text: &mut String, edited: &mut Edited) -> Result<()> {
        let (mut old, mut new) = (self.document.adapt(&self.edit.old), self.document.adapt(&self.edit.new));
        if old.is_empty() {
            return Err(self.fail("its `old` is empty. Give the lines to replace; use write_file for a new file"));
        }
        if old == new {
            return Err(self.fail("its `old` and `new` are the same, so it changes nothing. Leave it out"));
        }
        let mut places = matching::find(text, &old, self.edit.replace_all);
        if places.is_empty()
            && let Some(plain) = without_numbers(&old)
        {
            places = matching::find(text, &plain, self.edit.replace_all);
            if !places.is_empty() {
                new = without_numbers(&new).unwrap_or(new);
                old = plain;
                edited.remarks.push(format!("The line numbers in `old` of {} were left aside.", self.name));
            }
        }
        match &places[..] {
            [] => return Err(self.missed(text, &old, &new)),
            [_] => {}
            _ if self.edit.replace_all => {}
            several => return Err(self.ambiguous(text, several)),
        }
        if let Some(remark) = places[0].fit.remark() {
            edited.remarks.push(format!("The passage of {} was found {remark}.", self.name));
        }
        // From the last to the first, so that the places stay where they are.
        for place in places.iter().rev() {
            replace(text, place, &old, &new, &mut edited.regions);
        }
        Ok(())
    }

    fn fail(&self, problem: &str) -> Error {
        Error::invalid(format!("`{}` was not changed, because of {}: {problem}.", self.path, self.name)).about(self.path)
    }

    fn ambiguous(&self, text: &str, places: &[Place]) -> Error {
        let lines: Vec<_> = places.iter().take(MOST_NAMED).map(|place| line_at(text, place.range.start).to_string()).collect();
        let more = if places.len() > MOST_NAMED { " and more" } else { "" };
        self.fail(&format!(
            "its `old` is in the file more than once, at the lines {}{more}. Give more of the lines around the one you mean, or set `replace-all`",
            lines.join(", ")
        ))
    }

    fn missed(&self, text: &str, old: &str, new: &str) -> Error {
        if self.before.is_some_and(|before| !matching::find(before, old, false).is_empty()) {
            return self.fail("its `old` was in the file until an edit before it in this call changed it. Make one edit of both");
        }
        if !new.trim().is_empty()
            && let [place, ..] = &matching::find(text, new, false)[..]
        {
            let line = line_at(text, place.range.start);
            return self
                .fail(&format!("its `old` is not in the file, and its `new` already is, at line {line}. It may have been made before"));
        }
        self.fail(&format!("its `old` is not in the file. {}", show_nearest(text, old, "`old`")))
    }
}

fn replace(text: &mut String, place: &Place, old: &str, new: &str, regions: &mut Regions) {
    let (range, new) = match &place.fit {
        Fit::Exact => (place.range.clone(), new.to_owned()),
        fit => matching::in_lines(text, place, fit, (old, new)),
    };
    regions.replace(text, range.clone(), &new);
    text.replace_range(range, &new);
}

/// The lines without the numbers that `read_file` shows before them, where each has one.
fn without_numbers(text: &str) -> Option<String> {
    let plain = |line: &str| match line.split_once('\t') {
        Some((number, rest)) if number.trim_start().parse::<u32>().is_ok() => Some(rest.to_owned()),
        _ => line.trim().is_empty().then(String::new),
    };
    let lines: Vec<_> = text.split('\n').map(plain).collect::<Option<_>>()?;
    text.contains('\t').then(|| lines.join("\n"))
}

/// The number of the line that a byte stands in.
fn line_at(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

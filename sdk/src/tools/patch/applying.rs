//! Applies a patch to files in memory. Where one hunk does not fit, nothing is changed.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Action, FilePatch, Hunk, Line, Patch};
use crate::tools::editing::{Document, Fit, Indentation, Regions, find_lines, show_nearest, show_regions};
use crate::{Error, ErrorKind, Result};

/// What becomes of files.
#[derive(Debug)]
pub(in crate::tools) struct Applied {
    /// In the order in which they have to be made.
    pub(in crate::tools) changes: Vec<Change>,
    /// What was done, for the model.
    pub(in crate::tools) report: String,
}

/// What becomes of one file. None: it is not there.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tools) struct Change {
    pub(in crate::tools) path: String,
    pub(in crate::tools) before: Option<Vec<u8>>,
    pub(in crate::tools) after: Option<String>,
}

/// Applies a patch to the files that `read` reads.
pub(in crate::tools) fn apply(Patch(patches): &Patch, read: &dyn Fn(&str) -> Result<Vec<u8>>) -> Result<Applied> {
    let mut files = Files { read, present: BTreeMap::new() };
    let mut report = String::new();
    for patch in patches {
        let said = files.apply(patch).map_err(|error| Error { text: format!("Nothing was changed. {}", error.text), ..error })?;
        report.push_str(&said);
    }
    let changes = files.present.into_iter().filter_map(|(path, File { before, document })| {
        let after = document.map(|document| document.render());
        let is_same = before.as_deref() == after.as_ref().map(String::as_bytes);
        (!is_same).then_some(Change { path, before, after })
    });
    // Nothing is removed before all is written.
    let (mut changes, removed): (Vec<_>, Vec<_>) = changes.partition(|change| change.after.is_some());
    changes.extend(removed);
    Ok(Applied { changes, report })
}

struct Files<'a> {
    read: &'a dyn Fn(&str) -> Result<Vec<u8>>,
    present: BTreeMap<String, File>,
}

struct File {
    before: Option<Vec<u8>>,
    document: Option<Document>,
}

impl Files<'_> {
    fn apply(&mut self, patch: &FilePatch) -> Result<String> {
        let path = plain(&patch.path);
        match &patch.action {
            Action::Add(content) => {
                self.absent(path)?.document = Some(Document::new(content.clone()));
                Ok(format!("Added {path} ({} lines).\n", content.lines().count()))
            }
            Action::Delete => {
                self.there(path)?.document = None;
                Ok(format!("Deleted {path}.\n"))
            }
            Action::Update { moved_to, hunks } => self.update(path, moved_to.as_deref().map(plain), hunks),
        }
    }

    fn update(&mut self, path: &str, moved_to: Option<&str>, hunks: &[Hunk]) -> Result<String> {
        let mut document = self.document(path)?.clone();
        let changed = update(&mut document, hunks, path)?;
        let shown = if hunks.is_empty() { String::new() } else { show_regions(&document.text, &changed) };
        let Some(target) = moved_to.filter(|target| *target != path) else {
            self.there(path)?.document = Some(document);
            return Ok(format!("Updated {path}:\n{shown}"));
        };
        self.absent(target)?.document = Some(document);
        self.there(path)?.document = None;
        Ok(format!("Moved {path} to {target}{}{shown}", if hunks.is_empty() { ".\n" } else { " and updated it:\n" }))
    }

    /// A file, as text.
    fn document(&mut self, path: &str) -> Result<&Document> {
        if !self.present.contains_key(path) {
            let content = (self.read)(path)?;
            let document = Some(Document::parse(path, &content)?);
            self.present.insert(path.to_owned(), File { before: Some(content), document });
        }
        let known = self.present.get(path).and_then(|file| file.document.as_ref());
        known.ok_or_else(|| Error::not_found(format!("The patch deletes or moves `{path}` before it changes it.")).about(path))
    }

    /// A file that is there, whatever it holds.
    fn there(&mut self, path: &str) -> Result<&mut File> {
        if !self.present.contains_key(path) {
            let content = (self.read)(path)?;
            // What is deleted need not be text.
            let document = Document::parse(path, &content).unwrap_or_else(|_| Document::new(String::new()));
            self.present.insert(path.to_owned(), File { before: Some(content), document: Some(document) });
        }
        let file = self.present.get_mut(path).filter(|file| file.document.is_some());
        file.ok_or_else(|| Error::not_found(format!("The patch deletes or moves `{path}` twice.")).about(path))
    }

    /// A place where nothing is.
    fn absent(&mut self, path: &str) -> Result<&mut File> {
        let is_taken = match self.present.get(path) {
            Some(file) => file.document.is_some(),
            None => match (self.read)(path) {
                Err(error) if error.kind == ErrorKind::NotFound => false,
                read => read.map(|_| true)?,
            },
        };
        if is_taken {
            return Err(Error::conflict(format!("`{path}` is there already. Update it, or delete it first in the same patch.")).about(path));
        }
        Ok(self.present.entry(path.to_owned()).or_insert(File { before: None, document: None }))
    }
}

fn plain(path: &str) -> &str {
    path.trim_start_matches("./")
}

fn update(document: &mut Document, hunks: &[Hunk], path: &str) -> Result<Regions> {
    let mut body = Body::new(&document.text);
    for (index, hunk) in hunks.iter().enumerate() {
        body.apply(hunk, document).map_err(|problem| {
            let name = if hunks.len() == 1 { "the hunk".to_owned() } else { format!("hunk {} of {}", index + 1, hunks.len()) };
            Error::invalid(format!("In `{path}`, {name} does not fit: {problem}.")).about(path)
        })?;
    }
    let regions = Regions::of_lines(&body.lines, &body.changed);
    document.text = body.render();
    Ok(regions)
}

/// The lines of a file while hunks are applied.
struct Body {
    lines: Vec<String>,
    ends_with_break: bool,
    /// Behind the last hunk.
    cursor: usize,
    /// How many lines more than before stand above the cursor.
    shift: isize,
    changed: Vec<Range<usize>>,
}

impl Body {
    fn new(text: &str) -> Self {
        let ends_with_break = text.is_empty() || text.ends_with('\n');
        let lines =
            if text.is_empty() { Vec::new() } else { text.strip_suffix('\n').unwrap_or(text).split('\n').map(str::to_owned).collect() };
        Self { lines, ends_with_break, cursor: 0, shift: 0, changed: Vec::new() }
    }

    fn render(&self) -> String {
        let line_break = if self.ends_with_break && !self.lines.is_empty() { "\n" } else { "" };
        self.lines.join("\n") + line_break
    }

    fn apply(&mut self, hunk: &Hunk, document: &Document) -> std::result::Result<(), String> {
        let before: Vec<&str> = hunk.before().collect();
        let (at, fit) = if before.is_empty() { (self.place_to_insert(hunk)?, Fit::Exact) } else { self.place(hunk, &before)? };
        let indentation = if let Fit::Indented(indentation) = &fit { Some(indentation) } else { None };
        let ends_with_return =
            self.lines.get(at.saturating_sub(usize::from(at == self.lines.len()))).is_some_and(|line| line.ends_with('\r'));
        let (new, changed) = self.changed_lines(hunk, at, &|line| come(document, line, indentation, ends_with_return));
        let (old_end, new_end) = (at + before.len(), at + new.len());
        if let Some(ends_with_break) = hunk.ends_with_break.filter(|_| old_end == self.lines.len()) {
            self.ends_with_break = ends_with_break;
        }
        let more = new.len().cast_signed() - before.len().cast_signed();
        for range in self.changed.iter_mut().filter(|range| range.start >= at) {
            *range = range.start.saturating_add_signed(more)..range.end.saturating_add_signed(more);
        }
        self.lines.splice(at..old_end, new);
        self.changed.push(changed);
        self.cursor = new_end;
        self.shift += more;
        Ok(())
    }

    /// The lines that are to stand at a place, and those of them that are new.
    fn changed_lines(&self, hunk: &Hunk, at: usize, come: &dyn Fn(&str) -> String) -> (Vec<String>, Range<usize>) {
        let (mut new, mut old) = (Vec::new(), self.lines[at..].iter());
        let mut changed: Option<Range<usize>> = None;
        for line in &hunk.lines {
            let here = at + new.len();
            match line {
                // As the file has it, which may differ in blanks.
                Line::Stays(_) => new.extend(old.next().cloned()),
                Line::Goes(_) => {
                    old.next();
                    let start = changed.as_ref().map_or(here, |range| range.start);
                    changed = Some(start..here.max(start));
                }
                Line::Comes(text) => {
                    new.push(come(text));
                    changed = Some(changed.map_or(here, |range| range.start)..here + 1);
                }
            }
        }
        (new, changed.unwrap_or(at..at))
    }

    /// Where a hunk without lines of the file is inserted.
    fn place_to_insert(&self, hunk: &Hunk) -> std::result::Result<usize, String> {
        if !hunk.anchors.is_empty() {
            return self.behind_anchors(hunk).map(|line| line + 1);
        }
        match hunk.at {
            Some(at) if !hunk.is_last => {
                let line = at.saturating_sub(1).saturating_add_signed(self.shift);
                if line > self.lines.len() {
                    return Err(format!(
                        "it adds lines at line {at}, and the file has {}. Give lines that stay around those to add",
                        self.lines.len()
                    ));
                }
                Ok(line)
            }
            _ => Ok(self.lines.len()),
        }
    }

    fn place(&self, hunk: &Hunk, before: &[&str]) -> std::result::Result<(usize, Fit), String> {
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let said = hunk.at.map(|at| at.saturating_sub(1).saturating_add_signed(self.shift));
        let end = hunk.is_last.then(|| lines.len().checked_sub(before.len())).flatten();
        for at in [end, said].into_iter().flatten() {
            let there = lines.get(at..at.saturating_add(before.len())).map(|there| find_lines(there, before, false)).unwrap_or_default();
            if let Some((_, fit)) = there.into_iter().next() {
                return Ok((at, fit));
            }
        }
        let anchored = if hunk.anchors.is_empty() { None } else { self.behind_anchors(hunk).ok() };
        let from = anchored.unwrap_or(self.cursor);
        let find =
            |from: usize| find_lines(&lines[from..], before, false).into_iter().map(|(line, fit)| (from + line, fit)).collect::<Vec<_>>();
        let mut places = find(from);
        if places.is_empty() && from > 0 {
            // Hunks may come in another order than their lines.
            places = find(0);
        }
        match places.len() {
            0 => Err(format!("its lines are not in the file. {}", show_nearest(&lines.join("\n"), &before.join("\n"), "the hunk"))),
            1 => Ok(places.remove(0)),
            _ if anchored.is_some() => Ok(places.remove(0)),
            _ => {
                let named: Vec<_> = places.iter().map(|(line, _)| (line + 1).to_string()).collect();
                Err(format!(
                    "its lines are in the file more than once, at the lines {}. Give more of the lines around, or the line of the function behind `@@`",
                    named.join(", ")
                ))
            }
        }
    }

    /// The last of the lines that stand behind `@@`, each below the one before.
    fn behind_anchors(&self, hunk: &Hunk) -> std::result::Result<usize, String> {
        let mut from = self.cursor;
        let mut found = None;
        for anchor in &hunk.anchors {
            let line = self.seek(anchor, from).or_else(|| self.seek(anchor, 0)).ok_or_else(|| {
                format!("`{anchor}` behind `@@` is not a line of the file. Copy it from the file, or give more of the lines around")
            })?;
            found = Some(line);
            from = line + 1;
        }
        Ok(found.unwrap_or(self.cursor))
    }

    fn seek(&self, anchor: &str, from: usize) -> Option<usize> {
        let wanted = anchor.trim();
        let lines = || self.lines.iter().enumerate().skip(from);
        let place = |fits: &dyn Fn(&str) -> bool| lines().find(|(_, line)| fits(line)).map(|(index, _)| index);
        place(&|line| line == anchor)
            .or_else(|| place(&|line| line.trim() == wanted))
            .or_else(|| place(&|line| line.trim().starts_with(wanted)))
    }
}

/// A line that comes, as the file has its lines.
fn come(document: &Document, line: &str, indentation: Option<&Indentation>, ends_with_return: bool) -> String {
    let line = document.adapt(line);
    let line = indentation.map_or_else(|| line.clone(), |indentation| indentation.apply(&line));
    if ends_with_return && !line.ends_with('\r') { line + "\r" } else { line }
}

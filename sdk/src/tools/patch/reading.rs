//! Reads a patch of either form out of what a model wrote. Says what is wrong with it, and in which line.

use super::{Action, FilePatch, Hunk, Line, Patch, envelope, unified};
use crate::{Error, Result};

/// Bytes of a patch.
const LONGEST: usize = 2 << 20;
/// Hunks of a patch.
const MOST_HUNKS: usize = 1000;
/// Bytes of a line that an error shows.
const SHOWN: usize = 120;

/// Lines of a patch, with their numbers for errors.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.next).copied()
    }

    pub(super) fn second(&self) -> Option<&'a str> {
        self.lines.get(self.next + 1).copied()
    }

    pub(super) fn take(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.next += 1;
        Some(line)
    }

    /// An error about the line that was taken last.
    pub(super) fn wrong(&self, problem: &str) -> Error {
        let line = self.next.checked_sub(1).and_then(|last| self.lines.get(last)).copied().unwrap_or_default();
        let shown = &line[..line.floor_char_boundary(SHOWN)];
        refuse(&format!("line {} (`{shown}`): {problem}", self.next))
    }
}

/// The patch in a text.
pub(in crate::tools) fn parse(text: &str) -> Result<Patch> {
    if text.len() > LONGEST {
        return Err(refuse("it has more than 2 MiB. Send it in parts"));
    }
    let text = text.replace("\r\n", "\n");
    let mut lines = Lines { lines: text.lines().collect(), next: 0 };
    // What stands before and after the patch: fences, a shell's `<<`, a sentence.
    let is_begin = |line: &&str| line.trim() == envelope::BEGIN || envelope::begins_file(line);
    let files = if let Some(begin) = lines.lines.iter().position(is_begin) {
        lines.next = begin;
        envelope::read(&mut lines)?
    } else {
        unified::read(&mut lines)?
    };
    let patch = Patch(files);
    check(&patch)?;
    Ok(patch)
}

fn check(Patch(files): &Patch) -> Result<()> {
    if files.is_empty() {
        return Err(refuse(
            "no file in it is to be changed. Begin with `*** Begin Patch` and `*** Update File: PATH`, or send a unified diff",
        ));
    }
    let hunks = files.iter().map(|file| if let Action::Update { hunks, .. } = &file.action { hunks.len() } else { 1 });
    if hunks.sum::<usize>() > MOST_HUNKS {
        return Err(refuse(&format!("it has more than {MOST_HUNKS} hunks. Send it in parts")));
    }
    for FilePatch { path, action } in files {
        if path.is_empty() {
            return Err(refuse("a file in it has no path. Write one behind `File: `"));
        }
        if let Action::Update { moved_to, hunks } = action {
            if hunks.is_empty() && moved_to.is_none() {
                return Err(refuse(&format!("it changes nothing in `{path}`. Give lines with `-` and `+`")));
            }
            if let Some(index) = hunks.iter().position(|hunk| !hunk.changes()) {
                let problem = format!("hunk {} of `{path}` has no line with `-` or `+`, so it changes nothing. Leave it out", index + 1);
                return Err(refuse(&problem));
            }
        }
    }
    Ok(())
}

pub(super) fn refuse(problem: &str) -> Error {
    Error::invalid(format!("The patch cannot be read, {problem}. Nothing was changed."))
}

/// A line of a hunk, by its first character. An empty line is one that stays: models leave out its blank.
pub(super) fn hunk_line(line: &str) -> Option<Line> {
    let rest = || line.get(1..).unwrap_or_default().to_owned();
    match line.chars().next() {
        None => Some(Line::Stays(String::new())),
        Some(' ') => Some(Line::Stays(rest())),
        Some('-') => Some(Line::Goes(rest())),
        Some('+') => Some(Line::Comes(rest())),
        // A line that stays and is indented by tabs, without the blank before it.
        Some('\t') => Some(Line::Stays(line.to_owned())),
        Some(_) => None,
    }
}

/// Drops empty lines at the end of a hunk that are not of the file but of how the patch was written.
pub(super) fn without_blank_end(mut hunk: Hunk) -> Hunk {
    while hunk.lines.last() == Some(&Line::Stays(String::new())) {
        hunk.lines.pop();
    }
    hunk
}

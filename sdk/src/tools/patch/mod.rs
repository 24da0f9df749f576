//! Patches of several files: the envelope that `*** Begin Patch` opens, and unified diffs. Reads what models write, which is
//! seldom exactly either, and finds hunks by their lines, whatever the numbers say. Reads and writes no file.

mod applying;
mod envelope;
mod reading;
#[cfg(test)]
mod tests;
mod unified;

pub(super) use applying::{Change, apply};
pub(super) use reading::parse;

/// What is to be done to files, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch(pub(super) Vec<FilePatch>);

/// What is to be done to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePatch {
    pub(super) path: String,
    pub(super) action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A new file with this content.
    Add(String),
    Delete,
    Update {
        /// The path that the file gets.
        moved_to: Option<String>,
        hunks: Vec<Hunk>,
    },
}

/// Lines to change, with lines around them that stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Lines before the hunk that say where it is, outermost first.
    pub(super) anchors: Vec<String>,
    /// The number of its first line in the file, as the patch says, from 1.
    pub(super) at: Option<usize>,
    /// It ends where the file ends.
    pub(super) is_last: bool,
    pub(super) lines: Vec<Line>,
    /// Whether the file ends with a line break afterwards, where the patch says so.
    pub(super) ends_with_break: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Stays(String),
    Goes(String),
    Comes(String),
}

impl Hunk {
    /// The lines that the file has before.
    fn before(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Line::Stays(text) | Line::Goes(text) => Some(&**text),
            Line::Comes(_) => None,
        })
    }

    fn changes(&self) -> bool {
        self.lines.iter().any(|line| !matches!(line, Line::Stays(_))) || self.ends_with_break.is_some()
    }
}

//! What an import has to say of documents: where it stands, and what became of it.

use std::fmt;

/// Something in a document that was not taken as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The document.
    pub path: String,
    /// The line, from 1; none where it is about all of the document.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub reason: String,
    /// What became of it.
    pub effect: Effect,
}

/// What became of the place in a document that a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The document, or the heading, was not imported.
    LeftOut,
    /// It was imported without the value.
    InPart,
    /// Nothing was to be imported, or it was imported as it should be; people may want to know.
    Note,
}

impl Effect {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftOut => "left-out",
            Self::InPart => "in-part",
            Self::Note => "note",
        }
    }
}

/// What is wrong in a text whose name the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) line: Option<usize>,
    pub(super) reason: String,
}

impl Flaw {
    /// In a line, counted from 1.
    pub(super) fn at(line: usize, reason: impl Into<String>) -> Self {
        Self { line: Some(line), reason: reason.into() }
    }

    /// In a document.
    pub(super) fn of(self, path: &str, effect: Effect) -> Finding {
        Finding { path: path.to_owned(), line: self.line, reason: self.reason, effect }
    }
}

impl From<String> for Flaw {
    fn from(reason: String) -> Self {
        Self { line: None, reason }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "Line {line}: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

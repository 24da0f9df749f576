//! One text file with its lines. Decodes what is not UTF-8 with replacement characters, and says where.

use std::borrow::Cow;

use crate::finding::{Code, Findings, Severity};
use crate::limits::MOST_FILE_BYTES;

/// Where something stands in a source, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// From `start` up to `end`. Sources are shorter than 4 GiB, so positions fit.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// As a range for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// A text file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path in the folder or project.
    pub path: String,
    /// What it says.
    pub text: String,
    line_starts: Vec<u32>,
}

impl Source {
    /// Decodes a file. None: it is too long to be read, which is a finding.
    pub fn decode(path: &str, bytes: &[u8], findings: &mut Findings) -> Option<Self> {
        if bytes.len() > MOST_FILE_BYTES {
            let message = format!("`{path}` has {} bytes; at most {MOST_FILE_BYTES} are read.", bytes.len());
            findings.add_to_file(Severity::Rejection, Code::FileTooLong, path, message);
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        if let Cow::Owned(_) = &text {
            let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
            let line = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
            findings.add(Severity::Warning, Code::InvalidUtf8, path, line as u32, "Bytes that are not UTF-8 are read as `\u{fffd}`.");
        }
        Some(Self::new(path, text.into_owned()))
    }

    /// A text of at most 4 GiB.
    pub fn new(path: &str, text: String) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(position, _)| position as u32 + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self { path: path.to_owned(), text, line_starts }
    }

    /// The line of a position, from 1.
    pub fn line(&self, position: usize) -> u32 {
        self.line_starts.partition_point(|start| *start as usize <= position) as u32
    }

    /// Where the line of a position begins.
    pub fn line_start(&self, position: usize) -> usize {
        self.line_starts[self.line(position).saturating_sub(1) as usize] as usize
    }

    /// Where a line begins and the next one does, by its number from 0.
    pub fn line_range(&self, index: usize) -> Option<std::ops::Range<usize>> {
        let start = *self.line_starts.get(index)? as usize;
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |end| *end as usize);
        Some(start..end)
    }

    /// What stands at a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

//! A text file as edits see it: with `\n` between its lines, whatever it has itself. Written again, it has the byte order mark
//! and the line ends that it had.

use super::super::text;
use crate::{Error, Result};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// How the lines of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Lines end with `\n`, or there is one line.
    Feed,
    /// All end with `\r\n`.
    ReturnAndFeed,
    /// Some end with one and some with the other: each is left as it is.
    Mixed,
}

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tools) struct Document {
    pub(in crate::tools) text: String,
    is_marked: bool,
    ends: Ends,
}

impl Document {
    /// The document that a file holds.
    pub(in crate::tools) fn parse(path: &str, content: &[u8]) -> Result<Self> {
        let text = text::decode(path, content).map_err(|problem| Error::invalid(problem).about(path))?;
        let is_marked = content.len() > text.len();
        let (returns, feeds) = (text.matches("\r\n").count(), text.matches('\n').count());
        let ends = match returns {
            0 => Ends::Feed,
            all if all == feeds => Ends::ReturnAndFeed,
            _ => Ends::Mixed,
        };
        let text = if ends == Ends::ReturnAndFeed { text.replace("\r\n", "\n") } else { text.to_owned() };
        Ok(Self { text, is_marked, ends })
    }

    /// A new file with this text.
    pub(in crate::tools) fn new(text: String) -> Self {
        Self { text, is_marked: false, ends: Ends::Feed }
    }

    /// What the file is to hold.
    pub(in crate::tools) fn render(&self) -> String {
        let text = if self.ends == Ends::ReturnAndFeed { self.text.replace('\n', "\r\n") } else { self.text.clone() };
        if self.is_marked { format!("{BYTE_ORDER_MARK}{text}") } else { text }
    }

    /// A text from a model, with line ends as this document is edited in.
    pub(in crate::tools) fn adapt(&self, given: &str) -> String {
        if self.ends == Ends::Mixed { given.to_owned() } else { given.replace("\r\n", "\n") }
    }
}

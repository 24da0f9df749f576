//! Edits status files line by line: `sprint-status.yaml` and the status of workflows. Comments, order, indentation and line ends
//! stay; only the value of a key changes.

mod line;
pub mod sprint;
#[cfg(test)]
mod tests;
pub mod workflows;

use crate::limits::{MOST_STATUS_LINES, MOST_YAML_BYTES};
use line::Line;

/// Why a status file was not read or changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StatusError {
    /// More lines or bytes than are read.
    TooLong,
    /// The file has no such section.
    NoSection(String),
    /// The section has no such key.
    NoKey(String),
    /// A key or value that does not fit into one line.
    NotOneLine(String),
}

impl std::fmt::Display for StatusError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(formatter, "The status file has more than {MOST_STATUS_LINES} lines or {MOST_YAML_BYTES} bytes."),
            Self::NoSection(name) => write!(formatter, "The status file has no section `{name}`."),
            Self::NoKey(key) => write!(formatter, "The status file has no key `{key}`."),
            Self::NotOneLine(text) => write!(formatter, "`{}` does not fit into one line.", text.escape_debug()),
        }
    }
}

impl std::error::Error for StatusError {}

/// A key of a section with its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry<'a> {
    /// The key, without quotes.
    pub key: &'a str,
    /// The value, without quotes and comment.
    pub value: &'a str,
    /// The line, from 1.
    pub line: u32,
}

/// A status file as lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusFile {
    lines: Vec<String>,
}

impl StatusFile {
    /// Takes a file apart. Anything that is not `key: value` is kept as it is.
    pub fn read(text: &str) -> Result<Self, StatusError> {
        if text.len() > MOST_YAML_BYTES || text.bytes().filter(|byte| *byte == b'\n').count() > MOST_STATUS_LINES {
            return Err(StatusError::TooLong);
        }
        Ok(Self { lines: text.split_inclusive('\n').map(str::to_owned).collect() })
    }

    /// The file as it is now.
    pub fn text(&self) -> String {
        self.lines.concat()
    }

    /// The value of a key at the left edge.
    pub fn get_top(&self, key: &str) -> Option<&str> {
        self.parsed().find(|(_, line)| line.indent == 0 && line.key == key).map(|(_, line)| line.value)
    }

    /// The keys and values of a section, in the order of the file.
    pub fn entries(&self, section: &str) -> Vec<Entry<'_>> {
        let Some((start, indent)) = self.section(section) else { return Vec::new() };
        let inside = self.parsed().skip_while(|(index, _)| *index <= start).take_while(|(_, line)| line.indent > 0);
        inside
            .filter(|(_, line)| line.indent == indent)
            .map(|(index, line)| Entry { key: line.key, value: line.value, line: index as u32 + 1 })
            .collect()
    }

    /// The value of a key in a section.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.entries(section).into_iter().find(|entry| entry.key == key).map(|entry| entry.value)
    }

    /// Changes the value of a key in a section. False: it has that value already, and nothing changes.
    pub fn set(&mut self, section: &str, key: &str, value: &str) -> Result<bool, StatusError> {
        if self.section(section).is_none() {
            return Err(StatusError::NoSection(section.to_owned()));
        }
        let entry = self.entries(section).into_iter().find(|entry| entry.key == key).map(|entry| (entry.line, entry.value == value));
        let (line, is_same) = entry.ok_or_else(|| StatusError::NoKey(key.to_owned()))?;
        if !is_same {
            self.replace(line as usize - 1, value)?;
        }
        Ok(!is_same)
    }

    /// Changes the value of a key at the left edge.
    pub fn set_top(&mut self, key: &str, value: &str) -> Result<bool, StatusError> {
        let found = self.parsed().find(|(_, line)| line.indent == 0 && line.key == key).map(|(index, line)| (index, line.value == value));
        let (index, is_same) = found.ok_or_else(|| StatusError::NoKey(key.to_owned()))?;
        if !is_same {
            self.replace(index, value)?;
        }
        Ok(!is_same)
    }

    /// Adds a key to a section: after `after`, or at its end.
    pub fn insert(&mut self, section: &str, after: Option<&str>, key: &str, value: &str) -> Result<(), StatusError> {
        let (start, indent) = self.section(section).ok_or_else(|| StatusError::NoSection(section.to_owned()))?;
        let entries = self.entries(section);
        let place = match after {
            Some(after) => {
                entries.iter().find(|entry| entry.key == after).ok_or_else(|| StatusError::NoKey(after.to_owned()))?.line as usize
            }
            None => entries.last().map_or(start + 1, |entry| entry.line as usize),
        };
        let end = self.line_end();
        let line = format!("{}{}: {}{end}", " ".repeat(indent), line::write(key)?, line::write(value)?);
        if let Some(before) = self.lines.get_mut(place - 1).filter(|before| !before.ends_with('\n')) {
            before.push_str(end);
        }
        self.lines.insert(place, line);
        Ok(())
    }

    fn replace(&mut self, index: usize, value: &str) -> Result<(), StatusError> {
        if let Some(replaced) = Line::replace_value(&self.lines[index], value)? {
            self.lines[index] = replaced;
        }
        Ok(())
    }

    /// How the file ends its lines.
    fn line_end(&self) -> &'static str {
        if self.lines.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" }
    }

    /// The line of a section's key, and how far its keys stand from the edge.
    fn section(&self, name: &str) -> Option<(usize, usize)> {
        let mut lines = self.parsed().skip_while(|(_, line)| !(line.indent == 0 && line.key == name && line.value.is_empty()));
        let (start, _) = lines.next()?;
        let indent = lines.next().map(|(_, line)| line.indent).filter(|indent| *indent > 0);
        Some((start, indent.unwrap_or(2)))
    }

    fn parsed(&self) -> impl Iterator<Item = (usize, Line<'_>)> {
        self.lines.iter().enumerate().filter_map(|(index, line)| Some((index, Line::read(line)?)))
    }
}

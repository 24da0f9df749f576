//! One line `key: value # comment` of a status file.

use super::StatusError;

/// The parts of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Line<'a> {
    pub(super) indent: usize,
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    /// Where the value stands in the line, with its quotes.
    start: usize,
    end: usize,
}

impl<'a> Line<'a> {
    /// None: the line is empty, a comment, a list item, or something else that is not a key.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let content = line.trim_end_matches(['\n', '\r']);
        let rest = content.trim_start_matches(' ');
        let indent = content.len() - rest.len();
        if rest.is_empty() || rest.starts_with(['#', '-', '\t', '[', '{', '|', '>']) {
            return None;
        }
        let (key, after_key) = read_key(rest)?;
        let colon = content.len() - after_key.len();
        let value_text = after_key.strip_prefix(':').filter(|value| value.is_empty() || value.starts_with([' ', '\t']))?;
        let start = content.len() - value_text.trim_start().len();
        let (value, length) = read_value(&content[start..]);
        // Without a value, it goes right behind the colon.
        let start = if length == 0 { colon + 1 } else { start };
        Some(Self { indent, key, value, start, end: start + length })
    }

    /// The line with another value. Quotes are kept, and its comment stays in its column where there is room.
    pub(super) fn replace_value(line: &str, value: &str) -> Result<Option<String>, StatusError> {
        let Some(parsed) = Line::read(line) else { return Ok(None) };
        let old = &line[parsed.start..parsed.end];
        let written = match old.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(value, quote)?,
            _ => write(value)?,
        };
        let after = &line[parsed.end..];
        let spaces = after.len() - after.trim_start_matches(' ').len();
        let has_comment = after[spaces..].starts_with('#');
        let grown = written.len() as isize - old.len() as isize;
        let kept = if has_comment { (spaces as isize - grown).max(1) as usize } else { spaces };
        let space = if parsed.start == parsed.end { " " } else { "" };
        Ok(Some(format!("{}{space}{written}{}{}", &line[..parsed.start], " ".repeat(kept), &after[spaces..])))
    }
}

/// A key and what follows it, which begins with the colon.
fn read_key(text: &str) -> Option<(&str, &str)> {
    if let Some(quote) = text.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        let (key, after) = text[1..].split_once(quote)?;
        return after.starts_with(':').then_some((key, after));
    }
    let end = text
        .match_indices(':')
        .map(|(position, _)| position)
        .find(|position| text[position + 1..].is_empty() || text[position + 1..].starts_with([' ', '\t']))?;
    let key = text[..end].trim_end();
    (!key.is_empty() && !key.contains(" #")).then(|| (key, &text[end..]))
}

/// A value without quotes and comment, and its length in the line.
fn read_value(text: &str) -> (&str, usize) {
    if text.starts_with('#') {
        return ("", 0);
    }
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    if let Some(end) = quote.and_then(|quote| text[1..].find(quote)) {
        return (&text[1..1 + end], end + 2);
    }
    let end = text
        .match_indices('#')
        .map(|(position, _)| position)
        .find(|position| text[..*position].ends_with([' ', '\t']))
        .unwrap_or(text.len());
    let value = text[..end].trim_end();
    (value, value.len())
}

/// A text as YAML would have it in one line: quoted only where it must be.
pub(super) fn write(text: &str) -> Result<String, StatusError> {
    let is_special = |character: char| {
        matches!(character, '#' | ':' | '"' | '\'' | '{' | '}' | '[' | ']' | ',' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`' | '\\')
    };
    let is_path = |text: &str| {
        text.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | ' ' | '(' | ')' | '+'))
    };
    let begins_well = text.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '.' | '/' | '_'));
    if !text.contains(is_special) && is_path(text) && begins_well && text.trim() == text {
        return Ok(text.to_owned());
    }
    quoted(text, '"')
}

fn quoted(text: &str, quote: char) -> Result<String, StatusError> {
    // What would need an escape is not a status, a key or a path.
    if text.contains(|character: char| character.is_control() || character == quote || character == '\\' && quote == '"') {
        return Err(StatusError::NotOneLine(text.to_owned()));
    }
    Ok(format!("{quote}{text}{quote}"))
}

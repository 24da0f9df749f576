//! YAML as people write it by hand, line by line: finds what stands after a name and puts something else there. Reads
//! scalars and lists, expands nothing, and refuses what it does not know rather than guess.

use std::ops::Range;

/// A value that stands after a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// A word, a number or a text, without its quotes.
    Scalar(String),
    /// A list of scalars. An empty text stands for an element that is `null`: no field takes either.
    List(Vec<String>),
}

impl Value {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            Self::Null | Self::List(_) => None,
        }
    }
}

/// A name and what stands after it.
#[derive(Debug)]
pub(super) struct Field {
    /// Without its quotes.
    pub(super) name: String,
    /// White space before the name.
    pub(super) indent: usize,
    /// The bytes of the value in its line, without the comment.
    pub(super) value: Range<usize>,
}

/// The mark of UTF-8 that some editors put before a text, and the text.
pub(super) fn marked(text: &str) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches('\u{feff}').len())
}

/// The name at the beginning of a line, if there is one.
pub(super) fn field(line: &str) -> Option<Field> {
    let line = line.trim_end_matches(['\n', '\r']);
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = &line[indent..];
    let (name, colon) = match rest.chars().next()? {
        '#' | '-' | '\t' => return None,
        quote @ ('"' | '\'') => {
            let end = rest[1..].find(quote)? + 1;
            (rest[1..end].to_owned(), end + 1)
        }
        _ => {
            let end = rest.char_indices().find(|(at, character)| *character == ':' && ends_name(&rest[at + 1..]))?.0;
            (rest[..end].trim_end().to_owned(), end)
        }
    };
    let after = rest.get(colon..)?.strip_prefix(':').filter(|after| ends_name(after))?;
    let begin = line.len() - after.trim_start_matches([' ', '\t']).len();
    let value = &line[begin..];
    let end = begin + value[..comment(value)].trim_end().len();
    Some(Field { name, indent, value: begin..end })
}

/// The value that stands in a line; none where it is of a form that is not read here.
pub(super) fn value(text: &str) -> Option<Value> {
    match text.chars().next() {
        None => Some(Value::Null),
        Some('[') => {
            let inner = text.strip_prefix('[')?.strip_suffix(']')?.trim();
            if inner.is_empty() {
                return Some(Value::List(Vec::new()));
            }
            let parts = parts(inner)?.into_iter().map(str::trim).map(|part| if part.is_empty() { None } else { read_list_element(part) });
            Some(Value::List(parts.collect::<Option<_>>()?))
        }
        Some('"') => Some(Value::Scalar(serde_json::from_str(text).ok()?)),
        Some('\'') => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'').filter(|_| text.len() > 1)?;
            let plain = inner.replace("''", "\u{0}");
            (!plain.contains('\'')).then(|| Value::Scalar(plain.replace('\u{0}', "'")))
        }
        // Anchors, aliases, tags, texts over several lines, maps: nothing that a field of an item is.
        Some('&' | '*' | '!' | '|' | '>' | '{' | '}' | ']' | '@' | '`' | '%' | ',') => None,
        Some(_) if matches!(text, "null" | "~") => Some(Value::Null),
        Some(_) if text.contains(": ") => None,
        Some(_) => Some(Value::Scalar(text.to_owned())),
    }
}

/// Puts a text in the place of a value. A comment that stands where there was none stays a comment.
pub(super) fn replace(line: &mut String, value: Range<usize>, text: &str) {
    let before = if line[..value.start].ends_with(':') { " " } else { "" };
    let after = if line[value.end..].starts_with('#') { " " } else { "" };
    line.replace_range(value, &format!("{before}{text}{after}"));
}

/// The text of a line `- text` of a list.
pub(super) fn element(line: &str) -> Option<String> {
    let text = line.trim().strip_prefix('-').filter(|text| ends_name(text))?.trim_start();
    read_list_element(text[..comment(text)].trim_end())
}

/// A line of a list without its element: its comment where it has one, with what stands before the element as its indent.
pub(super) fn without_element(line: &str) -> Option<String> {
    let dash = line.find('-')?;
    let text = line[dash + 1..].trim_start();
    let comment = &text[comment(text)..];
    (!comment.trim().is_empty()).then(|| format!("{}{comment}", &line[..dash]))
}

/// A scalar as it is written: bare where that says the same, else in quotes.
pub(super) fn scalar(text: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '/' | '.');
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(bare);
    let means_something = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if is_word && !means_something { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A list as it is written.
pub(super) fn list(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

/// The end of what a line has broken, as its file has it.
pub(super) fn ending(text: &str) -> &'static str {
    if text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" }
}

/// An element of a list; empty where it is `null`.
fn read_list_element(text: &str) -> Option<String> {
    match value(text)? {
        Value::Null => Some(String::new()),
        Value::Scalar(text) => Some(text),
        Value::List(_) => None,
    }
}

fn ends_name(after: &str) -> bool {
    after.is_empty() || after.starts_with([' ', '\t'])
}

/// Where the comment of a value begins; its end where there is none.
fn comment(value: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    let mut before = ' ';
    for (at, character) in value.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            None if character == '#' && matches!(before, ' ' | '\t') => return at,
            None if matches!(character, '"' | '\'') && matches!(before, ' ' | '\t' | '[' | ',') => quote = Some(character),
            _ => {}
        }
        before = character;
    }
    value.len()
}

/// What stands between the commas of a list.
fn parts(inner: &str) -> Option<Vec<&str>> {
    let (mut parts, mut begin, mut quote, mut escaped) = (Vec::new(), 0, None, false);
    for (at, character) in inner.char_indices() {
        match (quote, character) {
            (Some('"'), _) if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | ']' | '{' | '}') => return None,
            (None, ',') => {
                parts.push(&inner[begin..at]);
                begin = at + 1;
            }
            (None, _) => {}
        }
    }
    if quote.is_some() {
        return None;
    }
    if !inner[begin..].trim().is_empty() {
        parts.push(&inner[begin..]);
    }
    Some(parts)
}

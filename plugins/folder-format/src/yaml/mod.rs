//! Reads YAML into values that know their lines. Expands no alias, and reads only so much; what does not parse is read line by
//! line as far as it is `key: value`.

mod lines;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Span as Marks};

use crate::finding::{Code, Findings, Severity};
use crate::limits::{MOST_YAML_BYTES, MOST_YAML_DEPTH, MOST_YAML_VALUES};

/// A value with its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What it is.
    pub kind: ValueKind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// Nothing, or an alias.
    Null,
    /// Text, a number or a truth value, as written.
    Scalar(String),
    /// A list.
    List(Vec<Value>),
    /// Keys in their order.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Its text, if it is a scalar.
    pub fn text(&self) -> Option<&str> {
        if let ValueKind::Scalar(text) = &self.kind { Some(text) } else { None }
    }

    /// Its keys and values, if it is a map.
    pub fn entries(&self) -> &[(String, Self)] {
        if let ValueKind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// Its items, if it is a list.
    pub fn items(&self) -> &[Self] {
        if let ValueKind::List(items) = &self.kind { items } else { &[] }
    }

    /// The text of a key's value.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }
}

/// Reads a document that begins on line `first_line` of a file, from 1.
pub fn read(file: &str, text: &str, first_line: u32, findings: &mut Findings) -> Value {
    let empty = Value { line: first_line, kind: ValueKind::Map(Vec::new()) };
    if text.len() > MOST_YAML_BYTES {
        let message = format!("The YAML has {} bytes; at most {MOST_YAML_BYTES} are read.", text.len());
        findings.add(Severity::Rejection, Code::YamlTooLarge, file, first_line, message);
        return empty;
    }
    let mut reader = Reader { file, offset: first_line.saturating_sub(1), findings, values: 0, stack: Vec::new(), root: None };
    match reader.read(text) {
        Ok(()) => reader.root.unwrap_or(empty),
        Err(Stop::TooLarge(line)) => {
            let message = format!("The YAML has more than {MOST_YAML_VALUES} values, or more than {MOST_YAML_DEPTH} levels.");
            findings.add(Severity::Rejection, Code::YamlTooLarge, file, line, message);
            empty
        }
        Err(Stop::Invalid(line, reason)) => {
            let message = format!("The YAML is not valid: {reason}. Only its lines of the form `key: value` are read.");
            findings.add(Severity::Warning, Code::InvalidYaml, file, line, message);
            lines::read(text, first_line)
        }
    }
}

enum Stop {
    TooLarge(u32),
    Invalid(u32, String),
}

/// A collection that is being read.
enum Open {
    List(u32, Vec<Value>),
    Map(u32, Vec<(String, Value)>, Option<String>, BTreeMap<String, usize>),
}

struct Reader<'a> {
    file: &'a str,
    offset: u32,
    findings: &'a mut Findings,
    values: usize,
    stack: Vec<Open>,
    root: Option<Value>,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Result<(), Stop> {
        for next in Parser::new_from_str(text) {
            let (event, marks) = next.map_err(|error| {
                let line = self.offset + error.marker().line() as u32;
                Stop::Invalid(line, error.info())
            })?;
            let line = self.line(&marks);
            self.values += 1;
            if self.values > 2 * MOST_YAML_VALUES || self.stack.len() > MOST_YAML_DEPTH {
                return Err(Stop::TooLarge(line));
            }
            match event {
                Event::DocumentEnd => return Ok(()),
                Event::Alias(..) => {
                    self.findings.add(
                        Severity::Warning,
                        Code::YamlAlias,
                        self.file,
                        line,
                        "An alias of YAML is not expanded; the value is empty.",
                    );
                    self.add(Value { line, kind: ValueKind::Null });
                }
                Event::Scalar(text, style, ..) => {
                    let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                    let kind = if is_null { ValueKind::Null } else { ValueKind::Scalar(text.into_owned()) };
                    self.add(Value { line, kind });
                }
                Event::SequenceStart(..) => self.stack.push(Open::List(line, Vec::new())),
                Event::MappingStart(..) => self.stack.push(Open::Map(line, Vec::new(), None, BTreeMap::new())),
                Event::SequenceEnd | Event::MappingEnd => self.close(),
                _ => {}
            }
        }
        Ok(())
    }

    fn line(&self, marks: &Marks) -> u32 {
        self.offset + marks.start.line() as u32
    }

    fn close(&mut self) {
        match self.stack.pop() {
            Some(Open::List(line, items)) => self.add(Value { line, kind: ValueKind::List(items) }),
            Some(Open::Map(line, entries, ..)) => self.add(Value { line, kind: ValueKind::Map(entries) }),
            None => {}
        }
    }

    fn add(&mut self, value: Value) {
        match self.stack.last_mut() {
            None => self.root = self.root.take().or(Some(value)),
            Some(Open::List(_, items)) => items.push(value),
            Some(Open::Map(_, entries, key, places)) => match key.take() {
                None => *key = Some(key_text(&value)),
                Some(key) => {
                    if let Some(place) = places.get(&key) {
                        let message = format!("The key `{key}` stands here again; this value counts.");
                        self.findings.add(Severity::Warning, Code::DuplicateKey, self.file, value.line, message);
                        entries[*place].1 = value;
                    } else {
                        places.insert(key.clone(), entries.len());
                        entries.push((key, value));
                    }
                }
            },
        }
    }
}

/// `{PLACEHOLDER}: x` has a map as its key, in the scaffold of a workflow.
fn key_text(value: &Value) -> String {
    match &value.kind {
        ValueKind::Scalar(text) => text.clone(),
        ValueKind::Map(entries) => format!("{{{}}}", entries.first().map_or("", |(key, _)| key)),
        _ => String::new(),
    }
}

/// The YAML between `---` lines at the beginning of a Markdown file: its text, its first line, and where the rest begins.
pub fn front_matter(text: &str) -> Option<(&str, u32, usize)> {
    let begin = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - begin.len();
    let first = begin.split_inclusive('\n').next().filter(|line| line.trim_end() == "---")?;
    let start = offset + first.len();
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&text[start..at], 2, at + line.len()));
        }
        at += line.len();
    }
    None
}

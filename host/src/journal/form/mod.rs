//! The journal form: how a request is spelled so that it can be hashed and compared. No feature of another crate changes it:
//! it is written from a sorted walk, number by number. Knows no call and no interface.

use std::{collections::BTreeSet, fmt::Write};

use serde_json::{Number, Value};

/// The form that this host writes, kept with each run. It has to be raised with every change that gives an old request
/// another spelling, or an old answer another shape: a run of another form is readable and is not replayed.
///
/// Form 1: the members of an object in the order of their names' bytes, without those that are null; a number that is
/// integral and exact as an integer, any other as the shortest decimal of its double with an exponent; a string as it is,
/// with `"`, `\` and control characters escaped; no space.
pub const FORM: u64 = 1;

/// Beyond it a double does not tell one integer from the next.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Characters shown on each side of the first that differs.
const AROUND: usize = 40;

/// The document in the current form.
pub fn canonical(document: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, document);
    text
}

/// Hash of a call and its request, in hexadecimal.
pub(super) fn hash(call: &str, request: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(call.as_bytes()).update(&[0]).update(canonical(request).as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// A request as it lies in the journal. What is damaged is compared as a text.
pub(super) fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Where two documents differ first, in the order of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place as a JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// What is around the place in the journal; none where it has nothing.
    pub recorded: Option<String>,
    /// What is around it now; none where there is nothing.
    pub now: Option<String>,
}

impl Difference {
    /// The first difference, if the documents are not the same in the current form.
    pub fn first(recorded: &Value, now: &Value) -> Option<Self> {
        let mut pointer = String::new();
        let (recorded, now) = find(Some(recorded), Some(now), &mut pointer)?;
        let from = match (recorded, now) {
            (Some(Value::String(recorded)), Some(Value::String(now))) => common(recorded, now),
            _ => 0,
        };
        let excerpt = |value: Option<&Value>| value.map(|value| excerpt(value, from));
        Some(Self { pointer, recorded: excerpt(recorded), now: excerpt(now) })
    }
}

type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

/// The first pair of values that differ, whose place is in `pointer` then.
fn find<'a>(recorded: Option<&'a Value>, now: Option<&'a Value>, pointer: &mut String) -> Option<Pair<'a>> {
    match (recorded, now) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            let member = |object: &'a serde_json::Map<String, Value>, name: &str| object.get(name).filter(|value| !value.is_null());
            names.into_iter().find_map(|name| find_below(member(one, name), member(other, name), &pointer_part(name), pointer))
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            (0..one.len().max(other.len())).find_map(|index| find_below(one.get(index), other.get(index), &index.to_string(), pointer))
        }
        _ if recorded.map(canonical) == now.map(canonical) => None,
        differing => Some(differing),
    }
}

fn find_below<'a>(recorded: Option<&'a Value>, now: Option<&'a Value>, name: &str, pointer: &mut String) -> Option<Pair<'a>> {
    let above = pointer.len();
    pointer.push('/');
    pointer.push_str(name);
    let found = find(recorded, now, pointer);
    if found.is_none() {
        pointer.truncate(above);
    }
    found
}

/// A name as a part of a JSON pointer.
pub fn pointer_part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Characters that both begin with.
fn common(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// What of a value is around its character `from`, in one line.
fn excerpt(value: &Value, from: usize) -> String {
    match value {
        Value::String(content) => canonical(&Value::String(around(content, from))),
        other => around(&canonical(other), 0),
    }
}

fn around(text: &str, from: usize) -> String {
    let start = from.saturating_sub(AROUND);
    let mut rest = text.chars().skip(start);
    let mut cut: String = if start > 0 { "…" } else { "" }.to_owned();
    cut.extend(rest.by_ref().take(2 * AROUND));
    if rest.next().is_some() {
        cut.push('…');
    }
    cut
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(text, number),
        Value::String(content) => write_string(text, content),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(text, index);
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_unstable_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                separate(text, index);
                write_string(text, name);
                text.push(':');
                write_value(text, value);
            }
            text.push('}');
        }
    }
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push(',');
    }
}

fn write_number(text: &mut String, number: &Number) {
    // Writing to a string cannot fail.
    let _ = if let Some(whole) = number.as_u64() {
        write!(text, "{whole}")
    } else if let Some(whole) = number.as_i64() {
        write!(text, "{whole}")
    } else {
        match number.as_f64() {
            // Also -0, which is 0.
            Some(value) if value.fract() == 0.0 && value.abs() <= EXACT => write!(text, "{}", whole(value)),
            Some(value) => write!(text, "{value:e}"),
            None => write!(text, "{number}"),
        }
    };
}

/// An integral number within what is exact.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: f64) -> i64 {
    value as i64
}

fn write_string(text: &mut String, content: &str) {
    text.push('"');
    for character in content.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests;

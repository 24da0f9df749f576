//! Reads what is left of YAML that does not parse: the lines at its left edge that are `key: value`. Everything else is skipped.

use super::{Value, ValueKind};

pub(super) fn read(text: &str, first_line: u32) -> Value {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for (line, content) in (first_line..).zip(text.lines()) {
        let Some((key, rest)) = content.split_once(':') else { continue };
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !is_key || !(rest.is_empty() || rest.starts_with(' ')) || entries.len() >= crate::limits::MOST_VARIABLES {
            continue;
        }
        let value = scalar(rest.trim());
        let kind = if value.is_empty() { ValueKind::Null } else { ValueKind::Scalar(value) };
        entries.push((key.to_owned(), Value { line, kind }));
    }
    // As in YAML that parses, the last of several counts.
    let mut seen = std::collections::BTreeSet::new();
    entries.reverse();
    entries.retain(|(key, _)| seen.insert(key.clone()));
    entries.reverse();
    Value { line: first_line, kind: ValueKind::Map(entries) }
}

fn scalar(text: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote).and_then(|rest| rest.split(quote).next()) {
            return inside.to_owned();
        }
    }
    text.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

//! The keywords that look at one value alone.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a keyword costs beside the step that each keyword is.
pub(super) fn steps(keyword: &str, expected: &Value, value: &Value) -> usize {
    match keyword {
        "enum" | "const" => size(expected),
        "required" => expected.as_array().map_or(0, Vec::len),
        "uniqueItems" => size(value),
        "minLength" | "maxLength" => value.as_str().map_or(0, |text| text.len() / 64),
        _ => 0,
    }
}

/// Values and bytes of text, about.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Object(fields) => fields.iter().map(|(name, field)| name.len() / 64 + size(field)).sum::<usize>() + 1,
        Value::String(text) => text.len() / 64 + 1,
        _ => 1,
    }
}

/// What is wrong with the value, if this keyword finds anything. Keywords it does not know find nothing.
pub(super) fn problem(keyword: &str, expected: &Value, value: &Value) -> Option<String> {
    match keyword {
        "type" => wrong_type(expected, value),
        "enum" => (!expected.as_array()?.contains(value)).then(|| format!("must be one of {expected}")),
        "const" => (expected != value).then(|| format!("must be {expected}")),
        "required" => missing(expected, value),
        "minLength" => below(value.as_str()?.chars().count(), expected, "characters"),
        "maxLength" => above(value.as_str()?.chars().count(), expected, "characters"),
        "minItems" => below(value.as_array()?.len(), expected, "items"),
        "maxItems" => above(value.as_array()?.len(), expected, "items"),
        "minProperties" => below(value.as_object()?.len(), expected, "fields"),
        "maxProperties" => above(value.as_object()?.len(), expected, "fields"),
        "uniqueItems" => repeated(expected, value.as_array()?),
        "minimum" => (value.as_f64()? < expected.as_f64()?).then(|| format!("must be at least {expected}")),
        "maximum" => (value.as_f64()? > expected.as_f64()?).then(|| format!("must be at most {expected}")),
        "exclusiveMinimum" => (value.as_f64()? <= expected.as_f64()?).then(|| format!("must be more than {expected}")),
        "exclusiveMaximum" => (value.as_f64()? >= expected.as_f64()?).then(|| format!("must be less than {expected}")),
        _ => None,
    }
}

fn wrong_type(expected: &Value, value: &Value) -> Option<String> {
    let names: Vec<&str> = match expected {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    (!names.iter().any(|name| has_type(value, name))).then(|| format!("must be of type {}", names.join(" or ")))
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

fn missing(expected: &Value, value: &Value) -> Option<String> {
    let fields = value.as_object()?;
    let absent: Vec<String> = expected
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .filter(|name| !fields.contains_key(*name))
        .map(|name| format!("`{name}`"))
        .collect();
    (!absent.is_empty()).then(|| format!("lacks {}", absent.join(", ")))
}

fn below(count: usize, least: &Value, what: &str) -> Option<String> {
    ((count as u64) < least.as_u64()?).then(|| format!("must have at least {least} {what}, and has {count}"))
}

fn above(count: usize, most: &Value, what: &str) -> Option<String> {
    ((count as u64) > most.as_u64()?).then(|| format!("must have at most {most} {what}, and has {count}"))
}

fn repeated(expected: &Value, items: &[Value]) -> Option<String> {
    let mut seen = BTreeSet::new();
    (*expected == Value::Bool(true) && items.iter().any(|item| !seen.insert(item.to_string())))
        .then(|| "must not have the same item twice".to_owned())
}

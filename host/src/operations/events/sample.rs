//! Documents of the schemas of events, for tests.

use serde_json::{Map, Value, json};

use super::kinds;
use crate::events::Category;

/// The particulars of an event with no more than they must have.
pub(crate) fn least(category: Category, name: &str) -> Value {
    let kind = kinds().find(|kind| kind.category == category && kind.name == name);
    kind.map_or_else(|| json!({}), |kind| sample(&kind.schema(), &kind.schema(), false))
}

/// A document of a schema: with all that it may have, or with what it must have alone.
pub(crate) fn sample(schema: &Value, root: &Value, all: bool) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(root.pointer(reference.trim_start_matches('#')).unwrap(), root, all);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| sample(part, root, all));
        return parts.flat_map(|part| part.as_object().cloned().unwrap_or_default()).collect::<Map<_, _>>().into();
    }
    if let Some(ways) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        return sample(ways.iter().find(|way| way["type"] != "null").unwrap(), root, all);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| kinds.iter().find(|kind| *kind != "null").unwrap());
    match kind.as_str() {
        Some("object") => object(schema, root, all),
        Some("array") => json!([sample(&schema["items"], root, false)]),
        Some("string") if schema["format"] == "date-time" => json!("2026-01-02T14:04:05.007Z"),
        Some("string") => json!("word"),
        Some("integer") => json!(7),
        Some("number") => json!(0.5),
        Some("boolean") => json!(true),
        _ => json!({ "free": 1 }),
    }
}

fn object(schema: &Value, root: &Value, all: bool) -> Value {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let more = schema.get("additionalProperties").filter(|more| more.is_object());
    let more = more.map(|more| ("read".to_owned(), sample(more, root, all)));
    let wanted = properties.into_iter().filter(|(name, _)| all || required.contains(&name.as_str()));
    wanted.map(|(name, property)| (name, sample(&property, root, all))).chain(more).collect::<Map<_, _>>().into()
}

//! All kinds of events, by the rooms that emit them. Describes none itself.

use crate::{app, events::EventKind, interfaces, journal, kernel};

/// Every kind of event, in the order of the rooms.
pub fn kinds() -> impl Iterator<Item = &'static EventKind> {
    let of_kernel =
        [kernel::events::EVENTS, kernel::granting::events::EVENTS, kernel::projects::events::EVENTS, kernel::slots::events::EVENTS];
    let others = [journal::events::EVENTS, app::events::EVENTS];
    others.into_iter().chain(of_kernel).chain(interfaces::EVENTS.iter().copied()).flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn every_payload_reads_what_it_writes_and_fits_its_schema() {
        for kind in kinds() {
            let (name, schema) = (format!("{}.{}", kind.category.as_str(), kind.name), kind.schema());
            let validator = jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            for all in [true, false] {
                let sample = sample(&schema, &schema, all);
                assert!(validator.is_valid(&sample), "{name} has a schema that its sample does not fit: {sample}");
                let written = kind.reread(sample.clone()).unwrap_or_else(|error| panic!("{name} does not read {sample}: {error}"));
                assert!(validator.is_valid(&written), "{name} writes what its schema forbids: {written}");
                assert_eq!(kind.reread(written.clone()).unwrap(), written, "{name}");
                if all {
                    assert_eq!(written, sample, "{name} loses something");
                }
            }
        }
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_every_key_is_snake_case() {
        let mut names = BTreeSet::new();
        for kind in kinds() {
            assert!(names.insert((kind.category.as_str(), kind.name)), "{} is there twice", kind.name);
            let is_snake = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            assert!(is_snake(kind.name), "{}", kind.name);
            let sample = sample(&kind.schema(), &kind.schema(), true);
            assert!(sample.as_object().unwrap().keys().all(|key| is_snake(key)), "{}: {sample}", kind.name);
        }
        assert!(names.len() > 70, "{}", names.len());
    }

    /// A document of a schema: with all that it may have, or with what it must have alone.
    fn sample(schema: &Value, root: &Value, all: bool) -> Value {
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
}

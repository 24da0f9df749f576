//! Schemas that are made of parts, as the one object that they describe: many programs that generate clients cannot read the parts.
//! A field that only some of several forms have may be absent then. Describes nothing by itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Where schemas lie in the document.
const SCHEMAS: &str = "#/components/schemas/";

/// An object that is put together.
#[derive(Default)]
struct Whole {
    properties: Map<String, Value>,
    required: BTreeSet<String>,
}

impl Whole {
    /// Adds a field. One that another part has as well may be as either says.
    fn add(&mut self, name: &str, schema: &Value) {
        let Some(present) = self.properties.get_mut(name) else {
            self.properties.insert(name.to_owned(), schema.clone());
            return;
        };
        if let (Some(words), Some(more)) = (present["enum"].as_array().cloned(), schema["enum"].as_array()) {
            let new = more.iter().filter(|word| !words.contains(word));
            present["enum"] = words.iter().chain(new).cloned().collect();
        } else if present != schema {
            *present = json!({ "anyOf": [present.clone(), schema] });
        }
    }

    fn add_all(&mut self, properties: &Map<String, Value>) {
        properties.iter().for_each(|(name, schema)| self.add(name, schema));
    }
}

/// Puts every schema of a document together that is made of parts.
pub(super) fn put_together(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    put_together_below(document, &schemas);
}

fn put_together_below(value: &mut Value, schemas: &Value) {
    match value {
        Value::Object(object) => {
            if let Some(whole) = object.get("allOf").and_then(|parts| read_parts(parts, schemas)) {
                object.remove("allOf");
                object.insert("type".to_owned(), "object".into());
                if !whole.required.is_empty() {
                    object.insert("required".to_owned(), whole.required.into_iter().collect());
                }
                object.insert("properties".to_owned(), whole.properties.into());
            }
            object.values_mut().for_each(|value| put_together_below(value, schemas));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_together_below(item, schemas)),
        _ => {}
    }
}

/// The object that a schema describes; none where it describes something else.
fn read(schema: &Value, schemas: &Value) -> Option<Whole> {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix(SCHEMAS)) {
        return read(schemas.get(name)?, schemas);
    }
    if !schema["allOf"].is_null() {
        return read_parts(&schema["allOf"], schemas);
    }
    if let Some(forms) = schema["oneOf"].as_array() {
        let forms = forms.iter().map(|form| read(form, schemas)).collect::<Option<Vec<_>>>()?;
        let required = forms.iter().map(|form| form.required.clone()).reduce(|all, form| &all & &form).unwrap_or_default();
        let mut whole = Whole { required, ..Whole::default() };
        forms.iter().for_each(|form| whole.add_all(&form.properties));
        return Some(whole);
    }
    let properties = schema["properties"].as_object().filter(|_| schema["type"] == "object")?.clone();
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    Some(Whole { properties, required })
}

/// The object that has all of these parts.
fn read_parts(parts: &Value, schemas: &Value) -> Option<Whole> {
    let mut whole = Whole::default();
    for part in parts.as_array()? {
        let part = read(part, schemas)?;
        whole.required.extend(part.required);
        whole.add_all(&part.properties);
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_form_and_fields_beside_it_are_one_object() {
        let form = |word: &str, field: &str| json!({ "type": "object", "required": ["state", field], "properties": { "state": { "type": "string", "enum": [word] }, field: { "type": "string" } } });
        let own =
            json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "note": { "type": "string" } } });
        let mut document = json!({ "components": { "schemas": {
            "State": { "oneOf": [form("waiting", "wait"), form("failed", "error")] },
            "Run": { "description": "A run.", "allOf": [{ "$ref": "#/components/schemas/State" }, own] },
            "Other": { "allOf": [{ "type": "string" }] }
        } } });
        put_together(&mut document);
        let run = &document["components"]["schemas"]["Run"];
        assert_eq!((&run["type"], &run["description"], &run["required"]), (&json!("object"), &json!("A run."), &json!(["id", "state"])));
        assert_eq!(run["properties"]["state"]["enum"], json!(["waiting", "failed"]));
        let names: BTreeSet<_> = run["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["error", "id", "note", "state", "wait"]));
        assert!(document["components"]["schemas"]["Other"]["allOf"].is_array(), "what is not an object stays");
    }
}

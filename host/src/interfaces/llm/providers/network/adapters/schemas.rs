//! Schemas for replies in the dialects of the services. What a service does not take is left out: the asker checks the reply
//! against the whole schema.

use serde_json::{Map, Value};

/// Words that Anthropic refuses in the schema of a reply.
const LIMITS: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];
/// Words beside a reference that OpenAI refuses.
const NOTES: [&str; 4] = ["title", "description", "default", "nullable"];
/// Words that hold schemas by name.
const NAMED: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Words that hold values and no schemas.
const VALUES: [&str; 5] = ["const", "enum", "default", "examples", "required"];

/// Whose rules a schema follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    OpenAi,
    Anthropic,
    /// Takes nearly everything.
    Gemini,
}

/// The schema as a service takes it. Every object is closed, where a service wants it. None takes a list of no values.
pub(super) fn narrowed(schema: &Value, rules: Rules) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(object(fields, rules)),
        Value::Array(schemas) => schemas.iter().map(|schema| narrowed(schema, rules)).collect(),
        other => other.clone(),
    }
}

fn object(fields: &Map<String, Value>, rules: Rules) -> Map<String, Value> {
    let mut schema = Map::new();
    let refers = fields.contains_key("$ref");
    for (word, value) in fields {
        let is_empty = word == "enum" && value.as_array().is_some_and(Vec::is_empty);
        let left_out = match rules {
            _ if is_empty => true,
            Rules::Gemini => false,
            Rules::OpenAi => refers && NOTES.contains(&word.as_str()),
            Rules::Anthropic => LIMITS.contains(&word.as_str()) || word == "minItems" && value.as_u64() > Some(1),
        };
        if left_out {
            continue;
        }
        let narrowed = match (word.as_str(), value) {
            (named, Value::Object(schemas)) if NAMED.contains(&named) => {
                Value::Object(schemas.iter().map(|(name, schema)| (name.clone(), narrowed(schema, rules))).collect())
            }
            (values, value) if VALUES.contains(&values) => value.clone(),
            (_, value) => narrowed(value, rules),
        };
        // OpenAI knows `anyOf` alone.
        let word = if rules == Rules::OpenAi && word == "oneOf" && !fields.contains_key("anyOf") { "anyOf" } else { word };
        schema.insert(word.to_owned(), narrowed);
    }
    let is_object = schema.get("type").is_some_and(|kind| kind == "object") || schema.contains_key("properties");
    if is_object && rules != Rules::Gemini {
        close(&mut schema, rules);
    }
    schema
}

fn close(schema: &mut Map<String, Value>, rules: Rules) {
    schema.entry("additionalProperties").or_insert(Value::Bool(false));
    let names: Vec<Value> =
        schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone().into()).collect();
    if rules == Rules::OpenAi && !names.is_empty() {
        schema.insert("required".to_owned(), Value::Array(names));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_service_gets_what_it_takes() {
        let schema = json!({
            "type": "object", "required": ["b"],
            "properties": {
                "a": {"type": "string", "minLength": 1, "enum": ["x"]}, "c": {"enum": []},
                "b": {"oneOf": [{"$ref": "#/$defs/minimum", "description": "a number"}, {"type": "null"}]},
            },
            "$defs": {"minimum": {"type": "integer", "minimum": 0}},
        });
        let openai = narrowed(&schema, Rules::OpenAi);
        assert_eq!((&openai["required"], &openai["additionalProperties"]), (&json!(["a", "c", "b"]), &json!(false)));
        assert_eq!(openai["properties"]["b"], json!({"anyOf": [{"$ref": "#/$defs/minimum"}, {"type": "null"}]}));
        assert_eq!(openai["$defs"], schema["$defs"]);
        let anthropic = narrowed(&schema, Rules::Anthropic);
        assert_eq!((&anthropic["required"], &anthropic["additionalProperties"]), (&json!(["b"]), &json!(false)));
        assert_eq!(anthropic["properties"]["a"], json!({"type": "string", "enum": ["x"]}));
        assert_eq!(anthropic["$defs"], json!({"minimum": {"type": "integer"}}), "a name is not a word of the schema");
        let mut gemini = schema;
        assert_eq!(narrowed(&gemini, Rules::Gemini)["properties"]["c"], json!({}));
        gemini["properties"]["c"] = json!({});
        assert_eq!(narrowed(&gemini, Rules::Gemini), gemini);
    }
}

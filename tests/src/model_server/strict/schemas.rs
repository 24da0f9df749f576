//! What providers refuse of a schema.

use serde_json::Value;

use super::Verdict;
use crate::model_server::protocol::items;

/// Words that hold schemas by name.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
/// Words that hold values and no schemas.
const VALUES: [&str; 5] = ["const", "enum", "default", "examples", "required"];

/// Calls `look` with each schema inside a schema, and the path to it.
fn walk(schema: &Value, path: &str, look: &mut dyn FnMut(&Value, &str) -> Verdict) -> Verdict {
    if !schema.is_object() {
        return Ok(());
    }
    look(schema, path)?;
    for (word, value) in schema.as_object().into_iter().flatten().filter(|(word, _)| !VALUES.contains(&word.as_str())) {
        let path = format!("{path}/{word}");
        match value {
            Value::Object(named) if NAMED.contains(&word.as_str()) => {
                named.iter().try_for_each(|(name, schema)| walk(schema, &format!("{path}/{name}"), look))?;
            }
            Value::Array(schemas) => {
                schemas.iter().enumerate().try_for_each(|(place, schema)| walk(schema, &format!("{path}/{place}"), look))?
            }
            schema => walk(schema, &path, look)?,
        }
    }
    Ok(())
}

fn only<'a>(schema: &'a Value, known: &[&str]) -> Result<(), &'a str> {
    schema.as_object().into_iter().flatten().map(|(word, _)| word.as_str()).find(|word| !known.contains(word)).map_or(Ok(()), Err)
}

/// OpenAI, "Structured outputs", "Supported schemas": an object at the root, every object closed and every property required,
/// every schema with a type, no words but these, at most ten levels. Limits such as `minLength` are refused with many models
/// (req_llm #302), an `enum` without `type` with all (clawpatch #60).
pub(super) fn strict_openai(schema: &Value) -> Verdict {
    const KNOWN: [&str; 12] = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "anyOf",
        "$ref",
        "$defs",
        "definitions",
        "description",
    ];
    let wrong = |path: &str, what: String| Err(format!("Invalid schema for response_format 'reply': In context={path}, {what}"));
    if schema["type"] != "object" || schema.get("anyOf").is_some() {
        return wrong("()", format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.", schema["type"]));
    }
    walk(schema, "", &mut |schema, path| {
        if let Err(word) = only(schema, &KNOWN) {
            return wrong(path, format!("'{word}' is not permitted."));
        }
        if schema.get("$ref").is_some() && schema.as_object().is_some_and(|fields| fields.len() > 1) {
            return wrong(path, "$ref cannot have keywords beside it.".to_owned());
        }
        if ["type", "anyOf", "$ref"].iter().all(|word| schema.get(*word).is_none()) {
            return wrong(path, "schema must have a 'type' key.".to_owned());
        }
        if path.matches("/properties/").count() + path.matches("/items").count() > 10 {
            return wrong(path, "the schema exceeds 10 levels of nesting.".to_owned());
        }
        let Some(properties) = schema["properties"].as_object() else { return Ok(()) };
        if schema["additionalProperties"] != false {
            return wrong(path, "'additionalProperties' is required to be supplied and to be false.".to_owned());
        }
        match properties.keys().find(|name| !items(&schema["required"]).any(|required| required == name.as_str())) {
            Some(name) => {
                wrong(path, format!("'required' is required to be supplied and to include every key in properties. Missing '{name}'."))
            }
            None => Ok(()),
        }
    })
}

/// Anthropic, "Structured outputs", "JSON Schema limitations": closed objects, no limits, no recursion, no foreign references,
/// plain values in an `enum`, formats of a list.
pub(super) fn anthropic(schema: &Value) -> Verdict {
    const KNOWN: [&str; 18] = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "anyOf",
        "allOf",
        "$ref",
        "$defs",
        "definitions",
        "description",
        "title",
        "default",
        "format",
        "minItems",
        "pattern",
    ];
    const FORMATS: [&str; 10] = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];
    let wrong = |what: String| Err(format!("output_config.format.schema: {what}"));
    walk(schema, "", &mut |schema, path| {
        let kind = schema["type"].as_str().unwrap_or("any");
        if let Err(word) = only(schema, &KNOWN) {
            return wrong(format!("For '{kind}' type, property '{word}' is not supported"));
        }
        if schema["minItems"].as_u64().is_some_and(|least| least > 1) {
            return wrong("For 'array' type, 'minItems' values other than 0 or 1 are not supported".to_owned());
        }
        if (kind == "object" || schema.get("properties").is_some()) && schema["additionalProperties"] != false {
            return wrong("For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
        }
        if items(&schema["enum"]).any(|value| value.is_array() || value.is_object()) || schema["enum"].as_array().is_some_and(Vec::is_empty)
        {
            return wrong("Enum values must be strings, numbers, booleans or null".to_owned());
        }
        if schema["format"].as_str().is_some_and(|format| !FORMATS.contains(&format)) {
            return wrong(format!("String format {} is not supported", schema["format"]));
        }
        match schema["$ref"].as_str() {
            Some(place) if !place.starts_with("#/") => wrong("External $ref is not supported".to_owned()),
            Some(place) if path.starts_with(place.trim_start_matches('#')) => wrong("Recursive schemas are not supported".to_owned()),
            _ => Ok(()),
        }
    })
}

/// Gemini, reference of `GenerationConfig.responseJsonSchema` and `FunctionDeclaration.parametersJsonSchema`: these words alone,
/// strings and numbers in an `enum`, nothing beside a reference.
pub(super) fn gemini(schema: &Value) -> Verdict {
    const KNOWN: [&str; 21] = [
        "$id",
        "$defs",
        "$ref",
        "$anchor",
        "type",
        "format",
        "title",
        "description",
        "enum",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "anyOf",
        "oneOf",
        "properties",
        "additionalProperties",
        "required",
        "propertyOrdering",
    ];
    walk(schema, "", &mut |schema, path| {
        if let Err(word) = only(schema, &KNOWN) {
            return Err(format!("Invalid JSON schema at {path}: the keyword \"{word}\" is not supported."));
        }
        if items(&schema["enum"]).any(|value| !value.is_string() && !value.is_number())
            || schema["enum"].as_array().is_some_and(Vec::is_empty)
        {
            return Err(format!("Invalid JSON schema at {path}: enum takes strings and numbers."));
        }
        let beside = schema.as_object().into_iter().flatten().any(|(word, _)| !word.starts_with('$'));
        if schema.get("$ref").is_some() && beside {
            Err(format!("Invalid JSON schema at {path}: nothing may stand beside $ref."))
        } else {
            Ok(())
        }
    })
}

/// Anthropic ("input_schema does not support oneOf, allOf, or anyOf at the top level", claude-code #40075) and OpenAI ("schema
/// must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level") alike.
pub(super) fn parameters(schema: &Value) -> Verdict {
    if schema["type"] != "object" {
        return Err("the schema must be of type object".to_owned());
    }
    let choice = ["oneOf", "anyOf", "allOf", "enum", "not"].into_iter().find(|word| schema.get(*word).is_some());
    choice.map_or(Ok(()), |word| Err(format!("{word} is not supported at the top level")))?;
    walk(schema, "", &mut |schema, path| match schema["enum"].as_array() {
        Some(values) if values.is_empty() => Err(format!("{path}: [] is too short")),
        _ => Ok(()),
    })
}

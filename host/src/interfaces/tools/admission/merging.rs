//! The top of a schema of arguments: an object with properties and nothing else that decides between forms, for that is
//! all that every provider takes there. Arguments are always an object, so what asks for anything else drops out.

use serde_json::{Map, Value, json};

use super::{
    Objection,
    schema::{NO_KEY, child, is_key, is_type},
};

type Schema = Map<String, Value>;

/// References that the top of a schema may be behind.
const MOST_REFERENCES: usize = 8;
/// Keywords that decide nothing, of which the outer one holds.
const WORDS: &[&str] = &["description", "title", "$comment", "examples", "default", "deprecated", "readOnly", "writeOnly"];
/// Keywords of which two can hold at once.
const TABLES: &[&str] = &["properties", "patternProperties", "$defs", "definitions"];

/// The schema with a plain object at its top, or why that would mean something else.
pub(super) fn flattened(mut root: Schema, notes: &mut Vec<String>) -> Result<Schema, Objection> {
    for _ in 0..MOST_REFERENCES {
        let Some(reference) = root.remove("$ref") else { break };
        let whole = Value::Object(root.clone());
        let found = reference.as_str().and_then(|reference| reference.strip_prefix('#')).and_then(|pointer| target(&whole, pointer));
        let Some(Value::Object(found)) = found else {
            return Err(Objection::new("/$ref", "The schema refers to something that is not in it, or to itself."));
        };
        let found = found.clone();
        root = combined(root, found, "/$ref")?;
    }
    if root.contains_key("$ref") {
        return Err(Objection::new("/$ref", "The schema refers to itself."));
    }
    for part in take_parts(&mut root, "allOf") {
        root = combined(root, part, "/allOf")?;
    }
    for keyword in ["anyOf", "oneOf"] {
        root = without_alternatives(root, keyword, notes)?;
    }
    for keyword in ["not", "enum", "const", "$dynamicRef", "$recursiveRef", "anyOf", "oneOf", "allOf", "$ref"] {
        if root.contains_key(keyword) {
            let reason =
                format!("Providers do not take `{keyword}` at the top of the schema, and without it the schema means something else.");
            return Err(Objection::new(child("", keyword), reason));
        }
    }
    object(&mut root)?;
    Ok(root)
}

/// What a pointer behind a `#` leads to.
pub(super) fn target<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    root.pointer(&decode_pointer(pointer)?)
}

/// A pointer in an address has some characters in percents.
fn decode_pointer(pointer: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), pointer.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok())?;
            bytes.push(u8::from_str_radix(code, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

fn take_parts(schema: &mut Schema, keyword: &str) -> Vec<Schema> {
    match schema.get(keyword) {
        Some(Value::Array(parts)) if parts.iter().all(Value::is_object) => {
            let parts = parts.iter().filter_map(|part| part.as_object().cloned()).collect();
            schema.remove(keyword);
            parts
        }
        _ => Vec::new(),
    }
}

/// Alternatives of which one is left, or which only say what has to be given together.
fn without_alternatives(mut root: Schema, keyword: &'static str, notes: &mut Vec<String>) -> Result<Schema, Objection> {
    let parts = take_parts(&mut root, keyword);
    if parts.is_empty() {
        return Ok(root);
    }
    let is_exclusive = keyword == "oneOf";
    let mut parts: Vec<Schema> = parts.into_iter().filter(may_be_object).collect();
    if parts.is_empty() {
        return Err(Objection::new(child("", keyword), "No alternative is an object, and arguments always are."));
    }
    if parts.len() == 1 {
        return combined(root, parts.swap_remove(0), keyword);
    }
    if !is_exclusive && parts.iter().any(accepts_every_object) {
        return Ok(root);
    }
    if parts.iter().all(only_requires) {
        notes.push(format!(
            "Which arguments have to be given together is left to the tool: providers do not take `{keyword}` at the top of the schema."
        ));
        return Ok(root);
    }
    let reason =
        format!("Providers do not take `{keyword}` at the top of the schema, and its alternatives cannot be written as one object.");
    Err(Objection::new(child("", keyword), reason))
}

fn may_be_object(schema: &Schema) -> bool {
    match schema.get("type") {
        None => true,
        Some(Value::String(kind)) => kind == "object" || !is_type(kind),
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        Some(_) => true,
    }
}

fn accepts_every_object(schema: &Schema) -> bool {
    schema.keys().all(|keyword| keyword == "type" || WORDS.contains(&keyword.as_str()))
}

/// The tool itself looks at what it is given, so it loses nothing when a model is not told.
fn only_requires(schema: &Schema) -> bool {
    schema.keys().all(|keyword| matches!(keyword.as_str(), "type" | "required") || WORDS.contains(&keyword.as_str()))
}

/// A schema that asks for what both ask for.
fn combined(mut base: Schema, other: Schema, place: &str) -> Result<Schema, Objection> {
    let place = if place.starts_with('/') { place.to_owned() } else { child("", place) };
    let clash =
        |keyword: &str| Objection::new(place.clone(), format!("It cannot be joined with the rest of the schema: both have `{keyword}`."));
    if closed_beside(&base, &other) || closed_beside(&other, &base) {
        return Err(clash("additionalProperties"));
    }
    for (keyword, value) in other {
        match (base.get_mut(&keyword), value) {
            (None, value) => {
                base.insert(keyword, value);
            }
            (Some(_), _) if WORDS.contains(&keyword.as_str()) => {}
            (Some(mine), theirs) if *mine == theirs => {}
            (Some(Value::Object(mine)), Value::Object(theirs)) if TABLES.contains(&keyword.as_str()) => {
                for (name, value) in theirs {
                    if *mine.entry(name.clone()).or_insert_with(|| value.clone()) != value {
                        return Err(clash(&name));
                    }
                }
            }
            (Some(Value::Array(mine)), Value::Array(theirs)) if keyword == "required" => {
                mine.extend(theirs);
                mine.sort_by_key(Value::to_string);
                mine.dedup();
            }
            (Some(Value::Array(mine)), Value::Array(theirs)) if matches!(keyword.as_str(), "allOf") => mine.extend(theirs),
            (Some(mine), theirs) if keyword == "type" && includes_object(mine) && includes_object(&theirs) => *mine = json!("object"),
            _ => return Err(clash(&keyword)),
        }
    }
    Ok(base)
}

/// Whether one allows no properties but its own, and the other has properties.
fn closed_beside(one: &Schema, other: &Schema) -> bool {
    let is_closed = one.get("additionalProperties").is_some_and(|more| *more != Value::Bool(true));
    let has_more = other.get("properties").is_some_and(|properties| properties != &json!({}) && one.get("properties") != Some(properties));
    let is_other = other.get("additionalProperties") != one.get("additionalProperties");
    is_closed && has_more && (is_other || one.contains_key("properties"))
}

fn includes_object(kind: &Value) -> bool {
    kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
}

/// Arguments are an object, also where the schema does not say so.
fn object(root: &mut Schema) -> Result<(), Objection> {
    match root.get("type") {
        None => {}
        Some(kind) if includes_object(kind) => {}
        Some(kind) => {
            return Err(Objection::new("/type", format!("The type is {kind}; the schema of arguments must be of type \"object\".")));
        }
    }
    root.insert("type".to_owned(), json!("object"));
    let required: Vec<String> = match root.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    if let Value::Object(properties) = root.entry("properties").or_insert_with(|| json!({})) {
        for name in required {
            if !is_key(&name) {
                return Err(Objection::new("/required", NO_KEY));
            }
            properties.entry(name).or_insert_with(|| json!({}));
        }
    }
    Ok(())
}

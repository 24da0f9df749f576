//! A JSON Schema of a tool's arguments in the form that every provider takes: JSON Schema 2020-12, an object at the top
//! without alternatives there, property names of 1 to 64 plain characters, no reference out of the document. What means
//! the same in another form is rewritten; what would mean something else is an objection.

use std::collections::HashSet;

use jsonschema::{Draft, PatternOptions};
use serde_json::{Map, Value, json};

use super::{Objection, merging};
use crate::{
    interfaces::{
        schema_bounds,
        tools::text::{cut, escape_name, harmless},
    },
    journal::form::pointer_part,
};

type Schema = Map<String, Value>;

/// Bytes of a compiled regular expression.
const LARGEST_PATTERN: usize = 1 << 20;
/// Characters of a property's name, as providers take it.
const LONGEST_KEY: usize = 64;
/// Notes on one tool.
const MOST_NOTES: usize = 16;

/// Keywords that hold one schema.
const ONE: &[&str] = &[
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold schemas by name.
const NAMED: &[&str] = &["$defs", "definitions", "dependentSchemas", "patternProperties"];
/// Keywords that hold a list of schemas.
const LISTED: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Where a boolean is no schema that providers reject.
const MAY_BE_BOOLEAN: &[&str] = &["additionalProperties", "unevaluatedItems", "unevaluatedProperties"];
/// Keywords for which null is a value, not an absence.
const MAY_BE_NULL: &[&str] = &["const", "default"];
const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// The schema as providers take it, with what was changed that a person should know of.
pub(super) fn fix_schema(declared: &Value) -> Result<(Value, Vec<String>), Objection> {
    let Value::Object(declared) = declared else {
        return Err(Objection::new("", "This is not an object; the schema of arguments must be one, such as {\"type\": \"object\"}."));
    };
    let (mut mender, mut root) = (Mender::default(), declared.clone());
    mender.mend(&mut root, "")?;
    let root = merging::flattened(root, &mut mender.notes)?;
    check_references(&Value::Object(root.clone()), &Value::Object(root.clone()), "")?;
    let root = Value::Object(root);
    // Whoever compiles it or follows its references would pay for what they come to.
    schema_bounds::accept(&root).map_err(|reason| Objection::new("", format!("Baton does not accept this schema: {reason}.")))?;
    let built = jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(patterns()).offline().build(&root);
    built.map_err(|error| Objection::new(error.instance_path().as_str(), sentence(&error.to_string())))?;
    mender.notes.truncate(MOST_NOTES);
    Ok((root, mender.notes))
}

/// Walks through a schema and rewrites what has another form with the same meaning.
#[derive(Default)]
struct Mender {
    notes: Vec<String>,
}

impl Mender {
    fn mend(&mut self, schema: &mut Schema, path: &str) -> Result<(), Objection> {
        schema.retain(|keyword, value| !value.is_null() || MAY_BE_NULL.contains(&keyword.as_str()));
        plain_text(schema);
        older_drafts(schema);
        if allows_nothing(schema) {
            schema.remove("enum");
            schema.insert("not".to_owned(), json!({}));
        }
        self.mend_pattern(schema, path);
        self.mend_properties(schema, path)?;
        for keyword in ONE {
            if let Some(inner) = schema.get_mut(*keyword) {
                self.mend_one(keyword, inner, &child(path, keyword))?;
            }
        }
        for keyword in NAMED {
            if let Some(Value::Object(inner)) = schema.get_mut(*keyword) {
                if *keyword == "patternProperties" {
                    self.keep_patterns(inner, path);
                }
                for (name, inner) in inner.iter_mut() {
                    self.mend_one(keyword, inner, &child(&child(path, keyword), name))?;
                }
            }
        }
        for keyword in LISTED {
            if let Some(Value::Array(inner)) = schema.get_mut(*keyword) {
                for (index, inner) in inner.iter_mut().enumerate() {
                    self.mend_one(keyword, inner, &child(&child(path, keyword), &index.to_string()))?;
                }
            }
        }
        add_types(schema);
        Ok(())
    }

    /// `true` is `{}`, and `false` is what nothing satisfies.
    fn mend_one(&mut self, keyword: &str, schema: &mut Value, path: &str) -> Result<(), Objection> {
        match schema {
            Value::Bool(_) if MAY_BE_BOOLEAN.contains(&keyword) => {}
            Value::Bool(true) => *schema = json!({}),
            Value::Bool(false) => *schema = json!({ "not": {} }),
            Value::Object(inner) => self.mend(inner, path)?,
            _ => return Err(Objection::new(path, "This is not a schema; a schema is an object.")),
        }
        Ok(())
    }

    fn mend_properties(&mut self, schema: &mut Schema, path: &str) -> Result<(), Objection> {
        let mut required = required(schema);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            let names: Vec<String> = properties.keys().cloned().collect();
            for name in names {
                let place = child(&child(path, "properties"), &name);
                let is_required = required.contains(&name);
                let is_possible = properties.get(&name).is_some_and(|property| match property {
                    Value::Object(property) => !allows_nothing(property),
                    property => *property != Value::Bool(false),
                });
                if is_key(&name) && is_possible {
                    let Some(property) = properties.get_mut(&name) else { continue };
                    if takes_required_mark(property) {
                        required.push(name.clone());
                    }
                    self.mend_one("properties", property, &place)?;
                } else if is_required {
                    let reason = if is_possible { NO_KEY } else { "The argument is required, and no value is allowed." };
                    return Err(Objection::new(place, reason));
                } else {
                    properties.remove(&name);
                    if is_possible {
                        let name = cut(&escape_name(&name), 80);
                        self.note(format!("The optional argument `{name}` is left out: providers take names of 1 to {LONGEST_KEY} letters, digits, `_`, `.` and `-`."));
                    }
                }
            }
            for name in &required {
                if !is_key(name) {
                    return Err(Objection::new(child(path, "required"), NO_KEY));
                }
                properties.entry(name.clone()).or_insert_with(|| json!({}));
            }
        }
        let mut seen = HashSet::new();
        required.retain(|name| seen.insert(name.clone()));
        if matches!(schema.get("required"), None | Some(Value::Array(_))) && !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        Ok(())
    }

    fn mend_pattern(&mut self, schema: &mut Schema, path: &str) {
        if let Some(Value::String(pattern)) = schema.get("pattern")
            && !compiles(pattern)
        {
            self.note(format!(
                "The pattern of `{}` is left to the tool: it is not a regular expression that is checked in linear time.",
                escape_name(path)
            ));
            schema.remove("pattern");
        }
    }

    fn keep_patterns(&mut self, properties: &mut Schema, path: &str) {
        let before = properties.len();
        properties.retain(|pattern, _| compiles(pattern));
        if properties.len() < before {
            let place = escape_name(&child(path, "patternProperties"));
            self.note(format!(
                "A pattern in `{place}` is left to the tool: it is not a regular expression that is checked in linear time."
            ));
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(note);
        }
    }
}

pub(super) const NO_KEY: &str =
    "A required argument has a name that providers do not take; names have 1 to 64 letters, digits, `_`, `.` and `-`.";

/// A list of no values, which providers reject.
fn allows_nothing(schema: &Schema) -> bool {
    schema.get("enum").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

/// What `required` lists.
fn required(schema: &Schema) -> Vec<String> {
    let listed = schema.get("required").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Draft 3 marks a property as required in its own schema.
fn takes_required_mark(property: &mut Value) -> bool {
    let Value::Object(property) = property else { return false };
    match property.get("required") {
        Some(Value::Bool(mark)) => {
            let mark = *mark;
            property.remove("required");
            mark
        }
        _ => false,
    }
}

/// Keywords of older drafts, and those that say which draft it is, which is of no use once they are gone.
fn older_drafts(schema: &mut Schema) {
    for keyword in ["$schema", "$id"] {
        schema.remove(keyword);
    }
    if schema.get("id").is_some_and(Value::is_string) {
        schema.remove("id");
    }
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        let Some(Value::Bool(is_exclusive)) = schema.get(exclusive) else { continue };
        let number = if *is_exclusive { schema.remove(bound) } else { None };
        schema.remove(exclusive);
        number.map(|number| schema.insert(exclusive.to_owned(), number));
    }
    if let Some(divisor) = schema.remove("divisibleBy") {
        schema.entry("multipleOf").or_insert(divisor);
    }
    if schema.get("type").is_some_and(|kind| kind == "any") {
        schema.remove("type");
    }
    if let Some(Value::Array(_)) = schema.get("items") {
        let (items, more) = (schema.remove("items"), schema.remove("additionalItems"));
        items.map(|items| schema.insert("prefixItems".to_owned(), items));
        more.map(|more| schema.insert("items".to_owned(), more));
    }
}

/// Types that providers want to see where they follow from the rest.
fn add_types(schema: &mut Schema) {
    if let Some(Value::Array(kinds)) = schema.get("type") {
        let mut kinds = kinds.clone();
        deduplicate(&mut kinds);
        let kind = if kinds.len() == 1 { kinds.swap_remove(0) } else { Value::Array(kinds) };
        schema.insert("type".to_owned(), kind);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        deduplicate(values);
        let mut kinds: Vec<_> = values.iter().map(kind_of).collect();
        kinds.dedup();
        let kind = if let [kind] = kinds[..] { Some(kind) } else { None };
        let refers = ["type", "$ref", "anyOf", "oneOf", "allOf"].iter().any(|keyword| schema.contains_key(*keyword));
        if let Some(kind) = kind.filter(|_| !refers) {
            schema.insert("type".to_owned(), json!(kind));
        }
    }
    if schema.get("type").is_some_and(|kind| kind == "array") && !schema.contains_key("items") && !schema.contains_key("prefixItems") {
        schema.insert("items".to_owned(), json!({}));
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn deduplicate(values: &mut Vec<Value>) {
    let mut seen = HashSet::new();
    values.retain(|value| seen.insert(value.to_string()));
}

/// What a schema says to people is text.
fn plain_text(schema: &mut Schema) {
    for keyword in ["description", "title"] {
        match schema.get_mut(keyword) {
            Some(Value::String(text)) => *text = harmless(text),
            Some(_) => drop(schema.remove(keyword)),
            None => {}
        }
    }
}

/// Every reference leads to a place in the same document.
fn check_references(root: &Value, value: &Value, path: &str) -> Result<(), Objection> {
    match value {
        Value::Object(members) => {
            for (keyword, member) in members {
                let place = child(path, keyword);
                match (keyword.as_str(), member) {
                    ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(reference)) => check_reference(root, reference, &place)?,
                    ("enum" | "const" | "default" | "examples", _) => {}
                    _ => check_references(root, member, &place)?,
                }
            }
        }
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                check_references(root, member, &child(path, &index.to_string()))?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn check_reference(root: &Value, reference: &str, place: &str) -> Result<(), Objection> {
    let shown = cut(&escape_name(reference), 100);
    let Some(pointer) = reference.strip_prefix('#') else {
        return Err(Objection::new(
            place,
            format!("The schema refers to `{shown}`, which lies outside of it; references must begin with `#`."),
        ));
    };
    match merging::target(root, pointer) {
        Some(Value::Object(_)) => Ok(()),
        _ => Err(Objection::new(place, format!("The schema refers to `{shown}`, and it has no schema there."))),
    }
}

fn compiles(pattern: &str) -> bool {
    jsonschema::options().with_pattern_options(patterns()).offline().build(&json!({ "pattern": pattern })).is_ok()
}

/// In linear time: neither schema nor arguments are to be trusted.
fn patterns() -> PatternOptions<jsonschema::Regex> {
    PatternOptions::regex().size_limit(LARGEST_PATTERN)
}

pub(super) fn is_key(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
    !name.is_empty() && name.len() <= LONGEST_KEY && name.chars().all(plain)
}

fn sentence(problem: &str) -> String {
    let problem = cut(harmless(problem).trim().trim_end_matches('.'), 200);
    format!("This is not JSON Schema: {}.", problem.replace(['\n', '\t'], " "))
}

pub(super) fn child(path: &str, name: &str) -> String {
    format!("{path}/{}", pointer_part(name))
}

/// Whether a word is a type of JSON.
pub(super) fn is_type(word: &str) -> bool {
    TYPES.contains(&word)
}

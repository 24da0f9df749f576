//! Which JSON Schemas of others are accepted: small, flat, with references that stay inside the document and lead on.
//! Compiles no schema and looks at no instance.
//!
//! A schema costs more than its length: a reference may be followed by every reader of every other one. What is accepted
//! here is what [`super::schema_check`] can put a bound on, whichever keyword it uses.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Bytes of a schema as JSON, about.
const LARGEST: usize = 128 << 10;
/// Nesting of the document.
const DEEPEST: usize = 64;
/// Schemas inside each other, or referring to each other, that apply to one value.
const LONGEST_CHAIN: usize = 128;
/// Schemas that one value is held against, once all references are followed.
const MOST_EXPANDED: usize = 5_000;
const MOST_PATTERNS: usize = 100;
const LONGEST_PATTERN: usize = 1_024;
/// `unevaluatedItems` and `unevaluatedProperties`, each of which looks at all that is beside it once more.
const MOST_UNEVALUATED: usize = 16;

/// Whether a schema that a plugin, a server or a model supplied is accepted; else a clause that says why not, such as
/// "it has more than 131072 bytes".
pub fn accept(schema: &Value) -> Result<(), String> {
    if measure(schema, LARGEST, 0)?.is_none() {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    let mut reading = Reading { root: schema, expanded: HashMap::new(), ahead: vec![schema], patterns: 0, unevaluated: 0 };
    while let Some(next) = reading.ahead.pop() {
        reading.expand(next, 0)?;
    }
    Ok(())
}

/// Where the schemas under a keyword apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemaTarget {
    /// To the same value.
    Here,
    /// To something inside of it.
    Inside,
    /// Wherever they are referred to.
    Elsewhere,
}

/// The schemas under a keyword; none for a keyword that holds none.
pub(super) fn parts<'a>(keyword: &str, value: &'a Value) -> Option<(SchemaTarget, Vec<&'a Value>)> {
    let each = || match value {
        Value::Array(parts) => parts.iter().collect(),
        Value::Object(parts) => parts.values().collect(),
        _ => Vec::new(),
    };
    Some(match keyword {
        "allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "dependencies" => (SchemaTarget::Here, each()),
        "not" | "if" | "then" | "else" => (SchemaTarget::Here, vec![value]),
        "properties" | "patternProperties" | "prefixItems" => (SchemaTarget::Inside, each()),
        "items" if value.is_array() => (SchemaTarget::Inside, each()),
        "items"
        | "additionalItems"
        | "contains"
        | "additionalProperties"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => (SchemaTarget::Inside, vec![value]),
        "$defs" | "definitions" => (SchemaTarget::Elsewhere, each()),
        _ => return None,
    })
}

/// What a reference such as `#/$defs/name` means in the document.
pub(super) fn target<'a>(root: &'a Value, reference: &Value) -> Option<&'a Value> {
    root.pointer(&decode_pointer(reference.as_str()?.strip_prefix('#')?)?)
}

/// The bytes left of `left` after a document; none when it is larger.
fn measure(value: &Value, left: usize, depth: usize) -> Result<Option<usize>, String> {
    if depth > DEEPEST {
        return Err(format!("it is nested deeper than {DEEPEST}"));
    }
    let left = match value {
        Value::String(text) => left.checked_sub(text.len()),
        Value::Array(items) => items.iter().try_fold(Some(left), |left, item| match left {
            Some(left) => measure(item, left, depth + 1),
            None => Ok(None),
        })?,
        Value::Object(members) => members.iter().try_fold(Some(left), |left, (name, member)| {
            let left = left.and_then(|left| left.checked_sub(name.len() + 4));
            match left {
                Some(left) => measure(member, left, depth + 1),
                None => Ok(None),
            }
        })?,
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(left),
    };
    Ok(left.and_then(|left| left.checked_sub(4)))
}

struct Reading<'a> {
    root: &'a Value,
    /// How many schemas each comes to, by its address; none while that is found out.
    expanded: HashMap<*const Value, Option<usize>>,
    /// Schemas that apply to other values.
    ahead: Vec<&'a Value>,
    patterns: usize,
    unevaluated: usize,
}

impl<'a> Reading<'a> {
    fn expand(&mut self, schema: &'a Value, depth: usize) -> Result<usize, String> {
        let Value::Object(keywords) = schema else { return Ok(1) };
        match self.expanded.get(&std::ptr::from_ref(schema)) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err("a schema in it refers to itself for the same value".to_owned()),
            None => {}
        }
        if depth > LONGEST_CHAIN {
            return Err(format!("more than {LONGEST_CHAIN} schemas in it are inside each other or refer to each other"));
        }
        self.expanded.insert(schema, None);
        self.look(schema, keywords)?;
        let mut all = 1_usize;
        for (keyword, value) in keywords {
            if keyword == "$ref" {
                all += self.expand(self.referred(value)?, depth + 1)?;
            }
            let Some((place, parts)) = parts(keyword, value) else { continue };
            if place == SchemaTarget::Here {
                for part in parts {
                    all += self.expand(part, depth + 1)?;
                }
            } else {
                self.ahead.extend(parts);
            }
            if all > MOST_EXPANDED {
                return Err(format!("its references come to more than {MOST_EXPANDED} schemas for one value"));
            }
        }
        self.expanded.insert(schema, Some(all));
        Ok(all)
    }

    /// Keywords whose cost has no bound that could be told from here, or that are counted.
    fn look(&mut self, schema: &Value, keywords: &Map<String, Value>) -> Result<(), String> {
        if let Some(keyword) = ["$dynamicRef", "$recursiveRef"].into_iter().find(|keyword| keywords.contains_key(*keyword)) {
            return Err(format!("it uses `{keyword}`"));
        }
        let is_named = ["$id", "id"].into_iter().any(|name| keywords.get(name).is_some_and(|id| id.is_string()));
        if is_named && !std::ptr::eq(schema, self.root) {
            return Err("a schema inside of it has an `$id` of its own".to_owned());
        }
        self.unevaluated += keywords.keys().filter(|keyword| keyword.starts_with("unevaluated")).count();
        if self.unevaluated > MOST_UNEVALUATED {
            return Err(format!("it uses `unevaluatedProperties` and `unevaluatedItems` more than {MOST_UNEVALUATED} times"));
        }
        let names = keywords.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        for pattern in names.map(String::as_str).chain(keywords.get("pattern").and_then(Value::as_str)) {
            self.patterns += 1;
            if pattern.len() > LONGEST_PATTERN || self.patterns > MOST_PATTERNS {
                return Err(format!("it has more than {MOST_PATTERNS} patterns, or one of more than {LONGEST_PATTERN} bytes"));
            }
        }
        Ok(())
    }

    fn referred(&self, reference: &Value) -> Result<&'a Value, String> {
        target(self.root, reference).ok_or_else(|| {
            let reference: String = reference.as_str().unwrap_or("…").chars().take(100).flat_map(char::escape_debug).collect();
            format!("its reference `{reference}` does not lead to a place in it, such as `#/$defs/name`")
        })
    }
}

/// A pointer without its percent encoding; none when it is not UTF-8.
fn decode_pointer(pointer: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), pointer.as_bytes());
    while let [first, after @ ..] = rest {
        let code = (*first == b'%').then(|| after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()));
        match code.flatten() {
            Some(code) => {
                bytes.push(code);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Definitions each of which names the next one twice, by this keyword.
    fn fan_out(keyword: &str, levels: usize) -> Value {
        let mut definitions = json!({});
        for level in 0..levels {
            let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
            definitions[format!("d{level}")] = json!({ keyword: [next, next] });
        }
        definitions[format!("d{levels}")] = json!({ "type": "object" });
        json!({ "$defs": definitions, "$ref": "#/$defs/d0" })
    }

    /// `{"a": {"a": … }}` around a schema.
    fn nested(keyword: &str, levels: usize) -> Value {
        (0..levels).fold(json!({}), |inner, _| json!({ keyword: inner }))
    }

    #[test]
    fn what_people_write_is_accepted() {
        let tree = json!({
            "$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.org/tree", "type": "object",
            "definitions": { "a b": { "properties": { "next": { "$ref": "#" }, "$ref": { "type": "string" } } } },
            "properties": { "tree": { "$ref": "#/definitions/a%20b" }, "id": { "type": "string", "pattern": "^[a-z]+$" } },
            "additionalProperties": false
        });
        for schema in [tree, json!(true), json!({}), fan_out("anyOf", 5), json!({ "unevaluatedProperties": false })] {
            assert_eq!(accept(&schema), Ok(()), "{schema}");
        }
    }

    #[test]
    fn what_costs_more_than_its_length_is_rejected() {
        let patterns: Map<_, _> = (0..200).map(|number| (format!("^{number}"), json!(true))).collect();
        let many: Vec<_> = (0..100_000).map(|number| json!(number)).collect();
        let unevaluated = json!({ "allOf": (0..20).map(|_| json!({ "unevaluatedProperties": false })).collect::<Vec<_>>() });
        for (schema, reason) in [
            (fan_out("allOf", 36), "come to more than 5000"),
            (fan_out("anyOf", 36), "come to more than 5000"),
            (fan_out("oneOf", 14), "come to more than 5000"),
            (json!({ "$ref": "#" }), "refers to itself"),
            (json!({ "allOf": [{ "$ref": "#/allOf/0" }] }), "refers to itself"),
            (json!({ "not": { "if": { "$ref": "#" } } }), "refers to itself"),
            (nested("not", 70), "nested deeper"),
            (nested("properties", 70), "nested deeper"),
            (json!({ "enum": many }), "131072 bytes"),
            (json!({ "const": "x".repeat(200_000) }), "131072 bytes"),
            (json!({ "$dynamicRef": "#a" }), "`$dynamicRef`"),
            (json!({ "items": { "$recursiveRef": "#" } }), "`$recursiveRef`"),
            (json!({ "properties": { "a": { "$id": "other.json" } } }), "`$id` of its own"),
            (json!({ "$ref": "https://json-schema.org/draft/2020-12/schema" }), "does not lead"),
            (json!({ "$ref": "#anchor" }), "does not lead"),
            (json!({ "properties": { "a": { "$ref": "#/$defs/gone" } } }), "does not lead"),
            (json!({ "patternProperties": patterns }), "100 patterns"),
            (json!({ "pattern": "a".repeat(2_000) }), "1024 bytes"),
            (unevaluated, "more than 16 times"),
        ] {
            let rejected = accept(&schema).unwrap_err();
            assert!(rejected.contains(reason), "{rejected}");
        }
    }

    #[test]
    fn a_long_chain_of_definitions_takes_no_stack() {
        let definition = |number: usize| json!({ "properties": { "next": { "$ref": format!("#/$defs/d{number}") } } });
        let definitions: Map<_, _> = (0..1_500).map(|number| (format!("d{number}"), definition((number + 1) % 1_500))).collect();
        assert_eq!(accept(&json!({ "$defs": definitions, "$ref": "#/$defs/d0" })), Ok(()));
        let definitions: Map<_, _> =
            (0..1_500).map(|number| (format!("d{number}"), json!({ "$ref": format!("#/$defs/d{}", number + 1) }))).collect();
        assert!(accept(&json!({ "$defs": definitions, "$ref": "#/$defs/d1" })).is_err());
    }
}

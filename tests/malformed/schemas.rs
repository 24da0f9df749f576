//! JSON Schemas of tools and what they are held against: what costs more than its length is rejected before it is begun.

use std::time::Instant;

use baton::interfaces::{
    schema_bounds,
    schema_check::{self, Unchecked},
};
use serde_json::{Map, Value, json};

use crate::LONGEST;

/// Definitions each of which names the next one twice, by this keyword.
fn fan_out(keyword: &str) -> Value {
    let definition = |level: usize| {
        let next = json!({ "$ref": format!("#/$defs/d{}", level + 1) });
        (format!("d{level}"), if level < 40 { json!({ keyword: [next, next] }) } else { json!({ "type": "object" }) })
    };
    json!({ "type": "object", "$defs": (0..=40).map(definition).collect::<Map<_, _>>(), "$ref": "#/$defs/d0" })
}

/// Threat: A toolbox or a tool server declares a schema of a few KB whose references multiply to more checks than there is time
/// for: by `allOf`, `anyOf` or `oneOf`, by references to itself, by `$dynamicRef`, by an `$id` that changes what references
/// mean, or by hundreds of patterns.
/// Stopped by: A limit on size, depth and what the references multiply to, before the tool is offered and again before each
/// check.
/// Expects: The tool is rejected with the reason: "its references come to more than 5000 schemas for one value".
#[test]
fn a_schema_that_costs_more_than_its_length_is_rejected() {
    let patterns: Map<_, _> = (0..500).map(|number| (format!("^(a|b{number})*$"), json!({ "minLength": 1 }))).collect();
    let schemas = [
        fan_out("allOf"),
        fan_out("anyOf"),
        fan_out("oneOf"),
        json!({ "$ref": "#" }),
        json!({ "anyOf": [{ "not": { "$ref": "#" } }] }),
        json!({ "$dynamicAnchor": "a", "items": { "$dynamicRef": "#a" } }),
        json!({ "$defs": { "a": { "$id": "https://example.org/a", "$ref": "#/$defs/b" } }, "$ref": "#/$defs/a" }),
        json!({ "$ref": "https://json-schema.org/draft/2020-12/schema" }),
        json!({ "patternProperties": patterns }),
        json!({ "enum": vec!["x".repeat(100); 10_000] }),
    ];
    for schema in schemas {
        let begun = Instant::now();
        let reason = schema_bounds::accept(&schema).unwrap_err();
        assert!(!reason.contains(char::is_control) && reason.len() < 300, "{reason}");
        assert!(matches!(schema_check::check(&schema, &json!({}), 8), Err(Unchecked::Schema(_))));
        assert!(begun.elapsed() < LONGEST, "{reason}");
    }
}

/// Threat: Arguments and schema are both small, but checking one against the other takes long: `uniqueItems` over a long list,
/// long `enum`s or many branches for each item, `pattern` and `patternProperties` over long texts, `contains` in `contains`,
/// nested `unevaluatedProperties`, a schema that refers to itself and a deep value.
/// Stopped by: A limit on the steps of a check, computed from both before it begins; patterns that never backtrack.
/// Expects: "The arguments of `x` cannot be checked against its schema: that takes more than 4000000 steps."
#[test]
fn a_check_that_would_take_long_is_not_begun() {
    let numbers = |many: u64| (0..many).map(Value::from).collect::<Value>();
    let branches: Vec<_> = (0..2_000).map(|number| json!({ "required": [format!("a{number}")] })).collect();
    let wide: Value = Value::Object((0..1_000).map(|number| (format!("p{number}"), json!(number))).collect());
    let unevaluated = (0..10).fold(json!({ "type": "object" }), |inner, _| json!({ "unevaluatedProperties": false, "anyOf": [inner] }));
    let deep = (0..110).fold(json!({}), |inner, _| json!({ "next": inner }));
    let pairs = [
        (json!({ "uniqueItems": true }), numbers(200_000)),
        (json!({ "items": { "enum": numbers(3_000) } }), numbers(50_000)),
        (json!({ "items": { "oneOf": branches } }), Value::Array(vec![json!({}); 5_000])),
        (json!({ "pattern": "[ab]*a[ab]{500}c" }), json!("ab".repeat(500_000))),
        (json!({ "patternProperties": { "(x|xx|xxx){1,300}y": true } }), json!({ "x".repeat(500_000): 1 })),
        (unevaluated, wide),
        (json!({ "properties": { "next": { "allOf": [{ "$ref": "#" }, { "allOf": [{ "$ref": "#" }] }] } } }), deep),
    ];
    for (schema, instance) in pairs {
        let begun = Instant::now();
        let checked = schema_check::check(&schema, &instance, 8);
        assert!(matches!(checked, Err(Unchecked::Costly(_))), "{checked:?} of {:.100}", schema.to_string());
        assert!(begun.elapsed() < LONGEST, "{:.100}", schema.to_string());
    }
}

//! Every keyword that is checked, with a document that fits and one that does not.

use serde_json::{Value, json};

use super::{listed, violations};

#[test]
fn each_keyword_tells_good_from_bad() {
    let cases = [
        (json!({ "type": "string" }), json!("a"), json!(1)),
        (json!({ "type": ["string", "null"] }), json!(null), json!(true)),
        (json!({ "type": "integer" }), json!(2.0), json!(2.5)),
        (json!({ "enum": ["a", 1] }), json!(1), json!("b")),
        (json!({ "const": {"a": 1} }), json!({"a": 1}), json!({"a": 2})),
        (json!({ "required": ["a"] }), json!({"a": null}), json!({"b": 1})),
        (json!({ "properties": {"a": {"type": "string"}} }), json!({"a": "x", "b": 1}), json!({"a": 1})),
        (json!({ "properties": {"a": true}, "additionalProperties": false }), json!({"a": 1}), json!({"b": 1})),
        (json!({ "additionalProperties": {"type": "string"} }), json!({"b": "x"}), json!({"b": 1})),
        (json!({ "items": {"type": "string"} }), json!(["a"]), json!(["a", 1])),
        (json!({ "prefixItems": [{"type": "string"}], "items": {"type": "integer"} }), json!(["a", 1]), json!(["a", "b"])),
        (json!({ "minItems": 1 }), json!([1]), json!([])),
        (json!({ "maxItems": 1 }), json!([1]), json!([1, 2])),
        (json!({ "uniqueItems": true }), json!([1, 2]), json!([1, 1])),
        (json!({ "minLength": 2 }), json!("äö"), json!("ä")),
        (json!({ "maxLength": 1 }), json!("ä"), json!("äö")),
        (json!({ "minProperties": 1 }), json!({"a": 1}), json!({})),
        (json!({ "maxProperties": 0 }), json!({}), json!({"a": 1})),
        (json!({ "minimum": 1 }), json!(1), json!(0.5)),
        (json!({ "maximum": 1 }), json!(1), json!(1.5)),
        (json!({ "exclusiveMinimum": 1 }), json!(2), json!(1)),
        (json!({ "exclusiveMaximum": 1 }), json!(0), json!(1)),
        (json!({ "allOf": [{"type": "string"}, {"minLength": 1}] }), json!("a"), json!("")),
        (json!({ "anyOf": [{"type": "string"}, {"type": "null"}] }), json!(null), json!(1)),
        (json!({ "oneOf": [{"type": "integer"}, {"minimum": 5}] }), json!(1), json!(6)),
        (json!({ "not": {"type": "string"} }), json!(1), json!("a")),
        (json!({ "$ref": "#/$defs/key", "$defs": {"key": {"type": "string"}} }), json!("a"), json!(1)),
    ];
    for (schema, good, bad) in cases {
        assert_eq!(violations(&schema, &good), [], "{schema} refuses {good}");
        assert!(!violations(&schema, &bad).is_empty(), "{schema} accepts {bad}");
    }
}

#[test]
fn a_violation_names_its_place() {
    let schema = json!({ "properties": { "a/b": { "items": { "required": ["key"] } } } });
    let found = violations(&schema, &json!({ "a/b": [{}] }));
    assert_eq!(listed(&found), "- /a~1b/0 lacks `key`");
    assert_eq!(listed(&violations(&json!({"type": "object"}), &json!([]))), "- the document must be of type object");
}

#[test]
fn a_schema_that_names_itself_ends() {
    let schema = json!({ "$ref": "#" });
    assert!(!violations(&schema, &json!(1)).is_empty());
    let tree = json!({ "properties": { "next": { "$ref": "#" } }, "type": "object" });
    assert_eq!(violations(&tree, &json!({ "next": { "next": {} } })), []);
}

#[test]
fn keywords_of_the_wrong_form_do_no_harm() {
    let schema = json!({ "type": 7, "required": "a", "items": 3, "properties": [], "minItems": "x", "$ref": 1, "anyOf": [true] });
    assert_eq!(violations(&schema, &json!([1])), []);
    assert_eq!(violations(&Value::Bool(true), &json!(1)), []);
}

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

#[test]
fn a_check_that_costs_more_than_its_text_ends() {
    let numbers = |many: u64| (0..many).map(Value::from).collect::<Value>();
    let tree = json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }], "maxProperties": 0 });
    let branches: Vec<_> = (0..2_000).map(|number| json!({ "required": [format!("a{number}")] })).collect();
    for (schema, document) in [
        (fan_out("allOf", 30), json!({})),
        (fan_out("anyOf", 30), json!([])),
        (fan_out("oneOf", 30), json!({})),
        (tree, json!({ "a": 1 })),
        (json!({ "items": { "enum": numbers(3_000) } }), numbers(3_000)),
        (json!({ "items": { "not": { "anyOf": branches } } }), Value::Array(vec![json!({}); 3_000])),
    ] {
        let found = violations(&schema, &document);
        assert_eq!(listed(&found), "- the document is too much to be checked against this schema", "{:.100}", schema.to_string());
    }
    assert_eq!(violations(&json!({ "uniqueItems": true }), &numbers(50_000)), []);
    let rows: Value = (0..5_000).map(|number| json!({ "a": number, "b": "text" })).collect();
    let row = json!({ "type": "object", "required": ["a", "b"], "properties": { "a": { "type": "integer" }, "b": { "type": "string" } } });
    assert_eq!(violations(&json!({ "type": "array", "items": row }), &rows), []);
    assert_eq!(violations(&json!({ "items": { "type": "string" } }), &numbers(5_000)).len(), 100, "the first ones");
}

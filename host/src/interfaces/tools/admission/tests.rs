//! Schemas and names as servers send them, each with what is offered instead.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::interfaces::toolboxes::Effects;

fn tool(name: &str, parameters: Value) -> Declared {
    Declared { name: name.to_owned(), description: "Does.".to_owned(), parameters, effects: Effects::default() }
}

fn admitted(tools: impl IntoIterator<Item = Declared>) -> Roster {
    let mut admission = Admission::new(OF_SERVERS);
    tools.into_iter().for_each(|tool| admission.add(tool));
    admission.into_roster()
}

/// The schema that is offered for one that is declared.
fn offered(parameters: Value) -> Value {
    let roster = admitted([tool("a", parameters.clone())]);
    let [tool] = &roster.tools[..] else { panic!("{parameters} is quarantined: {:?}", roster.quarantined) };
    assert!(arguments_of(tool).is_ok(), "{}", tool.parameters);
    tool.parameters.clone()
}

fn arguments_of(tool: &Declared) -> Result<jsonschema::Validator, String> {
    jsonschema::options().build(&tool.parameters).map_err(|error| error.to_string())
}

fn objection(parameters: Value) -> String {
    let roster = admitted([tool("good", json!({ "type": "object" })), tool("bad", parameters.clone())]);
    assert_eq!(roster.tools.len(), 1, "{parameters} is offered");
    let Quarantined { name, field, reason } = &roster.quarantined[0];
    assert!(name == "bad" && reason.ends_with('.') && !reason.contains(char::is_control), "{reason}");
    format!("{field}: {reason}")
}

#[test]
fn what_means_the_same_in_another_form_is_rewritten() {
    let property = |schema: Value| json!({ "type": "object", "properties": { "a": schema } });
    let cases = [
        (json!({}), json!({ "type": "object", "properties": {} })),
        (json!({ "type": ["object", "null"], "properties": null }), json!({ "type": "object", "properties": {} })),
        (json!({ "$schema": "https://example.invalid/own", "$id": "x", "type": "object" }), json!({ "type": "object", "properties": {} })),
        (property(json!(true)), property(json!({}))),
        (property(json!(false)), json!({ "type": "object", "properties": {} })),
        (property(json!({ "type": "string", "enum": [] })), json!({ "type": "object", "properties": {} })),
        (property(json!({ "type": "array", "items": { "enum": [] } })), property(json!({ "type": "array", "items": { "not": {} } }))),
        (property(json!({ "minimum": 0, "exclusiveMinimum": true })), property(json!({ "exclusiveMinimum": 0 }))),
        (property(json!({ "maximum": 9, "exclusiveMaximum": false })), property(json!({ "maximum": 9 }))),
        (property(json!({ "type": "any" })), property(json!({}))),
        (property(json!({ "type": ["string", "string"] })), property(json!({ "type": "string" }))),
        (property(json!({ "type": "array" })), property(json!({ "type": "array", "items": {} }))),
        (
            property(json!({ "type": "array", "items": [{ "type": "string" }], "additionalItems": false })),
            property(json!({ "type": "array", "prefixItems": [{ "type": "string" }], "items": { "not": {} } })),
        ),
        (property(json!({ "enum": ["x", "y", "x"] })), property(json!({ "type": "string", "enum": ["x", "y"] }))),
        (property(json!({ "enum": ["x", 1] })), property(json!({ "enum": ["x", 1] }))),
        (property(json!({ "description": 7, "title": null })), property(json!({}))),
        (property(json!({ "description": "a\u{1b}[2Jb" })), property(json!({ "description": "a[2Jb" }))),
        (
            property(json!({ "type": "string", "required": true })),
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] }),
        ),
        (json!({ "type": "object", "required": ["a", "a"] }), json!({ "type": "object", "properties": { "a": {} }, "required": ["a"] })),
    ];
    for (declared, expected) in cases {
        assert_eq!(offered(declared.clone()), expected, "{declared}");
    }
}

#[test]
fn an_argument_with_a_name_that_providers_reject_is_left_out_and_named() {
    let long = "x".repeat(80);
    let properties = json!({ "$.xgafv": {}, "a b": {}, long: {}, "": {}, "good-1._": { "type": "string" } });
    let roster = admitted([tool("a", json!({ "type": "object", "properties": properties }))]);
    assert_eq!(roster.tools[0].parameters, json!({ "type": "object", "properties": { "good-1._": { "type": "string" } } }));
    let notes = &roster.mended["a"];
    assert!(notes.len() == 4 && notes.iter().any(|note| note.contains("`$.xgafv`")), "{notes:?}");
    let required = objection(json!({ "type": "object", "properties": { "a b": {} }, "required": ["a b"] }));
    assert!(required.starts_with("inputSchema/properties/a b: "), "{required}");
    let nested = json!({ "type": "object", "properties": { "a": { "type": "object", "properties": { "b c": {} } } } });
    assert_eq!(offered(nested)["properties"]["a"]["properties"], json!({}));
}

#[test]
fn alternatives_at_the_top_are_written_as_one_object_where_that_means_the_same() {
    let object = |properties: Value| json!({ "type": "object", "properties": properties });
    let a = json!({ "type": "string" });
    let joined = json!({ "type": "object", "properties": { "a": a, "b": a }, "required": ["a", "b"] });
    let cases = [
        (json!({ "anyOf": [{ "type": "object" }, { "type": "string" }] }), object(json!({}))),
        (json!({ "oneOf": [{ "type": "null" }, object(json!({ "a": a }))] }), object(json!({ "a": a }))),
        (json!({ "allOf": [{ "properties": { "a": a }, "required": ["a"] }, { "properties": { "b": a }, "required": ["b"] }] }), joined),
        (
            json!({ "$ref": "#/$defs/in%20put", "$defs": { "in put": object(json!({ "a": a })) } }),
            json!({ "type": "object", "properties": { "a": a }, "$defs": { "in put": object(json!({ "a": a })) } }),
        ),
        (
            json!({ "type": "object", "properties": { "a": a, "b": a }, "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }),
            object(json!({ "a": a, "b": a })),
        ),
    ];
    for (declared, expected) in cases {
        assert_eq!(offered(declared.clone()), expected, "{declared}");
    }
    for (declared, field) in [
        (json!({ "anyOf": [object(json!({ "a": a })), object(json!({ "b": a }))] }), "inputSchema/anyOf"),
        (json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }), "inputSchema/oneOf"),
        (json!({ "allOf": [{ "properties": { "a": a } }, { "properties": { "a": { "type": "integer" } } }] }), "inputSchema/allOf"),
        (
            json!({ "allOf": [{ "properties": { "a": a }, "additionalProperties": false }, { "properties": { "b": a } }] }),
            "inputSchema/allOf",
        ),
        (json!({ "type": "object", "not": { "required": ["a"] } }), "inputSchema/not"),
        (json!({ "enum": [{}] }), "inputSchema/enum"),
        (json!({ "type": "object", "enum": [] }), "inputSchema/not"),
        (json!({ "type": "object", "properties": { "a": { "enum": [] } }, "required": ["a"] }), "inputSchema/properties/a"),
        (json!({ "type": "object", "allOf": [{ "$ref": "#" }] }), "inputSchema/$ref"),
    ] {
        assert!(objection(declared.clone()).starts_with(&format!("{field}: ")), "{declared}: {}", objection(declared.clone()));
    }
}

/// Definitions that each ask for the next one twice.
fn fan_out() -> Value {
    let twice = |number: u32| {
        let next = json!({ "$ref": format!("#/$defs/d{}", number + 1) });
        (format!("d{number}"), json!({ "allOf": [next.clone(), next] }))
    };
    let mut definitions: Map<_, _> = (0..36).map(twice).collect();
    definitions.insert("d36".to_owned(), json!({ "type": "string" }));
    json!({ "type": "object", "properties": { "text": { "$ref": "#/$defs/d0" } }, "$defs": definitions })
}

#[test]
fn what_no_provider_takes_is_quarantined_with_its_place() {
    let property = |schema: Value| json!({ "type": "object", "properties": { "a": schema } });
    for (declared, part) in [
        (json!(true), "inputSchema: This is not an object"),
        (json!(null), "inputSchema: This is not an object"),
        (json!([]), "inputSchema: This is not an object"),
        (json!({ "type": "objekt", "properties": 5 }), "inputSchema/type: "),
        (json!({ "type": "\u{7f}bject" }), "inputSchema/type: The type is \"\\u{7f}bject\"; "),
        (json!({ "type": "string" }), "inputSchema/type: "),
        (json!({ "type": "object", "properties": 5 }), "inputSchema/properties: "),
        (property(json!(7)), "inputSchema/properties/a: This is not a schema"),
        (property(json!({ "type": "date" })), "inputSchema/properties/a/type: "),
        (property(json!({ "minimum": "0" })), "inputSchema/properties/a/minimum: "),
        (property(json!({ "$ref": "http://127.0.0.1:9/x.json" })), "inputSchema/properties/a/$ref: The schema refers to `http:"),
        (property(json!({ "$ref": "other.json#/a" })), "inputSchema/properties/a/$ref: "),
        (property(json!({ "$ref": "#/definitions/missing" })), "and it has no schema there"),
        (property(json!({ "default": { "$ref": "#/a" }, "$ref": "#/b" })), "inputSchema/properties/a/$ref: "),
        (json!({ "type": "object", "properties": { "a": false }, "required": ["a"] }), "no value is allowed"),
        (json!({ "type": "object", "required": ["#"] }), "inputSchema/required: A required argument"),
        (json!({ "allOf": [{ "required": ["a b"] }] }), "inputSchema/required: A required argument"),
        (json!({ "type": "object", "description": "x".repeat(LARGEST_SCHEMA) }), "inputSchema: The schema has "),
        (fan_out(), "inputSchema: Baton does not accept this schema: its references come to more than "),
        (property(json!({ "allOf": [{ "$ref": "#/properties/a" }] })), "a schema in it refers to itself for the same value"),
    ] {
        assert!(objection(declared.clone()).contains(part), "{part}: {}", objection(declared));
    }
}

#[test]
fn a_pattern_that_cannot_be_checked_in_linear_time_is_left_to_the_tool() {
    for pattern in ["^(?!x).*$", "(", "(a{0,1000}){0,1000}"] {
        let roster = admitted([tool("a", json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": pattern } } }))]);
        assert_eq!(roster.tools[0].parameters["properties"]["a"], json!({ "type": "string" }), "{pattern}");
        assert!(roster.mended["a"][0].contains("`/properties/a`"), "{:?}", roster.mended);
    }
    assert_eq!(offered(json!({ "properties": { "a": { "pattern": "^[a-z]+$" } } }))["properties"]["a"]["pattern"], "^[a-z]+$");
    assert_eq!(offered(json!({ "patternProperties": { "(": {}, "^a": true } }))["patternProperties"], json!({ "^a": {} }));
}

#[test]
fn a_name_is_plain_or_the_tool_is_quarantined() {
    let object = || json!({ "type": "object" });
    for name in ["", "a b", "a\u{1b}[2J", "ä", "a\u{308}", ".", "../x", "/", "-a", &"x".repeat(129)] {
        let roster = admitted([tool(name, object()), tool("good", object())]);
        assert_eq!((roster.tools.len(), roster.quarantined[0].field.as_str()), (1, "name"), "{name:?}");
        assert!(!roster.quarantined[0].name.contains(char::is_control));
    }
    assert_eq!(admitted(["a.b", "a/b", "A-1", "_x"].map(|name| tool(name, object()))).tools.len(), 4);
    let toolbox = of_toolbox(vec![tool("a.b", object()), tool("a_b", object()), tool(&"x".repeat(65), object())]);
    assert_eq!((toolbox.tools.len(), toolbox.quarantined.len()), (1, 2));
    assert!(of_toolbox(vec![tool("a", json!(7))]).quarantined[0].field == "parameters");
}

#[test]
fn a_tool_is_offered_once() {
    let object = json!({ "type": "object" });
    let other = json!({ "type": "object", "properties": { "second": { "type": "string" } } });
    let roster = admitted([tool("a", object.clone()), tool("a", object.clone()), tool("a", other), tool("b", object)]);
    assert_eq!(roster.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(roster.quarantined.len(), 1);
    assert!(roster.quarantined[0].reason.contains("same name"));
}

#[test]
fn there_are_at_most_so_many() {
    let roster = admitted((0..10_000).map(|number| tool(&format!("t{number}"), json!({ "type": "object" }))));
    assert_eq!((roster.tools.len(), roster.left_out), (512, 9_488));
    let broken = admitted((0..10_000).map(|number| tool(&format!("{number} "), json!({}))));
    assert_eq!((broken.quarantined.len(), broken.left_out), (512, 9_488));
}

#[test]
fn a_description_is_short_text() {
    let wordy = Declared { description: format!("\u{1b}[2J{}", "ä".repeat(9000)), ..tool("a", json!({})) };
    let roster = admitted([wordy, Declared { description: String::new(), ..tool("b", json!({})) }]);
    assert_eq!(roster.tools[0].description.chars().count(), LONGEST_DESCRIPTION + 1);
    assert!(roster.tools[0].description.starts_with("[2Jä") && roster.mended["a"][0].contains("4096"));
}

#[test]
fn the_hosts_own_tools_need_no_mending() {
    let own = crate::interfaces::tools::builtin::all();
    let roster = of_toolbox(own.clone());
    assert_eq!((roster.tools, roster.quarantined, roster.mended.len()), (own, Vec::new(), 0));
}

/// Schemas that are made up of the words that matter.
fn made_up() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &["object", "string", "any", "a", "a b", "#", "#/$defs/a", "#/properties/a", "http://x", "(", "^a", ""];
    let leaf = prop_oneof![
        prop::sample::select(WORDS).prop_map(|word| json!(word)),
        any::<bool>().prop_map(|flag| json!(flag)),
        (-2_i64..3).prop_map(|number| json!(number)),
        Just(Value::Null),
    ];
    const KEYS: &[&str] = &[
        "type",
        "properties",
        "required",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "enum",
        "const",
        "$ref",
        "$defs",
        "pattern",
        "patternProperties",
        "additionalProperties",
        "minimum",
        "exclusiveMinimum",
        "description",
        "$schema",
        "a",
        "b",
        "a b",
        "$.x",
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            2 => prop::collection::btree_map(prop::sample::select(KEYS).prop_map(str::to_owned), inner.clone(), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::Array),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_declared_what_is_offered_is_what_providers_take(schemas in prop::collection::vec(made_up(), 1..6)) {
        let roster = admitted(schemas.iter().enumerate().map(|(number, schema)| tool(&format!("t{number}"), schema.clone())));
        prop_assert_eq!(roster.tools.len() + roster.quarantined.len(), schemas.len());
        for tool in &roster.tools {
            prop_assert!(tool.parameters["type"] == "object" && tool.parameters["properties"].is_object(), "{}", tool.parameters);
            for keyword in ["anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref", "$schema"] {
                prop_assert!(tool.parameters.get(keyword).is_none(), "{}", tool.parameters);
            }
            prop_assert!(arguments_of(tool).is_ok(), "{}", tool.parameters);
            // What is offered needs nothing more.
            prop_assert_eq!(&offered(tool.parameters.clone()), &tool.parameters);
        }
        for quarantined in &roster.quarantined {
            prop_assert!(quarantined.reason.ends_with('.') && !quarantined.reason.contains(char::is_control), "{:?}", quarantined);
        }
    }
}

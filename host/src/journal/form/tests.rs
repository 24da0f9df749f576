use proptest::{collection, prelude::*};
use serde_json::{Map, Value, json};

use super::*;

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}|[\"\\\\\n\u{1}\u{7f}/]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            collection::vec(("[a-c~/\u{e9}]{0,3}", inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same document with every object built from its last member to its first.
fn turned(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(turned).collect(),
        Value::Object(members) => {
            let mut turned_round: Vec<_> = members.iter().map(|(name, value)| (name.clone(), turned(value))).collect();
            turned_round.reverse();
            Value::Object(turned_round.into_iter().collect())
        }
        other => other.clone(),
    }
}

/// The same document with a member more in every object, which is absent.
fn with_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_nulls).collect(),
        Value::Object(members) => {
            let absent = [("!".to_owned(), Value::Null), ("zz".to_owned(), Value::Null)];
            let given = members.iter().map(|(name, value)| (name.clone(), with_nulls(value)));
            Value::Object(absent.into_iter().chain(given).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn neither_order_nor_absent_members_make_a_difference(value in document()) {
        let text = canonical(&value);
        prop_assert_eq!(canonical(&turned(&value)), text.clone());
        prop_assert_eq!(canonical(&with_nulls(&value)), text);
        prop_assert_eq!(Difference::first(&turned(&value), &with_nulls(&value)), None);
        prop_assert_eq!(hash("a.b", &turned(&value)), hash("a.b", &with_nulls(&value)));
    }

    #[test]
    fn a_document_that_passed_through_text_is_the_same(value in document()) {
        let text = canonical(&value);
        for passed in [value.to_string(), serde_json::to_string_pretty(&value).unwrap(), text.clone()] {
            prop_assert_eq!(canonical(&read(&passed)), text.clone());
        }
    }

    #[test]
    fn documents_are_the_same_or_differ_at_a_place(one in document(), other in document()) {
        let is_same = canonical(&one) == canonical(&other);
        prop_assert_eq!(hash("a.b", &one) == hash("a.b", &other), is_same);
        match Difference::first(&one, &other) {
            None => prop_assert!(is_same),
            Some(found) => {
                prop_assert!(!is_same);
                prop_assert_eq!(canonical_at(&one, &found.pointer).is_none(), found.recorded.is_none());
                prop_assert_eq!(canonical_at(&other, &found.pointer).is_none(), found.now.is_none());
                prop_assert_ne!(canonical_at(&one, &found.pointer), canonical_at(&other, &found.pointer));
            }
        }
    }
}

/// What is at a place, where a member that is null is not there.
fn canonical_at(value: &Value, pointer: &str) -> Option<String> {
    let is_member = pointer.rsplit_once('/').is_some_and(|(above, _)| value.pointer(above).is_some_and(Value::is_object));
    value.pointer(pointer).filter(|value| !is_member || !value.is_null()).map(canonical)
}

/// Form 1 for ever: a change of these needs another form.
#[test]
fn form_1_is_spelled_like_this() {
    let value = json!({ "b": [1, -1, 1.0, -0.0, 1.5e-7, 0.1, 1e300, 9_007_199_254_740_993_u64, null], "a": { "é": "ü/\"\\\n\u{7f}", "Z": true, "n": null }, "": {} });
    let text =
        r#"{"":{},"a":{"Z":true,"é":"ü/\"\\\u000a"#.to_owned() + "\u{7f}" + r#""},"b":[1,-1,1,0,1.5e-7,1e-1,1e300,9007199254740993,null]}"#;
    assert_eq!(canonical(&value), text);
    assert_eq!(FORM, 1);
    assert_eq!(
        hash("files.read", &json!({ "path": "a", "limit": null })),
        "3b4dec7f6a1719df7a7a3c088e6fa6399f0c2b7c9813e6ed801015296fa62a95"
    );
    assert_ne!(hash("files.read", &json!(1)), hash("files.rea", &json!("d1")));
}

/// The host parses numbers exactly and keeps the order of what it gives to guests. Both are features of the JSON crate that
/// the host names itself: without them a replayed answer could be another than the first.
#[test]
fn answers_are_read_as_they_were_written() {
    assert_eq!(serde_json::from_str::<Value>("1.7976931348623157e308").unwrap(), json!(f64::MAX));
    assert_eq!(serde_json::from_str::<f64>("31.245270191439438").unwrap().to_bits(), 31.245_270_191_439_438_f64.to_bits());
    assert_eq!(read(r#"{"b":1,"a":2}"#).to_string(), r#"{"b":1,"a":2}"#);
}

#[test]
fn the_first_difference_is_shown_with_what_is_around_it() {
    let differs = |recorded: Value, now: Value| Difference::first(&recorded, &now).unwrap();
    let found = differs(json!({ "path": "a", "list": [1, { "x/y~": 2 }] }), json!({ "list": [1, { "x/y~": 3 }], "path": "b" }));
    assert_eq!((found.pointer.as_str(), found.recorded.as_deref(), found.now.as_deref()), ("/list/1/x~1y~0", Some("2"), Some("3")));
    let found = differs(json!({ "a": [1] }), json!({ "a": [1, null], "b": null }));
    assert_eq!((found.pointer.as_str(), found.recorded.as_deref(), found.now.as_deref()), ("/a/1", None, Some("null")));
    let found = differs(json!("one"), json!(1));
    assert_eq!((found.pointer.as_str(), found.recorded.as_deref(), found.now.as_deref()), ("", Some("\"one\""), Some("1")));
    let long = |middle: &str| json!({ "text": format!("{}{middle}{}", "ü".repeat(10_000), "\n".repeat(10_000)) });
    let found = differs(long("alpha"), long("beta"));
    let expected = |middle: &str| format!("\"…{}{middle}{}…\"", "ü".repeat(40), "\\u000a".repeat(40 - middle.len()));
    assert_eq!((found.recorded, found.now), (Some(expected("alpha")), Some(expected("beta"))));
    let found = differs(json!({ "a": Map::new() }), json!({ "a": (0..1_000).collect::<Vec<_>>() }));
    assert_eq!(found.now.unwrap().chars().count(), 81);
}

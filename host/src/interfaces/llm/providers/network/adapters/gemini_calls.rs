//! Calls of Gemini's that come in pieces: each but the last says `willContinue`, and arguments come as values with the paths
//! at which they belong.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::items;

/// Adds a part, or makes it a part of the call before it, where that goes on.
pub(super) fn join(parts: &mut Vec<Value>, part: &Value) {
    let piece = &part["functionCall"];
    let before = parts.last_mut().map(|part| &mut part["functionCall"]).filter(|call| call["willContinue"] == true);
    match before {
        Some(call) if piece.is_object() => add(call, piece),
        _ if piece["partialArgs"].is_array() => {
            let mut part = part.clone();
            part["functionCall"] = json!({});
            add(&mut part["functionCall"], piece);
            parts.push(part);
        }
        _ => parts.push(part.clone()),
    }
}

/// The arguments of a call. Those of one that was to go on and did not are a text, which the model is told of.
pub(super) fn arguments(call: &Value) -> Value {
    if call["willContinue"] == true { json!(format!("{}…", call["args"])) } else { call["args"].clone() }
}

fn add(call: &mut Value, piece: &Value) {
    for field in ["id", "name"] {
        if call[field].is_null() && !piece[field].is_null() {
            call[field] = piece[field].clone();
        }
    }
    if !call["args"].is_object() {
        call["args"] = Value::Object(Map::new());
    }
    if let (Some(known), Some(more)) = (call["args"].as_object_mut(), piece["args"].as_object()) {
        known.extend(more.clone());
    }
    let is_understood = items(&piece["partialArgs"]).all(|partial| put(&mut call["args"], partial).is_some());
    if !is_understood {
        call["args"] = json!(format!("{}…", piece["partialArgs"]));
    }
    call["willContinue"] = json!(piece["willContinue"] == true);
}

/// Puts a value where its path says. Texts come in pieces.
fn put(arguments: &mut Value, partial: &Value) -> Option<()> {
    let place = at(arguments, partial["jsonPath"].as_str()?)?;
    match (&partial["stringValue"], &mut *place) {
        (Value::String(piece), Value::String(text)) => text.push_str(piece),
        (text @ Value::String(_), _) => *place = text.clone(),
        _ => {
            let value = ["numberValue", "boolValue"].into_iter().map(|kind| &partial[kind]).find(|value| !value.is_null());
            *place = value.cloned().unwrap_or_default();
        }
    }
    Some(())
}

/// The place of a path such as `$.a.b[0]`, made where it is not there yet.
fn at<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let step = Regex::new(r"^(?:\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\])").ok()?;
    let (mut place, mut rest) = (value, path.strip_prefix('$')?);
    while !rest.is_empty() {
        let found = step.captures(rest)?;
        rest = &rest[found.get(0)?.end()..];
        place = match found.get(1).or(found.get(3)) {
            Some(name) => {
                if place.is_null() {
                    *place = Value::Object(Map::new());
                }
                place.as_object_mut()?.entry(name.as_str()).or_insert(Value::Null)
            }
            None => element(place, found.get(2)?.as_str().parse().ok()?)?,
        };
    }
    Some(place)
}

/// An element of a list, which may be the next one that it gets.
fn element(list: &mut Value, index: usize) -> Option<&mut Value> {
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let list = list.as_array_mut()?;
    if index == list.len() {
        list.push(Value::Null);
    }
    list.get_mut(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pieces: &[Value]) -> Vec<Value> {
        let mut parts = Vec::new();
        pieces.iter().for_each(|piece| join(&mut parts, &json!({ "functionCall": piece })));
        parts
    }

    #[test]
    fn a_call_in_pieces_is_one_call() {
        let text = |piece: &str, goes_on: bool| json!({"jsonPath": "$.place.name", "stringValue": piece, "willContinue": goes_on});
        let number = json!({"jsonPath": "$.days[0]", "numberValue": 3});
        let parts = joined(&[
            json!({"name": "weather", "id": "a", "willContinue": true}),
            json!({"partialArgs": [text("Ro", true)], "willContinue": true}),
            json!({"partialArgs": [text("me", false), number], "willContinue": true}),
            json!({}),
            json!({"name": "weather", "args": {"place": "Oslo"}}),
        ]);
        assert_eq!(parts.len(), 2, "{parts:?}");
        let call = &parts[0]["functionCall"];
        assert_eq!((&call["name"], &call["id"]), (&json!("weather"), &json!("a")));
        assert_eq!(arguments(call), json!({"place": {"name": "Rome"}, "days": [3]}));
        assert_eq!(arguments(&parts[1]["functionCall"]), json!({"place": "Oslo"}));
    }

    #[test]
    fn what_was_to_go_on_or_is_not_understood_is_a_text() {
        let cut = joined(&[json!({"name": "weather", "args": {"a": 1}, "willContinue": true})]);
        assert_eq!(arguments(&cut[0]["functionCall"]), json!("{\"a\":1}…"));
        for path in ["place", "$..a", "$[0]", "$.a[7]", "$.a[", ""] {
            let odd = joined(&[json!({"name": "weather", "partialArgs": [{"jsonPath": path, "stringValue": "x"}]})]);
            assert!(arguments(&odd[0]["functionCall"]).is_string(), "{path}");
        }
    }
}

//! `docs/events.md` has every kind of event, from the types of their particulars.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use baton::operations::events::{Category, EventKind, kinds};
use serde_json::Value;

use super::Page;

#[test]
fn every_kind_of_event_is_on_its_page() {
    let (mut text, mut types) = (String::new(), BTreeMap::new());
    for category in Category::ALL {
        let mut of_category: Vec<_> = kinds().filter(|kind| kind.category == category).collect();
        of_category.sort_by_key(|kind| kind.name);
        if !of_category.is_empty() {
            writeln!(text, "## {}\n", category.as_str()).unwrap();
        }
        of_category.iter().for_each(|kind| write_kind(kind, &mut text, &mut types));
    }
    writeln!(text, "## Types\n").unwrap();
    let mut written = BTreeSet::new();
    while let Some((name, (part, root))) = types.pop_first() {
        if written.insert(name.clone()) {
            writeln!(text, "### {name}\n\n{}\n", sentence(&part)).unwrap();
            write_fields(&part, &root, &mut text, &mut types);
        }
    }
    Page::named("../events.md").holds(&text);
}

/// The parts of schemas that have a place of their own, each with the schema that it is a part of.
type Types = BTreeMap<String, (Value, Value)>;

fn write_kind(kind: &EventKind, text: &mut String, types: &mut Types) {
    let schema = kind.schema();
    let module = kind.module.trim_start_matches("baton::").trim_end_matches("::events").replace("::", "/");
    writeln!(text, "### {}.{}\n\n{}\n", kind.category.as_str(), kind.name, sentence(&schema)).unwrap();
    writeln!(text, "Level `{}`. From `{module}`.\n", kind.level.as_str()).unwrap();
    write_fields(&schema, &schema, text, types);
}

fn write_fields(schema: &Value, root: &Value, text: &mut String, types: &mut Types) {
    let rows = rows(schema, root, types);
    if rows.is_empty() {
        return;
    }
    writeln!(text, "| field | type | |\n|---|---|---|").unwrap();
    for (name, kind, sentence) in rows {
        writeln!(text, "| `{name}` | {kind} | {sentence} |").unwrap();
    }
    text.push('\n');
}

fn rows(schema: &Value, root: &Value, types: &mut Types) -> Vec<(String, String, String)> {
    if let Some(target) = resolved(schema, root) {
        return rows(target, root, types);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| rows(part, root, types)).collect();
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        let mut seen = BTreeSet::new();
        let rows: Vec<_> = ways.iter().flat_map(|way| rows(way, root, types)).collect();
        return rows.into_iter().filter(|row| seen.insert(row.clone())).collect();
    }
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut rows = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let optional = if required.contains(&name.as_str()) { "" } else { ", may be absent" };
        rows.push((name.clone(), kind(property, root, types) + optional, sentence(property)));
    }
    rows
}

fn kind(schema: &Value, root: &Value, types: &mut Types) -> String {
    if let Some(target) = resolved(schema, root) {
        let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let is_plain = target["type"] == "string" || target.get("properties").is_none() && target.get("oneOf").is_none();
        if is_plain && words(target).is_none() {
            return kind(target, root, types);
        }
        if let Some(words) = words(target) {
            return words;
        }
        types.insert(name.to_owned(), (target.clone(), root.clone()));
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(words) = words(schema) {
        return words;
    }
    let ways = schema["oneOf"].as_array().or_else(|| schema["allOf"].as_array()).into_iter().flatten();
    let mut ways = ways.filter(|way| way["type"] != "null").peekable();
    if ways.peek().is_some() {
        return ways.map(|way| kind(way, root, types)).collect::<Vec<_>>().join(" or ");
    }
    let word = schema["type"].as_array().map_or(&schema["type"], |kinds| kinds.iter().find(|kind| *kind != "null").unwrap());
    match word.as_str() {
        Some("string") if schema["format"] == "date-time" => "time".to_owned(),
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => format!("list of {}", kind(&schema["items"], root, types)),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("table of {}", kind(&schema["additionalProperties"], root, types))
        }
        Some("object") => {
            let rows = rows(schema, root, types);
            rows.into_iter().map(|(name, kind, _)| format!("`{name}`: {kind}")).collect::<Vec<_>>().join("; ")
        }
        _ => "any JSON".to_owned(),
    }
}

fn words(schema: &Value) -> Option<String> {
    let own = schema["enum"].as_array()?.iter().filter_map(Value::as_str);
    Some(own.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
}

fn resolved<'a>(schema: &Value, root: &'a Value) -> Option<&'a Value> {
    root.pointer(schema["$ref"].as_str()?.trim_start_matches('#'))
}

fn sentence(schema: &Value) -> String {
    // An optional field of a named type is one of that type and nothing, and the sentence stands at the type's place.
    let ways = schema["oneOf"].as_array().or_else(|| schema["allOf"].as_array());
    let own = schema["description"].as_str();
    let below = || ways.into_iter().flatten().find_map(|way| way["description"].as_str());
    own.or_else(below).unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

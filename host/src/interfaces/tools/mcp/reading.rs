//! Reads what a server says of one tool, field by field: MCP says which type each has, and a tool that has another is
//! told from its neighbours.

use serde_json::{Map, Value};

use crate::interfaces::{
    toolboxes::{Declared, Effects},
    tools::{admission::Objection, text::escape_name},
};

/// A tool as a server declares it, and what is odd about the parts of it that Baton has no use for.
pub(super) struct Read {
    pub(super) tool: Declared,
    pub(super) notes: Vec<String>,
}

/// The tool, or what it can be called and what is wrong with it.
pub(super) fn read(entry: &Value, place: usize) -> Result<Read, (String, Objection)> {
    tool(entry, name(entry)).map_err(|objection| (label_entry(entry, place), objection))
}

/// What the entry at this place can be called.
pub(super) fn label_entry(entry: &Value, place: usize) -> String {
    name(entry).filter(|name| !name.is_empty()).map_or_else(|| format!("#{}", place + 1), escape_name)
}

fn name(entry: &Value) -> Option<&str> {
    entry.get("name").and_then(Value::as_str)
}

fn tool(entry: &Value, name: Option<&str>) -> Result<Read, Objection> {
    let Value::Object(fields) = entry else { return Err(wrong("", "an object", entry)) };
    let Some(name) = name else {
        return Err(fields.get("name").map_or_else(|| missing("name"), |name| wrong("name", "text", name)));
    };
    let title = text(fields, "title")?;
    let description = text(fields, "description")?;
    let parameters = match fields.get("inputSchema") {
        Some(schema @ Value::Object(_)) => schema.clone(),
        Some(other) => return Err(wrong("inputSchema", "an object", other)),
        None => return Err(missing("inputSchema")),
    };
    let notes = output(fields)?;
    check_icons(fields)?;
    for field in ["_meta", "execution"] {
        if let Some(other) = find_field(fields, field).filter(|value| !value.is_object()) {
            return Err(wrong(field, "an object", other));
        }
    }
    let effects = effects(fields)?;
    let description = description.or(title).unwrap_or_default().to_owned();
    Ok(Read { tool: Declared { name: name.to_owned(), description, parameters, effects }, notes })
}

fn effects(fields: &Map<String, Value>) -> Result<Effects, Objection> {
    let none = Map::new();
    let hints = match find_field(fields, "annotations") {
        None => &none,
        Some(Value::Object(hints)) => hints,
        Some(other) => return Err(wrong("annotations", "an object", other)),
    };
    let hint = |name: &str, usual: bool| match find_field(hints, name) {
        None => Ok(usual),
        Some(Value::Bool(hint)) => Ok(*hint),
        Some(other) => Err(wrong(&format!("annotations/{name}"), "true or false", other)),
    };
    hint("openWorldHint", true)?;
    text(hints, "title").map_err(|objection| Objection { field: "annotations/title".to_owned(), ..objection })?;
    let read_only = hint("readOnlyHint", false)?;
    let (destructive, idempotent) = (hint("destructiveHint", true)?, hint("idempotentHint", false)?);
    Ok(Effects { read_only, destructive: !read_only && destructive, idempotent })
}

/// Nobody uses the schema of what a tool answers, so one that is no good is left alone.
fn output(fields: &Map<String, Value>) -> Result<Vec<String>, Objection> {
    match find_field(fields, "outputSchema") {
        None => Ok(Vec::new()),
        Some(Value::Object(schema)) if schema.get("type").is_some_and(|kind| kind == "object") => Ok(Vec::new()),
        Some(Value::Object(_)) => Ok(vec!["Its `outputSchema` is not of type \"object\"; Baton does not use it.".to_owned()]),
        Some(other) => Err(wrong("outputSchema", "an object", other)),
    }
}

fn check_icons(fields: &Map<String, Value>) -> Result<(), Objection> {
    match find_field(fields, "icons") {
        None => Ok(()),
        Some(Value::Array(icons)) if icons.iter().all(|icon| icon.get("src").is_some_and(Value::is_string)) => Ok(()),
        Some(other) => Err(wrong("icons", "a list of objects with `src`", other)),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Objection> {
    match find_field(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(name, "text", other)),
    }
}

/// Many servers write null for what they do not say.
fn find_field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn missing(field: &str) -> Objection {
    Objection::new(field, format!("`{field}` is missing."))
}

fn wrong(field: &str, wanted: &str, found: &Value) -> Objection {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object of another form",
    };
    let what = if field.is_empty() { "The entry".to_owned() } else { format!("`{field}`") };
    Objection::new(field, format!("{what} must be {wanted}, and is {found}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(more: Value) -> Result<Read, (String, Objection)> {
        let mut tool = json!({ "name": "a", "inputSchema": { "type": "object" } });
        tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&tool, 0)
    }

    #[test]
    fn a_tool_that_says_nothing_of_itself_may_do_anything_once() {
        let silent = tool(json!({ "title": null, "annotations": null, "description": null })).ok().unwrap().tool;
        assert_eq!(silent.effects, Effects { read_only: false, destructive: true, idempotent: false });
        assert_eq!(silent.effects.effect(), crate::journal::Effect::Once);
        let looks = tool(json!({ "annotations": { "readOnlyHint": true, "idempotentHint": true }, "title": "Looks" })).ok().unwrap().tool;
        assert_eq!(looks.effects, Effects { read_only: true, destructive: false, idempotent: true });
        assert_eq!(looks.description, "Looks");
    }

    #[test]
    fn a_field_of_another_type_is_named() {
        for (more, field) in [
            (json!({ "name": 7 }), "name"),
            (json!({ "name": null }), "name"),
            (json!({ "inputSchema": null }), "inputSchema"),
            (json!({ "inputSchema": true }), "inputSchema"),
            (json!({ "description": ["a", "b"] }), "description"),
            (json!({ "title": {} }), "title"),
            (json!({ "outputSchema": true }), "outputSchema"),
            (json!({ "icons": "x.png" }), "icons"),
            (json!({ "icons": [7] }), "icons"),
            (json!({ "_meta": [] }), "_meta"),
            (json!({ "execution": 1 }), "execution"),
            (json!({ "annotations": [] }), "annotations"),
            (json!({ "annotations": { "readOnlyHint": "yes" } }), "annotations/readOnlyHint"),
            (json!({ "annotations": { "openWorldHint": 1 } }), "annotations/openWorldHint"),
            (json!({ "annotations": { "title": 1 } }), "annotations/title"),
        ] {
            let (_, objection) = tool(more.clone()).err().unwrap_or_else(|| panic!("{more} is read"));
            let last = field.rsplit('/').next().unwrap();
            assert!(objection.field == field && objection.reason.contains(last), "{more}: {objection:?}");
        }
        for (entry, name) in
            [(json!(7), "#3"), (json!({ "inputSchema": {} }), "#3"), (json!({ "name": "a\u{1b}", "inputSchema": 1 }), "a\\u{1b}")]
        {
            assert_eq!(read(&entry, 2).err().unwrap().0, name);
        }
    }

    #[test]
    fn what_baton_has_no_use_for_is_only_noted() {
        for schema in [json!({ "type": "array", "items": {} }), json!({ "properties": {} })] {
            assert_eq!(tool(json!({ "outputSchema": schema })).ok().unwrap().notes.len(), 1);
        }
        assert!(tool(json!({ "outputSchema": { "type": "object" }, "icons": [{ "src": "x.png" }] })).ok().unwrap().notes.is_empty());
    }
}

//! What a workflow takes, as its manifest says in `[input]`. The schema is the plugin's word: it is shown escaped.

use serde_json::{Map, Value};

use crate::cli::{
    figures,
    table::{Align, Cell, Table},
    text,
};

/// Fields shown; more are counted.
const MOST: usize = 40;

/// The input's fields; none where the schema names none.
pub(super) fn table(schema: &Value, room: Option<usize>) -> Option<String> {
    let fields = schema.get("properties").and_then(Value::as_object).filter(|fields| !fields.is_empty())?;
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name));
    let head = [("INPUT", Align::Left), ("TYPE", Align::Left), ("REQUIRED", Align::Left), ("MEANING", Align::Left)];
    let mut table = Table::new(&head);
    for (name, field) in fields.iter().take(MOST) {
        let meaning = text::excerpt(field["description"].as_str().unwrap_or_default(), 200);
        let needed = if required(name) { "yes" } else { "no" };
        let name = text::escaped(&name.chars().take(60).collect::<String>());
        table.row([name.into(), Cell::from(text::escaped(&kind(field))), needed.into(), meaning.into()]);
    }
    let more = fields.len().saturating_sub(MOST);
    let rest = if more > 0 { format!("\n… and {} more", figures::count(more as u64)) } else { String::new() };
    Some(table.fit(room) + &rest)
}

/// An input that shows the form of those that fit, such as `{"name": …}`: the fields that it needs, or else those it has.
pub(in crate::cli) fn sample(schema: Option<&Value>) -> String {
    const SHOWN: usize = 5;
    let names = |key: &str| match schema.map(|schema| &schema[key]) {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::Object(fields)) => fields.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let needed: Vec<&str> = Some(names("required")).filter(|names| !names.is_empty()).unwrap_or_else(|| names("properties"));
    let fields = needed.iter().take(SHOWN).map(|name| format!("{}: …", Value::from(text::excerpt(name, 60))));
    let more = needed.is_empty() || needed.len() > SHOWN;
    format!("{{{}}}", fields.chain(more.then(|| "…".to_owned())).collect::<Vec<_>>().join(", "))
}

/// A type in a word or two, such as `string` or `list of integer`.
fn kind(field: &Value) -> String {
    let nothing = Map::new();
    let field = field.as_object().unwrap_or(&nothing);
    let word = |key: &str| field.get(key).and_then(Value::as_str);
    match (field.get("enum").and_then(Value::as_array), word("type")) {
        (Some(values), _) => {
            let values: Vec<_> = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
            text::excerpt(&values.join(" | "), 60)
        }
        (None, Some("array")) => match field.get("items").and_then(|items| items.get("type")).and_then(Value::as_str) {
            Some(item) => format!("list of {item}"),
            None => "list".to_owned(),
        },
        (None, Some(plain)) => text::excerpt(plain, 60),
        (None, None) => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_listed_with_type_and_meaning() {
        let schema = json!({ "type": "object", "required": ["key"], "properties": {
            "key": { "type": "string", "description": "Key of the story" },
            "stories": { "type": "array", "items": { "type": "string" } },
            "severity": { "enum": ["info", "critical", 3] },
            "tests": {},
        } });
        let shown = anstream::adapter::strip_str(&table(&schema, None).unwrap()).to_string();
        let lines: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "INPUT TYPE REQUIRED MEANING",
                "key string yes Key of the story",
                "stories list of string no",
                "severity info | critical | 3 no",
                "tests any no",
            ]
        );
    }

    #[test]
    fn a_sample_has_the_fields_that_are_needed() {
        let schema = |required: Value| json!({ "required": required, "properties": { "key": {}, "tests": {} } });
        assert_eq!(sample(Some(&schema(json!(["key"])))), r#"{"key": …}"#);
        assert_eq!(sample(Some(&schema(json!([])))), r#"{"key": …, "tests": …}"#);
        assert_eq!(sample(Some(&schema(json!(["a", "b", "c", "d", "e", "f"])))), r#"{"a": …, "b": …, "c": …, "d": …, "e": …, …}"#);
        for odd in [json!({}), json!(null), json!({ "required": 3, "properties": [1] })] {
            assert_eq!(sample(Some(&odd)), "{…}", "{odd}");
        }
        assert_eq!(sample(None), "{…}");
        assert!(!sample(Some(&json!({ "required": ["a\u{1b}[2J\"'"] }))).contains('\u{1b}'));
    }

    #[test]
    fn a_schema_of_any_form_is_shown_or_left_out() {
        for odd in [json!({}), json!({ "properties": [] }), json!({ "properties": {} }), json!(null)] {
            assert_eq!(table(&odd, None), None, "{odd}");
        }
        let hostile = json!({ "required": "key", "properties": { "a\u{1b}[2J": { "type": 5, "description": "x\ny" }, "b": true } });
        let shown = anstream::adapter::strip_str(&table(&hostile, Some(80)).unwrap()).to_string();
        assert!(!shown.contains('\u{1b}') && shown.lines().count() == 3, "{shown}");
        let many: Map<_, _> = (0..50).map(|number| (format!("f{number}"), json!({}))).collect();
        assert!(table(&json!({ "properties": many }), None).unwrap().ends_with("… and 10 more"));
    }
}

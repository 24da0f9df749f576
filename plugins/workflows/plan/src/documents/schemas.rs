//! JSON Schemas of the documents. Every field is required, so that an answer is complete or sent back. What a verdict rests
//! on comes before the verdict: a model writes them in this order.

use baton_sdk::serde_json::{Map, Value, json};

/// Of [`super::Analysis`].
pub(crate) fn analysis_schema() -> Value {
    let open = object([
        ("question", text()),
        ("reasoning", text()),
        ("options", json!({ "type": "array", "items": text(), "maxItems": 6 })),
        ("assumption", text()),
        ("confidence", json!({ "type": "number", "minimum": 0, "maximum": 1 })),
    ]);
    object([
        ("title", text()),
        ("summary", text()),
        ("users", some(text())),
        ("goals", some(text())),
        ("constraints", any(text())),
        ("risks", any(text())),
        ("open-questions", any(open)),
    ])
}

/// Of [`super::Requirements`].
pub(crate) fn requirements_schema() -> Value {
    let functional = object([("id", text()), ("title", text()), ("description", text()), ("acceptance", some(text()))]);
    let quality = object([("id", text()), ("title", text()), ("description", text()), ("measure", text())]);
    object([
        ("title", text()),
        ("summary", text()),
        ("overview", text()),
        ("goals", some(text())),
        ("functional", some(functional)),
        ("non-functional", any(quality)),
        ("out-of-scope", any(text())),
        ("success-measures", some(text())),
        ("open-questions", any(text())),
    ])
}

/// Of [`super::Architecture`].
pub(crate) fn architecture_schema() -> Value {
    object([
        ("summary", text()),
        ("decisions", some(object([("title", text()), ("reason", text()), ("choice", text())]))),
        ("components", some(object([("name", text()), ("responsibility", text()), ("interface", text())]))),
        ("data", text()),
        ("files", some(object([("path", text()), ("purpose", text())]))),
        ("risks", any(object([("risk", text()), ("mitigation", text())]))),
    ])
}

/// Of [`super::TestStrategy`].
pub(crate) fn test_strategy_schema() -> Value {
    let scale = || one_of(&["low", "medium", "high"]);
    object([
        ("summary", text()),
        ("levels", some(object([("name", text()), ("scope", text()), ("tools", text())]))),
        ("risks", any(object([("risk", text()), ("probability", scale()), ("impact", scale()), ("mitigation", text())]))),
        ("checks", some(object([("requirement", text()), ("checks", some(text()))]))),
        ("quality-gates", some(text())),
    ])
}

/// Of [`super::Backlog`].
pub(crate) fn backlog_schema() -> Value {
    let story = object([
        ("key", text()),
        ("title", text()),
        ("story", text()),
        ("acceptance", some(text())),
        ("after", any(text())),
        ("requirements", any(text())),
        ("files", any(text())),
        ("priority", one_of(&["high", "medium", "low"])),
        ("points", json!({ "type": "integer", "minimum": 1, "maximum": 13 })),
    ]);
    object([("summary", text()), ("epics", some(object([("key", text()), ("title", text()), ("goal", text()), ("stories", some(story))])))])
}

/// Of [`super::Readiness`].
pub(crate) fn readiness_schema() -> Value {
    let finding = object([("finding", text()), ("advice", text()), ("severity", one_of(&["note", "concern", "blocker"]))]);
    object([("findings", any(finding)), ("summary", text()), ("ready", json!({ "type": "boolean" }))])
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn some(items: Value) -> Value {
    json!({ "type": "array", "items": items, "minItems": 1 })
}

fn any(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    let properties: Map<String, Value> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

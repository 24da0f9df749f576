//! Finds the answer in a model's reply and checks it. It never mends a broken document.

use serde_json::Value;

use crate::llm::{Reply, Stop};
use crate::schema;

/// Why a reply is no answer.
pub(super) struct Wrong {
    /// For the model and for people.
    pub(super) problem: String,
    /// What the model is to send instead.
    pub(super) wanted: &'static str,
}

/// The answer of a reply that calls no tool: its text, or the document that it holds, which has to satisfy the schema.
/// A document that is whole is taken also from a reply that was cut off after it.
pub(super) fn of(reply: &Reply, schema: Option<&Value>) -> Result<(String, Option<Value>), Wrong> {
    let (text, cut_off) = (reply.text(), reply.stop == Stop::MaxTokens);
    let wanted = match (schema.is_some(), cut_off) {
        (true, false) => "Send the whole corrected JSON document and nothing else.",
        (true, true) => "Send the whole JSON document again, shorter, and nothing else.",
        (false, false) => "Answer what you were asked.",
        (false, true) => "Answer again, in fewer words.",
    };
    let found = match schema {
        _ if text.trim().is_empty() => Err("The reply was empty.".to_owned()),
        Some(schema) => document(&text, schema).map(|value| (value.to_string(), Some(value))),
        None if cut_off => Err(String::new()),
        None => Ok((text, None)),
    };
    found.map_err(|problem| {
        let cut = if cut_off { format!("The reply was cut off after {} tokens. ", reply.usage.output_tokens) } else { String::new() };
        Wrong { problem: format!("{cut}{problem}").trim_end().to_owned(), wanted }
    })
}

/// The document of a reply: the text itself, or what is inside its code fence.
/// The error is a paragraph for the model that says what to correct.
fn document(text: &str, schema: &Value) -> Result<Value, String> {
    let value = parse(text)?;
    let violations = schema::violations(schema, &value);
    if violations.is_empty() {
        Ok(value)
    } else {
        Err(format!("The document does not satisfy the schema:\n{}", schema::listed(&violations)))
    }
}

fn parse(text: &str) -> Result<Value, String> {
    let whole = match serde_json::from_str(text.trim()) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let Some(inside) = fenced(text) else {
        return Err(format!("The reply is not a JSON document: {whole}."));
    };
    serde_json::from_str(inside).map_err(|error| format!("The reply's code fence does not hold a JSON document: {error}."))
}

/// From the first opening fence to the last closing one: strings in the document may hold fences of their own.
fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let (_, body) = after.split_once('\n')?;
    let (inside, _) = body.rsplit_once("```")?;
    Some(inside.trim())
}

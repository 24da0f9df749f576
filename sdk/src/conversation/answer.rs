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
/// A document that is whole is taken also from a reply that was cut off after it, but nothing is taken from one of which
/// nobody knows why it ended.
pub(super) fn of(reply: &Reply, schema: Option<&Value>) -> Result<(String, Option<Value>), Wrong> {
    let (text, unfinished) = (reply.text(), unfinished(reply));
    let wanted = match (schema.is_some(), reply.stop()) {
        (true, Stop::MaxTokens) => "Send the whole JSON document again, shorter, and nothing else.",
        (true, Stop::Other | Stop::Malformed) => "Send the whole JSON document again and nothing else.",
        (true, _) => "Send the whole corrected JSON document and nothing else.",
        (false, Stop::MaxTokens) => "Answer again, in fewer words.",
        (false, Stop::Other | Stop::Malformed) => "Send the whole reply again.",
        (false, _) => "Answer what you were asked.",
    };
    let found = match schema {
        _ if matches!(reply.stop(), Stop::Other | Stop::Malformed) => Err(String::new()),
        _ if text.trim().is_empty() => Err("The reply was empty.".to_owned()),
        Some(schema) => document(&text, schema).map(|value| (value.to_string(), Some(value))),
        None if unfinished.is_some() => Err(String::new()),
        None => Ok((text, None)),
    };
    found.map_err(|problem| {
        let cut = unfinished.map(|cut| cut + " ").unwrap_or_default();
        Wrong { problem: format!("{cut}{problem}").trim_end().to_owned(), wanted }
    })
}

/// Why a reply is not whole, a sentence; none where it is.
pub(super) fn unfinished(reply: &Reply) -> Option<String> {
    match reply.stop() {
        Stop::MaxTokens => Some(format!("The reply was cut off after {} tokens.", reply.usage.output_tokens)),
        Stop::Other => Some("The reply ended before it was whole.".to_owned()),
        Stop::Malformed => Some(unreadable(reply)),
        _ => None,
    }
}

/// What could not be read, as far as the provider shows it.
fn unreadable(reply: &Reply) -> String {
    const SHOWN: usize = 1_000;
    let text = reply.text();
    let shown: String = text.trim().chars().take(SHOWN).collect();
    match shown.is_empty() {
        true => "The reply could not be read: a tool call in it is malformed.".to_owned(),
        false => format!("The reply could not be read: a tool call in it is malformed. It begins: {shown}"),
    }
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

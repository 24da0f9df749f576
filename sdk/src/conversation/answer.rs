//! Finds the answer in a reply that calls no tool, and says what a model is to send instead. It never corrects a broken document.

use serde_json::Value;

use super::documents;
use crate::llm::{Part, Reply, Stop};

/// What an answer has to be.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) schema: Option<&'a Value>,
    pub(super) has_tools: bool,
}

/// The answer of a reply that calls no tool: its text, or the document that it holds, which has to satisfy the schema. A
/// document that is whole is taken also from a reply that was cut off after it, but nothing is taken from one of which
/// nobody knows why it ended. The error is for the model and for people: what is wrong, and what to send instead.
pub(super) fn of(reply: &Reply, wanted: Wanted<'_>, is_quoted: impl Fn(&Value) -> bool) -> Result<(String, Option<Value>), String> {
    let (text, unfinished) = (reply.text(), unfinished(reply));
    let found = match wanted.schema {
        _ if matches!(reply.stop(), Stop::Other | Stop::Malformed) => Err(String::new()),
        _ if text.trim().is_empty() => Err(empty(reply).to_owned()),
        Some(schema) => match documents::satisfying(&text, schema) {
            // Words about a file are not the answer, whatever the file holds.
            Ok(value) if wanted.has_tools && is_quoted(&value) => Err("The reply quotes a document that a tool had shown.".to_owned()),
            satisfying => satisfying.map(|value| (value.to_string(), Some(value))),
        },
        None if unfinished.is_some() => Err(String::new()),
        None => Ok((text, None)),
    };
    found.map_err(|problem| {
        let cut = unfinished.map(|cut| cut + " ").unwrap_or_default();
        let problem = format!("{cut}{problem}");
        format!("{}\n{}", problem.trim_end(), asked(reply.stop(), wanted))
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

/// What the model is to send.
fn asked(stop: Stop, wanted: Wanted<'_>) -> &'static str {
    match (wanted.has_tools, wanted.schema.is_some(), stop) {
        (true, true, Stop::MaxTokens) => "Not done yet? Call a tool, with less in one reply. Done? Call `finish` with a shorter answer.",
        (true, true, _) => "Not done yet? Call a tool. Done? Call `finish` with your answer.",
        (true, false, Stop::MaxTokens) => "Not done yet? Call a tool, with less in one reply. Done? Answer again, in fewer words.",
        (true, false, _) => "Not done yet? Call a tool. Done? Write your answer.",
        (false, true, Stop::MaxTokens) => "Send the whole JSON document again, shorter, and nothing else.",
        (false, true, Stop::Other | Stop::Malformed) => "Send the whole JSON document again and nothing else.",
        (false, true, _) => "Send the whole corrected JSON document and nothing else.",
        (false, false, Stop::MaxTokens) => "Answer again, in fewer words.",
        (false, false, Stop::Other | Stop::Malformed) => "Send the whole reply again.",
        (false, false, _) => "Answer what you were asked.",
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

fn empty(reply: &Reply) -> &'static str {
    let thinks = reply.parts.iter().any(|part| matches!(part, Part::Thinking(_)));
    if thinks { "The reply held thinking alone, and no answer." } else { "The reply was empty." }
}

//! What services speak, one protocol in each file: how a request is written, and what a reply says, in one piece or as a
//! stream of events. Sends nothing, and decides nothing about failures.

mod anthropic;
mod calls;
mod claude;
mod completion_words;
mod completions;
mod completions_stream;
mod effort;
mod gemini;
mod gemini_calls;
mod messages_stream;
mod ollama;
mod responses;
mod responses_stream;
mod schemas;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};

use super::Protocol;
use crate::interfaces::llm::messages::{Media, Opaque, Part, Request, Stop};

pub(super) use calls::settle_calls;

/// What is sent.
pub(super) struct Outgoing {
    /// Behind the account's base URL.
    pub(super) path: String,
    /// Headers of this protocol. The key is not among them.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: Value,
}

/// What a reply says.
pub(super) struct ParsedReply {
    pub(super) parts: Vec<Part>,
    pub(super) stop: Stop,
}

/// One protocol.
pub(super) trait Adapter: Send + Sync {
    /// The request for one completion by `model`.
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing;

    /// Whether files of this type can be sent.
    fn takes(&self, _media_type: &str) -> bool {
        true
    }

    /// Name and value of the header that carries the key.
    fn authorization(&self, key: &str) -> (&'static str, String);

    /// What the body of a reply says. None: it is not a reply of this protocol.
    fn reply(&self, body: &Value) -> Option<ParsedReply>;

    /// A stream of which nothing has come.
    fn stream(&self) -> Box<dyn Assembly>;
}

/// Puts the events of one stream together into the body of a reply in one piece, so that both are read in one way.
pub(super) trait Assembly: Send {
    /// Takes in an event. Gives the words of it that somebody who watches may see.
    fn take(&mut self, event: &Value) -> String;

    /// Takes in the word for the end, where the protocol has one.
    fn done(&mut self) {}

    /// Whether the end has come. `closed`: the service closed the stream in good order.
    fn is_whole(&self, closed: bool) -> bool;

    /// The body, as far as it has come.
    fn body(self: Box<Self>) -> Value;
}

impl Protocol {
    pub(super) fn adapter(self) -> Box<dyn Adapter> {
        match self {
            Self::Anthropic => Box::new(anthropic::Messages),
            Self::Gemini => Box::new(gemini::Contents),
            Self::OpenAiResponses => Box::new(responses::Responses),
            Self::OpenAi => Box::new(completions::Completions::OPENAI),
            Self::OpenAiCompatible => Box::new(completions::Completions::COMPATIBLE),
            Self::Ollama => Box::new(ollama::Ollama),
        }
    }
}

/// A text that says something.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A number by way of text: 0.3 stays 0.3 and does not become 0.30000001192.
fn decimal(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// Sets a field where there is a value for it.
fn set(body: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    if let Some(value) = value {
        body.insert(field.to_owned(), value);
    }
}

/// Takes in later counts of one reply. They grow: a smaller one that comes later is a service's way to say nothing.
fn grow(known: &mut Map<String, Value>, counts: &Value) {
    for (name, count) in counts.as_object().into_iter().flatten().filter(|(_, count)| !count.is_null()) {
        let smaller = known.get(name).and_then(Value::as_u64).zip(count.as_u64()).is_some_and(|(known, count)| count < known);
        if !smaller {
            known.insert(name.clone(), count.clone());
        }
    }
}

/// The type of documents, which are sent in another way than images.
const PDF: &str = "application/pdf";

/// The bytes of a file as services take them.
fn base64(media: &Media) -> String {
    BASE64_STANDARD.encode(&media.data)
}

/// A file as an address that holds its bytes.
fn data_url(media: &Media) -> String {
    format!("data:{};base64,{}", media.media_type, base64(media))
}

/// The last part of a file's path.
fn file_name(media: &Media) -> &str {
    media.path.rsplit('/').next().unwrap_or_default()
}

/// A block that only its provider can read. None: the journal could not hold it.
fn sealed(provider: &str, block: &Value) -> Option<Part> {
    calls::can_be_kept(block).then(|| Part::Opaque(Opaque { provider: provider.to_owned(), data: block.clone() }))
}

/// The block that [`sealed`] kept for this provider, if it is one of these kinds.
fn unsealed(opaque: &Opaque, provider: &str, is_kind: impl Fn(&str) -> bool) -> Option<Value> {
    let known = opaque.provider == provider && opaque.data["type"].as_str().is_some_and(is_kind);
    known.then(|| opaque.data.clone())
}

/// Appends text to the part before it, where that is text as well.
fn say(parts: &mut Vec<Part>, words: &str) {
    match parts.last_mut() {
        _ if words.is_empty() => {}
        Some(Part::Text(text)) => text.push_str(words),
        _ => parts.push(Part::Text(words.to_owned())),
    }
}

/// Why the model stopped, where it says that it waits for calls. Without any it made one that cannot be read.
fn waiting_for_calls(parts: &[Part]) -> Stop {
    if parts.iter().any(|part| matches!(part, Part::ToolCall(_))) { Stop::ToolUse } else { Stop::Malformed }
}

/// The choice that was asked for: the first, by its number where choices have one.
pub(super) fn first_choice(choices: &Value) -> &Value {
    items(choices).find(|choice| choice["index"].as_u64().unwrap_or(0) == 0).unwrap_or(&Value::Null)
}

/// Why the model stopped, where it says that it has finished.
fn finished(parts: &[Part]) -> Stop {
    // Some services say `stop` beside calls.
    if parts.iter().any(|part| matches!(part, Part::ToolCall(_))) { Stop::ToolUse } else { Stop::End }
}

//! What a provider's protocol is to the server: a request read, a reply written, in one piece or as a stream. Answers nothing
//! itself.

use baton::interfaces::llm::{Part, Reply, Request, ToolCall};
use serde_json::Value;

use super::{
    completions::Completions,
    contents::{self, Contents},
    messages::Messages,
    responses::Responses,
};

/// A request that was read.
pub(super) struct Incoming {
    /// As it was named.
    pub(super) model: String,
    /// Whether the reply is to come in pieces.
    pub(super) streamed: bool,
    /// What was asked.
    pub(super) request: Request,
    /// Tools, system prompt and messages as they came, in the order in which providers cache them.
    pub(super) prompt: String,
}

/// What a reply took, in tokens.
pub(super) struct Usage {
    pub(super) input: usize,
    pub(super) cached: usize,
    pub(super) output: usize,
}

/// One protocol.
pub(super) trait Protocol: Sync {
    /// Its name in records.
    fn name(&self) -> &'static str;

    /// Reads a request. The error is a sentence.
    fn read(&self, path: &str, body: &Value) -> Result<Incoming, String>;

    /// The body of an error.
    fn error(&self, status: &str, message: &str) -> Value;

    /// The body of a reply in one piece.
    fn whole(&self, model: &str, reply: &Reply, usage: &Usage) -> Value;

    /// The body of a stream.
    fn stream(&self, model: &str, reply: &Reply, usage: &Usage) -> String;
}

/// The protocol of an address.
pub(super) fn of(method: &str, path: &str) -> Option<&'static dyn Protocol> {
    match (method, path) {
        ("POST", "/v1/chat/completions") => Some(&Completions),
        ("POST", "/v1/responses") => Some(&Responses),
        ("POST", "/v1/messages") => Some(&Messages),
        ("POST", path) if contents::model_of(path).is_some() => Some(&Contents),
        _ => None,
    }
}

/// The values of a list.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().into_iter().flatten()
}

/// A text, empty where there is none.
pub(super) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Characters of one piece of a stream.
const PIECE: usize = 48;

/// A text in pieces, each whole characters.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = String> + use<> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(PIECE).map(|piece| piece.iter().collect()).collect::<Vec<String>>().into_iter()
}

/// The calls of a reply or message.
pub fn calls_of(parts: &[Part]) -> impl Iterator<Item = &ToolCall> {
    parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None })
}

/// The arguments of a call as they are sent. A text stands for what is not JSON, and is sent as it is.
pub(super) fn arguments(call: &ToolCall) -> String {
    match &call.arguments {
        Value::String(text) => text.clone(),
        arguments => arguments.to_string(),
    }
}

/// Bytes of what a model wrote.
pub(super) fn length(reply: &Reply) -> usize {
    let length = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::Thinking(thinking) => thinking.text.len(),
        Part::ToolCall(call) => call.name.len() + arguments(call).len(),
        _ => 0,
    };
    reply.parts.iter().map(length).sum()
}

//! Ollama through its chat completions, in which it takes a schema and several results of tools at once. It forgets the
//! tools where a request has a schema too, so that it is given one of the two. It knows no choice of tools (its "OpenAI
//! compatibility"), so that it is offered those alone that it may call.

use std::borrow::Cow;

use serde_json::Value;

use super::completions::Completions;
use super::{Adapter, Assembly, Outgoing, ParsedReply};
use crate::interfaces::llm::messages::{Request, ToolChoice};

/// Ollama's chat completions.
pub(super) struct Ollama;

impl Adapter for Ollama {
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing {
        Completions::COMPATIBLE.request(model, &fitted(request), streamed)
    }

    fn takes(&self, media_type: &str) -> bool {
        ["image/png", "image/jpeg", "image/webp"].contains(&media_type)
    }

    fn authorization(&self, key: &str) -> (&'static str, String) {
        Completions::COMPATIBLE.authorization(key)
    }

    fn reply(&self, body: &Value) -> Option<ParsedReply> {
        Completions::COMPATIBLE.reply(body)
    }

    fn stream(&self) -> Box<dyn Assembly> {
        Completions::COMPATIBLE.stream()
    }
}

/// The request without what it does not take.
fn fitted(request: &Request) -> Cow<'_, Request> {
    let both = request.reply_schema.is_some() && !request.tools.is_empty();
    if !both && request.tool_choice.is_none() {
        return Cow::Borrowed(request);
    }
    let mut fitted = Request { tool_choice: None, ..request.clone() };
    match &request.tool_choice {
        Some(ToolChoice::None) => fitted.tools.clear(),
        Some(ToolChoice::Tool(name)) => fitted.tools.retain(|tool| tool.name == *name),
        Some(ToolChoice::Auto | ToolChoice::Required) | None => {}
    }
    if !fitted.tools.is_empty() {
        fitted.reply_schema = None;
    }
    Cow::Owned(fitted)
}

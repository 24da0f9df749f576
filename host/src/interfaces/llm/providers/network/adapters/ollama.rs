//! Ollama through its chat completions, in which it takes a schema and several results of tools at once. It forgets the
//! tools where a request has a schema too, so that it is given one of the two.

use std::borrow::Cow;

use serde_json::Value;

use super::completions::Completions;
use super::{Adapter, Assembly, Outgoing, Said};
use crate::interfaces::llm::messages::Request;

/// Ollama's chat completions.
pub(super) struct Ollama;

impl Adapter for Ollama {
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing {
        let both = request.reply_schema.is_some() && !request.tools.is_empty();
        let request = if both { Cow::Owned(Request { reply_schema: None, ..request.clone() }) } else { Cow::Borrowed(request) };
        Completions::COMPATIBLE.request(model, &request, streamed)
    }

    fn authorization(&self, key: &str) -> (&'static str, String) {
        Completions::COMPATIBLE.authorization(key)
    }

    fn reply(&self, body: &Value) -> Option<Said> {
        Completions::COMPATIBLE.reply(body)
    }

    fn stream(&self) -> Box<dyn Assembly> {
        Completions::COMPATIBLE.stream()
    }
}

//! Puts a streamed message of Anthropic's together, block by block, as they would have stood in a whole one.

use std::collections::BTreeMap;

use genai::chat::{ContentPart, MessageContent, StopReason, StreamEnd, ToolCall};
use serde_json::{Map, Value, json};

use super::frames::Pieces;

/// What there is of a message.
#[derive(Default)]
pub(super) struct Message {
    model: Option<String>,
    usage: Map<String, Value>,
    blocks: BTreeMap<u64, Block>,
}

#[derive(Default)]
struct Block {
    content: Value,
    /// The arguments of a call, as text.
    input: String,
}

impl Message {
    /// Takes in an event.
    pub(super) fn take(&mut self, event: Option<&str>, frame: &Value) {
        let index = frame["index"].as_u64().unwrap_or_default();
        match event.or(frame["type"].as_str()) {
            Some("message_start") => {
                self.model = frame.pointer("/message/model").and_then(Value::as_str).map(str::to_owned);
                self.count(&frame["message"]["usage"]);
            }
            Some("message_delta") => self.count(&frame["usage"]),
            Some("content_block_start") => {
                self.blocks.insert(index, Block { content: frame["content_block"].clone(), input: String::new() });
            }
            Some("content_block_delta") => self.blocks.entry(index).or_default().add(&frame["delta"]),
            _ => {}
        }
    }

    /// The message, after its end.
    pub(super) fn whole(self, end: StreamEnd) -> Result<Pieces, String> {
        let stop = end.captured_stop_reason;
        let cut_off = matches!(stop, Some(StopReason::MaxTokens(_)));
        let mut parts = Vec::new();
        for block in self.blocks.into_values() {
            parts.extend(block.parts(cut_off)?);
        }
        Ok(Pieces {
            content: MessageContent::from_parts(parts),
            reasoning: None,
            model: self.model,
            stop,
            body: json!({ "usage": self.usage }),
        })
    }

    /// Later counts stand in the place of earlier ones.
    fn count(&mut self, usage: &Value) {
        let known = usage.as_object().into_iter().flatten().filter(|(_, count)| !count.is_null());
        self.usage.extend(known.map(|(name, count)| (name.clone(), count.clone())));
    }
}

impl Block {
    fn add(&mut self, delta: &Value) {
        if let Some(piece) = delta["partial_json"].as_str() {
            self.input.push_str(piece);
        }
        for field in ["text", "thinking", "signature"] {
            let Some(piece) = delta[field].as_str() else { continue };
            match self.content.get_mut(field) {
                Some(Value::String(text)) => text.push_str(piece),
                _ => {
                    if let Some(content) = self.content.as_object_mut() {
                        content.insert(field.to_owned(), json!(piece));
                    }
                }
            }
        }
    }

    fn parts(mut self, cut_off: bool) -> Result<Vec<ContentPart>, String> {
        let mut text = |field: &str| match self.content.get_mut(field).map(Value::take) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        Ok(match text("type").as_deref() {
            Some("text") => text("text").map(ContentPart::Text).into_iter().collect(),
            Some("thinking") => {
                let signature = text("signature").map(ContentPart::ThoughtSignature);
                signature.into_iter().chain(text("thinking").map(ContentPart::ReasoningContent)).collect()
            }
            Some("tool_use") => {
                let (call_id, fn_name) = text("id").zip(text("name")).ok_or("it calls a tool without a name or an id.")?;
                let fn_arguments = self.arguments(cut_off)?;
                vec![ContentPart::ToolCall(ToolCall { call_id, fn_name, fn_arguments, thought_signatures: None })]
            }
            Some(other) => {
                self.content["type"] = json!(other);
                vec![ContentPart::from_custom(self.content, None)]
            }
            None => Vec::new(),
        })
    }

    fn arguments(&mut self, cut_off: bool) -> Result<Value, String> {
        if self.input.is_empty() {
            return Ok(self.content["input"].take());
        }
        match serde_json::from_str(&self.input) {
            Ok(arguments) => Ok(arguments),
            // As far as it got: that is what the asker is told by the reason for the stop.
            Err(_) if cut_off => Ok(Value::String(std::mem::take(&mut self.input))),
            Err(error) => Err(format!("the arguments of a call are no JSON: {error}.")),
        }
    }
}

//! Puts a streamed message of Anthropic's together, block by block, as it would have stood in one piece.

use serde_json::{Map, Value, json};

use super::{Assembly, grow, text};

/// Words that say that the model has finished, that it came upon a stop sequence, and that it waits for calls.
pub(super) const FINISHED: &str = "end_turn";
pub(super) const STOPPED: &str = "stop_sequence";
pub(super) const WAITING: &str = "tool_use";

/// What there is of a message.
#[derive(Default)]
pub(super) struct Growing {
    model: Value,
    usage: Map<String, Value>,
    blocks: Vec<Block>,
    stop: Value,
    is_done: bool,
}

struct Block {
    index: u64,
    content: Map<String, Value>,
    /// The arguments of a call, as text.
    input: String,
}

/// Whether a message that stopped for this reason ended well.
fn is_sound(reason: &str) -> bool {
    [FINISHED, STOPPED, WAITING].contains(&reason)
}

impl Assembly for Growing {
    fn take(&mut self, event: &Value) -> String {
        let index = event["index"].as_u64().unwrap_or_default();
        match event["type"].as_str() {
            Some("message_start") => {
                self.model = event["message"]["model"].clone();
                grow(&mut self.usage, &event["message"]["usage"]);
                // The tokens of a reply that has just begun: how many it has in the end, only the end says.
                self.usage.remove("output_tokens");
            }
            Some("message_delta") => {
                // Whoever said that it did not end well may say that it did after that all the same.
                let is_unsound = self.stop.as_str().is_some_and(|reason| !is_sound(reason));
                if !event["delta"]["stop_reason"].is_null() && !is_unsound {
                    self.stop = event["delta"]["stop_reason"].clone();
                }
                grow(&mut self.usage, &event["usage"]);
            }
            Some("content_block_start") => {
                let content = event["content_block"].as_object().cloned().unwrap_or_default();
                self.blocks.push(Block { index, content, input: String::new() });
            }
            Some("content_block_delta") => return self.add(index, &event["delta"]),
            Some("message_stop") => self.is_done = true,
            _ => {}
        }
        String::new()
    }

    fn is_whole(&self, _: bool) -> bool {
        self.is_done
    }

    fn body(self: Box<Self>) -> Value {
        let blocks: Value = self.blocks.into_iter().map(Block::whole).collect();
        json!({ "model": self.model, "content": blocks, "stop_reason": self.stop, "usage": self.usage })
    }
}

impl Growing {
    /// What of a piece somebody who watches may see.
    fn add(&mut self, index: u64, delta: &Value) -> String {
        let place = self.blocks.iter().rposition(|block| block.index == index).unwrap_or_else(|| {
            self.blocks.push(Block { index, content: Map::new(), input: String::new() });
            self.blocks.len() - 1
        });
        let block = &mut self.blocks[place];
        let mut shown = String::new();
        for (field, kind) in [("text", "text"), ("thinking", "thinking"), ("signature", "thinking")] {
            let Some(piece) = text(&delta[field]) else { continue };
            block.append(field, kind, piece);
            if field != "signature" {
                shown.push_str(piece);
            }
        }
        match &delta["partial_json"] {
            Value::String(piece) => block.input.push_str(piece),
            Value::Null => {}
            whole => {
                block.content.insert("input".to_owned(), whole.clone());
            }
        }
        shown
    }
}

impl Block {
    fn append(&mut self, field: &str, kind: &str, piece: &str) {
        self.content.entry("type").or_insert_with(|| json!(kind));
        match self.content.get_mut(field) {
            Some(Value::String(text)) => text.push_str(piece),
            _ => {
                self.content.insert(field.to_owned(), json!(piece));
            }
        }
    }

    fn whole(mut self) -> Value {
        if !self.input.trim().is_empty() {
            self.content.entry("type").or_insert_with(|| json!("tool_use"));
            self.content.insert("input".to_owned(), Value::String(self.input));
        }
        Value::Object(self.content)
    }
}

//! Puts a streamed chat completion together. Text and thinking are the client library's; this keeps what it drops: the
//! model's name, a refusal, proofs of thinking, calls whatever number they carry, and counts wherever they stand.

use std::collections::BTreeMap;

use genai::chat::{ContentPart, MessageContent, StreamEnd, ToolCall};
use serde_json::{Value, json};

use super::frames::Pieces;

/// What there is of a completion.
#[derive(Default)]
pub(super) struct Completion {
    model: Option<String>,
    refusal: String,
    /// OpenRouter's blocks of reasoning, which it wants back as they were.
    details: Vec<Value>,
    calls: BTreeMap<u64, Call>,
    /// The last counts: some services put them beside a choice that says nothing.
    usage: Value,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Completion {
    /// Takes in an event.
    pub(super) fn take(&mut self, frame: &Value) {
        if self.model.is_none() {
            self.model = frame["model"].as_str().filter(|model| !model.is_empty()).map(str::to_owned);
        }
        if frame["usage"].is_object() {
            self.usage = frame["usage"].clone();
        }
        let delta = &frame["choices"][0]["delta"];
        self.refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        for detail in items(&delta["reasoning_details"]) {
            self.think(detail);
        }
        for call in items(&delta["tool_calls"]) {
            self.call(call);
        }
    }

    /// The completion, after its end.
    pub(super) fn whole(self, end: StreamEnd) -> Result<Pieces, String> {
        let trimmed = |text: &str| text.trim().to_owned();
        let text = end.captured_first_text().map(trimmed).filter(|text| !text.is_empty());
        let mut parts: Vec<_> = self.details.into_iter().map(|detail| ContentPart::from_custom(detail, None)).collect();
        parts.extend(text.map(ContentPart::Text));
        for (index, call) in self.calls {
            parts.push(ContentPart::ToolCall(call.whole(index)?));
        }
        let refusal = Some(self.refusal).filter(|refusal| !refusal.is_empty());
        Ok(Pieces {
            content: MessageContent::from_parts(parts),
            reasoning: end.captured_reasoning_content.as_deref().map(trimmed),
            model: self.model,
            stop: end.captured_stop_reason,
            body: json!({ "choices": [{ "message": { "refusal": refusal } }], "usage": self.usage }),
        })
    }

    /// A piece of the block before it, or the beginning of another.
    fn think(&mut self, detail: &Value) {
        let same = |known: &Value| ["type", "index"].iter().all(|field| known[field] == detail[field]);
        let (Some(known), Some(pieces)) = (self.details.last_mut().filter(|known| same(known)), detail.as_object()) else {
            self.details.extend(detail.is_object().then(|| detail.clone()));
            return;
        };
        for (field, piece) in pieces.iter().filter(|(_, piece)| !piece.is_null()) {
            match (&mut known[field], piece) {
                (Value::String(text), Value::String(piece)) if ["text", "summary", "data"].contains(&field.as_str()) => {
                    text.push_str(piece)
                }
                (known, piece) => *known = piece.clone(),
            }
        }
    }

    /// Some services leave out the number: then a name begins another call.
    fn call(&mut self, piece: &Value) {
        let text = |pointer: &str| piece.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let last = self.calls.last_key_value().map(|(index, _)| *index);
        let index = piece["index"].as_u64().unwrap_or_else(|| match last {
            Some(last) if text("/function/name").is_empty() => last,
            Some(last) => last.saturating_add(1),
            None => 0,
        });
        let call = self.calls.entry(index).or_default();
        if call.id.is_empty() {
            call.id = text("/id").to_owned();
        }
        if call.name.is_empty() {
            call.name = text("/function/name").to_owned();
        }
        call.arguments.push_str(text("/function/arguments"));
    }
}

impl Call {
    fn whole(self, index: u64) -> Result<ToolCall, String> {
        let arguments = serde_json::from_str(&self.arguments);
        Ok(ToolCall {
            call_id: if self.id.is_empty() { format!("call_{index}") } else { self.id },
            fn_name: self.name,
            fn_arguments: arguments.map_err(|error| format!("the arguments of a call are no JSON: {error}."))?,
            thought_signatures: None,
        })
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

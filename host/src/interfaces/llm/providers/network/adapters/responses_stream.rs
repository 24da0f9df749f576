//! Puts a streamed response of OpenAI's together. Its last event holds all of it; what came before counts where that is missing.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Assembly, text};

/// More items than any response has.
const MOST_ITEMS: u64 = 10_000;

/// What there is of a response.
#[derive(Default)]
pub(super) struct Response {
    /// As the last event that described it has it.
    described: Map<String, Value>,
    /// Items by their place, whole ones over what was put together.
    items: BTreeMap<u64, Value>,
    /// Its last event came: it was completed, cut, or failed.
    is_done: bool,
}

impl Assembly for Response {
    fn take(&mut self, event: &Value) -> String {
        let place = event["output_index"].as_u64().unwrap_or_default().min(MOST_ITEMS);
        let words = text(&event["delta"]).unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "response.created" | "response.in_progress" | "response.queued" => self.describe(&event["response"]),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.describe(&event["response"]);
                self.is_done = true;
            }
            "response.output_item.added" | "response.output_item.done" if event["item"].is_object() => {
                self.items.insert(place, event["item"].clone());
            }
            "response.output_text.delta" => return self.add(place, "message", "text", words),
            "response.refusal.delta" => return self.add(place, "message", "refusal", words),
            "response.function_call_arguments.delta" => self.argue(place, words),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => return words.to_owned(),
            _ => {}
        }
        String::new()
    }

    fn is_whole(&self, _: bool) -> bool {
        self.is_done
    }

    fn body(self: Box<Self>) -> Value {
        let mut body = self.described;
        let is_listed = body.get("output").and_then(Value::as_array).is_some_and(|output| !output.is_empty());
        if !is_listed && !self.items.is_empty() {
            body.insert("output".to_owned(), self.items.into_values().collect());
        }
        Value::Object(body)
    }
}

impl Response {
    fn describe(&mut self, response: &Value) {
        for (field, value) in response.as_object().into_iter().flatten() {
            self.described.insert(field.clone(), value.clone());
        }
    }

    /// Adds words to a message that is not whole yet.
    fn add(&mut self, place: u64, kind: &str, field: &str, words: &str) -> String {
        let item = self.items.entry(place).or_insert_with(|| json!({ "type": kind, "content": [] }));
        if !item["content"].is_array() {
            item["content"] = json!([]);
        }
        let chunks = item["content"].as_array_mut();
        if let Some(chunks) = chunks {
            match chunks.last_mut().and_then(|chunk| chunk.get_mut(field)) {
                Some(Value::String(text)) => text.push_str(words),
                _ => chunks.push(json!({ field: words })),
            }
        }
        words.to_owned()
    }

    fn argue(&mut self, place: u64, words: &str) {
        let item = self.items.entry(place).or_insert_with(|| json!({ "type": "function_call" }));
        match item.get_mut("arguments") {
            Some(Value::String(text)) => text.push_str(words),
            _ => {
                if let Some(fields) = item.as_object_mut() {
                    fields.insert("arguments".to_owned(), json!(words));
                }
            }
        }
    }
}

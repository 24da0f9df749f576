//! Anthropic's messages as their provider documents them. Each reply begins with signed thinking. Checks nothing: that is for the
//! hooks.

use baton::interfaces::llm::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::protocol::{Incoming, Protocol, Usage, calls_of, items, pieces, string};

/// What thinking is signed with.
pub(super) const SIGNATURE: &str = "signed-by-the-double";

pub(super) struct Messages;

impl Protocol for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn read(&self, _: &str, body: &Value) -> Result<Incoming, String> {
        let model = body["model"].as_str().ok_or("model: Field required")?.to_owned();
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or("messages: at least one message is required")?;
        let system = Some(words(&body["system"])).filter(|system| !system.is_empty());
        let mut request = Request { system, tools: items(&body["tools"]).map(tool).collect(), ..Request::default() };
        for (place, message) in messages.iter().enumerate() {
            let role = match message["role"].as_str() {
                Some("user") => Role::User,
                Some("assistant") => Role::Assistant,
                _ => return Err(format!("messages.{place}.role: Input should be 'user' or 'assistant'")),
            };
            let parts = match &message["content"] {
                Value::String(text) => vec![Part::Text(text.clone())],
                blocks => items(blocks).filter_map(part).collect(),
            };
            request.messages.push(Message { role, parts });
        }
        let schema = &body["output_config"]["format"]["schema"];
        request.reply_schema = schema.is_object().then(|| schema.clone());
        request.max_tokens = body["max_tokens"].as_u64().and_then(|tokens| u32::try_from(tokens).ok());
        // A mark of the cache is no part of what is cached.
        let mut marked = json!([body["tools"], body["system"], body["messages"]]);
        unmark(&mut marked);
        Ok(Incoming { model, streamed: body["stream"] == true, request, prompt: marked.to_string() })
    }

    fn error(&self, status: &str, message: &str) -> Value {
        let kind = match status.get(..3) {
            Some("429") => "rate_limit_error",
            Some("529") => "overloaded_error",
            Some("400") => "invalid_request_error",
            _ => "api_error",
        };
        json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" })
    }

    fn whole(&self, model: &str, reply: &Reply, usage: &Usage) -> Value {
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": blocks(reply), "stop_reason": reason(reply.stop),
            "stop_sequence": null, "usage": counted(usage, usage.output),
        })
    }

    fn stream(&self, model: &str, reply: &Reply, usage: &Usage) -> String {
        let begun = json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": null, "usage": counted(usage, 1),
        });
        let mut events = vec![json!({ "type": "message_start", "message": begun }), json!({ "type": "ping" })];
        for (index, block) in blocks(reply).iter().enumerate() {
            let (empty, deltas) = in_pieces(block);
            events.push(json!({ "type": "content_block_start", "index": index, "content_block": empty }));
            events.extend(deltas.into_iter().map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta })));
            events.push(json!({ "type": "content_block_stop", "index": index }));
        }
        let end = json!({ "stop_reason": reason(reply.stop), "stop_sequence": null });
        events.push(json!({ "type": "message_delta", "delta": end, "usage": { "output_tokens": usage.output } }));
        events.push(json!({ "type": "message_stop" }));
        events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", string(&event["type"]))).collect()
    }
}

fn blocks(reply: &Reply) -> Vec<Value> {
    let thinking = json!({ "type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE });
    let text = reply.text();
    let said = (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
    let calls = calls_of(&reply.parts).map(|call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments }));
    [thinking].into_iter().chain(said).chain(calls).collect()
}

/// The block as it begins, and what is added to it.
fn in_pieces(block: &Value) -> (Value, Vec<Value>) {
    let mut empty = block.clone();
    match block["type"].as_str() {
        Some("text") => {
            empty["text"] = json!("");
            (empty, pieces(&string(&block["text"])).map(|piece| json!({ "type": "text_delta", "text": piece })).collect())
        }
        Some("thinking") => {
            (empty["thinking"], empty["signature"]) = (json!(""), json!(""));
            let thought = pieces(&string(&block["thinking"])).map(|piece| json!({ "type": "thinking_delta", "thinking": piece }));
            let signed = json!({ "type": "signature_delta", "signature": block["signature"] });
            (empty, thought.chain([signed]).collect())
        }
        _ => {
            let input = match &block["input"] {
                Value::String(text) => text.clone(),
                input => input.to_string(),
            };
            empty["input"] = json!({});
            (empty, pieces(&input).map(|piece| json!({ "type": "input_json_delta", "partial_json": piece })).collect())
        }
    }
}

/// What came from the cache and what was put there is counted beside the rest.
fn counted(usage: &Usage, output: usize) -> Value {
    let cached = usage.cached.min(usage.input.saturating_sub(1));
    json!({
        "input_tokens": usage.input - cached, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0, "output_tokens": output,
    })
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::ToolUse => "tool_use",
        Stop::MaxTokens => "max_tokens",
        Stop::StopSequence => "stop_sequence",
        Stop::Refusal => "refusal",
        _ => "pause_turn",
    }
}

fn words(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        content => items(content).filter_map(|block| block["text"].as_str()).collect(),
    }
}

fn tool(tool: &Value) -> Tool {
    Tool { name: string(&tool["name"]), description: string(&tool["description"]), parameters: tool["input_schema"].clone() }
}

fn part(block: &Value) -> Option<Part> {
    Some(match block["type"].as_str()? {
        "text" => Part::Text(string(&block["text"])),
        "thinking" => {
            Part::Thinking(Thinking { text: string(&block["thinking"]), signature: block["signature"].as_str().map(str::to_owned) })
        }
        "tool_use" => {
            Part::ToolCall(ToolCall { id: string(&block["id"]), name: string(&block["name"]), arguments: block["input"].clone() })
        }
        "tool_result" => Part::ToolResult(ToolResult {
            call_id: string(&block["tool_use_id"]),
            content: words(&block["content"]),
            failed: block["is_error"] == true,
        }),
        _ => return None,
    })
}

fn unmark(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("cache_control");
            fields.values_mut().for_each(unmark);
        }
        Value::Array(values) => values.iter_mut().for_each(unmark),
        _ => {}
    }
}

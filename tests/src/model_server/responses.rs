//! OpenAI's responses as their provider documents them. Each reply begins with sealed reasoning, as those of its models do. Checks
//! nothing: that is for the hooks.

use baton::interfaces::llm::{Message, Opaque, Part, Reply, Request, Role, Stop, Tool, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::protocol::{self, Incoming, Protocol, Usage, calls_of, items, pieces, string};

/// What a reasoning item is sealed with.
pub(super) const SEAL: &str = "gAAAA-sealed";

pub(super) struct Responses;

impl Protocol for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn read(&self, _: &str, body: &Value) -> Result<Incoming, String> {
        let model = body["model"].as_str().ok_or("Missing required parameter: 'model'.")?.to_owned();
        let input = body["input"].as_array().filter(|input| !input.is_empty()).ok_or("Missing required parameter: 'input'.")?;
        let system = body["instructions"].as_str().map(str::to_owned);
        let mut request = Request { system, tools: items(&body["tools"]).map(tool).collect(), ..Request::default() };
        for (place, item) in input.iter().enumerate() {
            let (role, part) = part(item).ok_or_else(|| format!("Invalid value: 'input[{place}]'."))?;
            match request.messages.last_mut().filter(|last| last.role == role) {
                Some(last) => last.parts.push(part),
                None => request.messages.push(Message { role, parts: vec![part] }),
            }
        }
        let schema = &body["text"]["format"]["schema"];
        request.reply_schema = schema.is_object().then(|| schema.clone());
        request.max_tokens = body["max_output_tokens"].as_u64().and_then(|tokens| u32::try_from(tokens).ok());
        let prompt = format!("{}\n{}\n{}", body["tools"], body["instructions"], body["input"]);
        Ok(Incoming { model, streamed: body["stream"] == true, request, prompt })
    }

    fn error(&self, _: &str, message: &str) -> Value {
        json!({ "error": { "message": message, "type": "invalid_request_error", "param": null, "code": null } })
    }

    fn whole(&self, model: &str, reply: &Reply, usage: &Usage) -> Value {
        response(model, reply, usage)
    }

    fn stream(&self, model: &str, reply: &Reply, usage: &Usage) -> String {
        let whole = response(model, reply, usage);
        let begun = json!({ "id": "resp_1", "object": "response", "status": "in_progress", "model": model, "output": [], "usage": null });
        let mut events = vec![json!({ "type": "response.created", "response": begun })];
        for (place, item) in items(&whole["output"]).enumerate() {
            let mut started = item.clone();
            for field in ["content", "arguments", "encrypted_content"] {
                if !started[field].is_null() {
                    started[field] = if field == "content" { json!([]) } else { json!("") };
                }
            }
            events.push(json!({ "type": "response.output_item.added", "output_index": place, "item": started }));
            let delta = |kind: &str, piece: String| json!({ "type": kind, "output_index": place, "content_index": 0, "delta": piece });
            let text = string(&item["content"][0]["text"]);
            events.extend(pieces(&text).map(|piece| delta("response.output_text.delta", piece)));
            events.extend(pieces(&string(&item["arguments"])).map(|piece| delta("response.function_call_arguments.delta", piece)));
            events.push(json!({ "type": "response.output_item.done", "output_index": place, "item": item }));
        }
        events.push(json!({ "type": format!("response.{}", string(&whole["status"])), "response": whole }));
        events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", string(&event["type"]))).collect()
    }
}

fn response(model: &str, reply: &Reply, usage: &Usage) -> Value {
    let text = reply.text();
    let sealed = blake3::hash(format!("{text}{:?}", calls_of(&reply.parts).collect::<Vec<_>>()).as_bytes()).to_hex();
    let id = format!("rs_{}", &sealed[..12]);
    let mut output = vec![json!({ "id": id, "type": "reasoning", "summary": [], "encrypted_content": format!("{SEAL}-{sealed}") })];
    if !text.is_empty() {
        let content = json!([{ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }]);
        output.push(json!({ "id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content }));
    }
    output.extend(calls_of(&reply.parts).map(|call| {
        let id = format!("fc_{}", call.id);
        json!({ "id": id, "type": "function_call", "status": "completed", "call_id": call.id, "name": call.name, "arguments": protocol::arguments(call) })
    }));
    let (status, details) = match reply.stop {
        Stop::MaxTokens => ("incomplete", json!({ "reason": "max_output_tokens" })),
        Stop::Refusal => ("incomplete", json!({ "reason": "content_filter" })),
        Stop::Other => ("incomplete", json!({ "reason": "other" })),
        _ => ("completed", Value::Null),
    };
    let counted = json!({
        "input_tokens": usage.input, "input_tokens_details": { "cached_tokens": usage.cached },
        "output_tokens": usage.output, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": usage.input + usage.output,
    });
    json!({
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "error": null, "incomplete_details": details, "model": model,
        "output": output, "usage": counted, "store": false,
    })
}

fn tool(tool: &Value) -> Tool {
    Tool { name: string(&tool["name"]), description: string(&tool["description"]), parameters: tool["parameters"].clone() }
}

fn part(item: &Value) -> Option<(Role, Part)> {
    let words = |content: &Value| match content {
        Value::String(text) => text.clone(),
        content => items(content).filter_map(|chunk| chunk["text"].as_str()).collect(),
    };
    Some(match item["type"].as_str().unwrap_or("message") {
        "message" if item["role"] == "assistant" => (Role::Assistant, Part::Text(words(&item["content"]))),
        "message" => (Role::User, Part::Text(words(&item["content"]))),
        "reasoning" => (Role::Assistant, Part::Opaque(Opaque { provider: "openai".to_owned(), data: item.clone() })),
        "function_call" => {
            let text = string(&item["arguments"]);
            let arguments = serde_json::from_str(&text).unwrap_or(Value::String(text));
            (Role::Assistant, Part::ToolCall(ToolCall { id: string(&item["call_id"]), name: string(&item["name"]), arguments }))
        }
        "function_call_output" => {
            let result = ToolResult { call_id: string(&item["call_id"]), content: string(&item["output"]), failed: false };
            (Role::User, Part::ToolResult(result))
        }
        _ => return None,
    })
}

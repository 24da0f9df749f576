//! Chat completions as their providers document them. Checks nothing: that is for the hooks.

use baton::interfaces::llm::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::places::push;
use super::protocol::{self, Incoming, Protocol, Usage, calls_of, items, pieces};

pub(super) struct Completions;

impl Protocol for Completions {
    fn name(&self) -> &'static str {
        "chat-completions"
    }

    fn read(&self, _: &str, body: &Value) -> Result<Incoming, String> {
        let model = body["model"].as_str().ok_or("you must provide a model parameter")?.to_owned();
        let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or("'messages' must be an array of at least one message")?;
        let mut request = Request { tools: items(&body["tools"]).map(tool).collect(), ..Request::default() };
        for (place, message) in messages.iter().enumerate() {
            match message["role"].as_str() {
                Some("system" | "developer") => request.system = Some(text(&message["content"])),
                Some("user") => push(&mut request.messages, said(Role::User, vec![Part::Text(text(&message["content"]))])),
                Some("tool") => push(&mut request.messages, said(Role::User, vec![result(message)])),
                Some("assistant") => request.messages.push(said(Role::Assistant, answered(message))),
                _ => return Err(format!("Invalid value: 'messages[{place}].role'.")),
            }
        }
        let schema = &body["response_format"]["json_schema"]["schema"];
        request.reply_schema = schema.is_object().then(|| schema.clone());
        request.max_tokens = ["max_tokens", "max_completion_tokens"].iter().find_map(|name| u32::try_from(body[name].as_u64()?).ok());
        let prompt = format!("{}\n{}", body["tools"], body["messages"]);
        Ok(Incoming { model, streamed: body["stream"] == true, request, prompt })
    }

    fn error(&self, _: &str, message: &str) -> Value {
        json!({ "error": { "message": message, "type": "invalid_request_error", "param": null, "code": null } })
    }

    fn whole(&self, model: &str, reply: &Reply, usage: &Usage) -> Value {
        let mut message = json!({ "role": "assistant", "content": content(reply) });
        let thoughts = thoughts(reply);
        if !thoughts.is_empty() {
            message["reasoning_content"] = json!(thoughts);
        }
        let calls: Vec<_> = calls_of(&reply.parts).map(call).collect();
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        let choice = json!({ "index": 0, "message": message, "finish_reason": reason(reply.stop) });
        json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": counted(usage) })
    }

    fn stream(&self, model: &str, reply: &Reply, usage: &Usage) -> String {
        let chunk = |choices: Value, usage: Value| json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices, "usage": usage });
        let delta = |delta: Value| chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]), Value::Null);
        let mut events = vec![delta(json!({ "role": "assistant", "content": "" }))];
        events.extend(pieces(&thoughts(reply)).map(|piece| delta(json!({ "reasoning_content": piece }))));
        events.extend(pieces(&reply.text()).map(|piece| delta(json!({ "content": piece }))));
        for (index, made) in calls_of(&reply.parts).enumerate() {
            let begun = json!({ "index": index, "id": made.id, "type": "function", "function": { "name": made.name, "arguments": "" } });
            events.push(delta(json!({ "tool_calls": [begun] })));
            let piece = |piece| delta(json!({ "tool_calls": [{ "index": index, "function": { "arguments": piece } }] }));
            events.extend(pieces(&protocol::arguments(made)).map(piece));
        }
        events.push(chunk(json!([{ "index": 0, "delta": {}, "finish_reason": reason(reply.stop) }]), Value::Null));
        events.push(chunk(json!([]), counted(usage)));
        events.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]).collect()
    }
}

fn said(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

/// A content, which is a text or a list of chunks. What is not text is left out.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        content => items(content).filter_map(|chunk| chunk["text"].as_str()).collect(),
    }
}

fn tool(tool: &Value) -> Tool {
    let function = &tool["function"];
    let text = |name: &str| function[name].as_str().unwrap_or_default().to_owned();
    Tool { name: text("name"), description: text("description"), parameters: function["parameters"].clone() }
}

fn result(message: &Value) -> Part {
    let call_id = message["tool_call_id"].as_str().unwrap_or_default().to_owned();
    Part::ToolResult(ToolResult { call_id, content: text(&message["content"]), failed: false })
}

fn answered(message: &Value) -> Vec<Part> {
    let (thoughts, words) = (text(&message["reasoning_content"]), text(&message["content"]));
    let thoughts = (!thoughts.is_empty()).then(|| Part::Thinking(Thinking { text: thoughts, signature: None }));
    let words = (!words.is_empty()).then_some(Part::Text(words));
    let calls = items(&message["tool_calls"]).map(|call| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let arguments = text(&call["function"]["arguments"]);
        let arguments = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
        Part::ToolCall(ToolCall { id: text(&call["id"]), name: text(&call["function"]["name"]), arguments })
    });
    thoughts.into_iter().chain(words).chain(calls).collect()
}

/// Null beside calls without words, as OpenAI has it.
fn content(reply: &Reply) -> Value {
    let text = reply.text();
    if text.is_empty() && calls_of(&reply.parts).next().is_some() { Value::Null } else { Value::String(text) }
}

fn thoughts(reply: &Reply) -> String {
    reply.parts.iter().filter_map(|part| if let Part::Thinking(thinking) = part { Some(thinking.text.as_str()) } else { None }).collect()
}

fn call(call: &ToolCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": protocol::arguments(call) } })
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::End | Stop::StopSequence => "stop",
        Stop::ToolUse => "tool_calls",
        Stop::MaxTokens => "length",
        Stop::Refusal => "content_filter",
        Stop::Malformed => "malformed_function_call",
        Stop::Other => "error",
    }
}

fn counted(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": { "cached_tokens": usage.cached },
    })
}

//! Anthropic's messages.

use serde_json::{Map, Value, json};

use super::{
    Adapter, Assembly, Outgoing, PDF, ParsedReply, base64, calls,
    claude::{Claude, ThinkingRequest},
    decimal, effort, finished,
    messages_stream::{FINISHED, Growing, STOPPED, WAITING},
    schemas::{self, Rules},
    sealed, set, text, unsealed, waiting_for_calls,
};
use crate::interfaces::llm::messages::{Effort, Media, Message, Part, Request, Role, Stop, Thinking, Tool, ToolChoice};

/// Whose blocks are kept for it.
const PROVIDER: &str = "anthropic";
const REDACTED: &str = "redacted_thinking";
/// The longest reply that is asked for where neither the asker nor the table of abilities says one: the protocol wants it to be
/// told, and every model since Claude 4 takes this.
const USUAL_REPLY: u32 = 32_000;
/// The highest temperature; others take up to 2.
const HOTTEST: f32 = 1.0;

/// Anthropic's messages.
pub(super) struct Messages;

impl Adapter for Messages {
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing {
        let (name, effort) = effort::split(model);
        let claude = Claude::parse_name(name);
        let (mut body, mut output) = (Map::new(), Map::new());
        body.insert("model".to_owned(), json!(name));
        let max_tokens = request.max_tokens.unwrap_or(USUAL_REPLY);
        body.insert("max_tokens".to_owned(), json!(max_tokens));
        body.insert("stream".to_owned(), json!(streamed));
        let effort = effort.or(request.effort.map(Effort::as_str));
        claude.think(&ThinkingRequest { effort, max_tokens, is_call_forced: request.forces_call() }, &mut body, &mut output);
        // It refuses what it cannot hold a reply to.
        let schema = request.reply_schema.as_ref().map(|schema| schemas::of_reply(schema, Rules::Anthropic)).filter(|reply| reply.is_exact);
        set(&mut output, "format", schema.map(|reply| json!({ "type": "json_schema", "schema": reply.schema })));
        set(&mut body, "output_config", (!output.is_empty()).then_some(Value::Object(output)));
        // No model takes one while it thinks (Anthropic, "Extended thinking").
        let thinks = body.get("thinking").is_some_and(|thinking| thinking["type"] != "disabled");
        let temperature = request.temperature.filter(|_| !thinks);
        set(&mut body, "temperature", temperature.map(|temperature| decimal(temperature.min(HOTTEST))));
        let sequences = &request.stop_sequences;
        set(&mut body, "stop_sequences", (!sequences.is_empty()).then(|| json!(sequences)));
        set(&mut body, "tools", tools(request));
        set(&mut body, "tool_choice", tool_choice(request));
        let (mut system, mut messages) =
            (request.system.as_deref().filter(|system| !system.trim().is_empty()).map(instructions), messages(request));
        if !request.tools.is_empty() {
            mark_for_cache(system.as_mut(), &mut messages);
        }
        set(&mut body, "system", system);
        body.insert("messages".to_owned(), Value::Array(messages));
        Outgoing { path: "messages".to_owned(), headers: &[("anthropic-version", "2023-06-01")], body: Value::Object(body) }
    }

    fn authorization(&self, key: &str) -> (&'static str, String) {
        ("x-api-key", key.to_owned())
    }

    fn reply(&self, body: &Value) -> Option<ParsedReply> {
        let parts: Vec<Part> = match &body["content"] {
            Value::Array(blocks) => blocks.iter().filter_map(part).collect(),
            Value::String(said) => Some(said).filter(|said| !said.is_empty()).map(|said| Part::Text(said.clone())).into_iter().collect(),
            _ => return None,
        };
        let stop = match body["stop_reason"].as_str() {
            Some(FINISHED) => finished(&parts),
            Some(STOPPED) => Stop::StopSequence,
            Some(WAITING) => waiting_for_calls(&parts),
            Some("max_tokens" | "model_context_window_exceeded") => Stop::MaxTokens,
            Some("refusal") => Stop::Refusal,
            // `pause_turn` as well: the turn is not over.
            _ => Stop::Other,
        };
        Some(ParsedReply { parts, stop })
    }

    fn stream(&self) -> Box<dyn Assembly> {
        Box::<Growing>::default()
    }
}

fn part(block: &Value) -> Option<Part> {
    match block["type"].as_str()? {
        "text" => text(&block["text"]).map(|said| Part::Text(said.to_owned())),
        "thinking" => {
            let (thought, signature) = (text(&block["thinking"]), text(&block["signature"]));
            let thinking = Thinking { text: thought.unwrap_or_default().to_owned(), signature: signature.map(str::to_owned) };
            (thought.is_some() || signature.is_some()).then_some(Part::Thinking(thinking))
        }
        "tool_use" => Some(calls::call(&block["id"], &block["name"], &block["input"])),
        REDACTED => sealed(PROVIDER, block),
        _ => None,
    }
}

fn instructions(system: &str) -> Value {
    json!([{ "type": "text", "text": system }])
}

fn tools(request: &Request) -> Option<Value> {
    let schema = |tool: &Tool| schemas::of_parameters(&tool.parameters, Rules::Anthropic);
    let tool = |tool: &Tool| json!({ "name": tool.name, "description": tool.description, "input_schema": schema(tool) });
    (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect())
}

fn tool_choice(request: &Request) -> Option<Value> {
    let choice = request.tool_choice.as_ref().filter(|_| !request.tools.is_empty())?;
    Some(match choice {
        ToolChoice::Auto => json!({ "type": "auto" }),
        ToolChoice::Required => json!({ "type": "any" }),
        ToolChoice::None => json!({ "type": "none" }),
        ToolChoice::Tool(name) => json!({ "type": "tool", "name": name }),
    })
}

fn messages(request: &Request) -> Vec<Value> {
    let message = |message: &Message| {
        let (role, blocks) = match message.role {
            Role::User => ("user", convert_user(message)),
            Role::Assistant => ("assistant", message.parts.iter().filter_map(|part| convert_assistant(request, part)).collect()),
        };
        (!blocks.is_empty()).then(|| json!({ "role": role, "content": blocks }))
    };
    request.messages.iter().filter_map(message).collect()
}

/// Results first: they belong right behind the calls.
fn convert_user(message: &Message) -> Vec<Value> {
    let results = message.parts.iter().filter_map(|part| match part {
        Part::ToolResult(result) => {
            let mut block = json!({ "type": "tool_result", "tool_use_id": calls::id(&result.call_id), "content": result.content });
            if result.failed {
                block["is_error"] = json!(true);
            }
            Some(block)
        }
        _ => None,
    });
    let rest = message.parts.iter().filter_map(|part| match part {
        Part::Media(media) => Some(file(media)),
        part => words(part),
    });
    results.chain(rest).collect()
}

fn file(media: &Media) -> Value {
    let kind = if media.media_type == PDF { "document" } else { "image" };
    json!({ "type": kind, "source": { "type": "base64", "media_type": media.media_type, "data": base64(media) } })
}

/// Anthropic refuses texts without words.
fn words(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) if !text.trim().is_empty() => Some(json!({ "type": "text", "text": text })),
        _ => None,
    }
}

fn convert_assistant(request: &Request, part: &Part) -> Option<Value> {
    match part {
        Part::ToolCall(call) => Some(json!({
            "type": "tool_use",
            "id": calls::id(&call.id),
            "name": calls::name(request, call),
            "input": calls::object(&call.arguments),
        })),
        Part::Opaque(opaque) => unsealed(opaque, PROVIDER, |kind| kind == REDACTED),
        // It takes back only what it signed.
        Part::Thinking(Thinking { text, signature: Some(signature) }) => {
            Some(json!({ "type": "thinking", "thinking": text, "signature": signature }))
        }
        part => words(part),
    }
}

/// Marks the standing instructions and the end of the conversation, so that the next turn of a tool loop reads all before it
/// from the provider's cache.
fn mark_for_cache(system: Option<&mut Value>, messages: &mut [Value]) {
    let mark = |blocks: &mut Value| {
        let markable = |block: &&mut Value| !matches!(block["type"].as_str(), Some("thinking" | REDACTED));
        if let Some(block) = blocks.as_array_mut().and_then(|blocks| blocks.iter_mut().rev().find(markable)) {
            block["cache_control"] = json!({ "type": "ephemeral" });
        }
    };
    match (system, messages.len() > 1) {
        (Some(system), _) => mark(system),
        (None, true) => mark(&mut messages[0]["content"]),
        (None, false) => {}
    }
    if let Some(last) = messages.last_mut() {
        mark(&mut last["content"]);
    }
}

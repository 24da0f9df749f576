//! OpenAI's responses, in which its models reason beside tools. Nothing is stored at the service: what a model reasoned comes
//! sealed and goes back as it came.

use serde_json::{Map, Value, json};

use super::responses_stream::Response;
use super::schemas::{self, ReplySchema, Rules};
use super::{
    Adapter, Assembly, Outgoing, PDF, ParsedReply, calls, data_url, decimal, effort, file_name, finished, items, sealed, set, text,
    unsealed, waiting_for_calls,
};
use crate::interfaces::llm::messages::{Effort, Media, Message, Opaque, Part, Request, Role, Stop, Thinking, Tool, ToolChoice};

/// Whose items are kept for it.
const PROVIDER: &str = "openai";
const REASONING: &str = "reasoning";
/// A note of ours that says of the text behind it what its message was: a word in between, or the answer. OpenAI wants it back
/// ("Reasoning models", `phase`).
const PHASE: &str = "phase";

/// OpenAI's responses.
pub(super) struct Responses;

impl Adapter for Responses {
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing {
        let (name, effort) = effort::split(model);
        let effort = effort.or(request.effort.map(Effort::as_str));
        let mut body = Map::new();
        body.insert("model".to_owned(), json!(name));
        body.insert("stream".to_owned(), json!(streamed));
        body.insert("store".to_owned(), json!(false));
        // Other models refuse to be asked for it.
        set(&mut body, "include", reasons(name).then(|| json!(["reasoning.encrypted_content"])));
        set(&mut body, "reasoning", effort.map(|effort| json!({ "effort": effort })));
        set(&mut body, "instructions", request.system.as_ref().filter(|system| !system.trim().is_empty()).map(|system| json!(system)));
        set(&mut body, "tools", tools(request));
        set(&mut body, "tool_choice", tool_choice(request));
        body.insert("input".to_owned(), request.messages.iter().flat_map(|message| input(request, message)).collect());
        set(&mut body, "text", request.reply_schema.as_ref().and_then(format));
        set(&mut body, "temperature", request.temperature.map(decimal));
        set(&mut body, "max_output_tokens", request.max_tokens.map(Value::from));
        Outgoing { path: "responses".to_owned(), headers: &[], body: Value::Object(body) }
    }

    fn authorization(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }

    fn reply(&self, body: &Value) -> Option<ParsedReply> {
        let (status, output) = (body["status"].as_str()?, body["output"].as_array()?);
        if status == "failed" && output.is_empty() {
            return None;
        }
        let (mut parts, mut is_refusal) = (Vec::new(), false);
        for item in output {
            match item["type"].as_str() {
                Some(REASONING) => parts.extend(reasoned(item)),
                Some("message") => is_refusal |= add_message(&mut parts, item),
                Some("function_call") => parts.push(calls::call(&item["call_id"], &item["name"], &item["arguments"])),
                _ => {}
            }
        }
        let stop = match (status, body.pointer("/incomplete_details/reason").and_then(Value::as_str)) {
            (_, Some("max_output_tokens")) => Stop::MaxTokens,
            (_, Some("content_filter")) => Stop::Refusal,
            ("completed", _) if is_refusal => Stop::Refusal,
            ("completed", _) if parts.iter().any(|part| matches!(part, Part::ToolCall(_))) => waiting_for_calls(&parts),
            ("completed", _) => finished(&parts),
            _ => Stop::Other,
        };
        Some(ParsedReply { parts, stop })
    }

    fn stream(&self) -> Box<dyn Assembly> {
        Box::<Response>::default()
    }
}

/// Whether a model reasons, by its name.
fn reasons(model: &str) -> bool {
    let family = ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|family| model.starts_with(family));
    family && !model.contains("-chat")
}

/// What a model reasoned: what of it may be read, and all of it as it came.
fn reasoned(item: &Value) -> impl Iterator<Item = Part> {
    let words = |list: &Value| items(list).filter_map(|chunk| text(&chunk["text"])).collect::<Vec<_>>().join("\n");
    let (summary, content) = (words(&item["summary"]), words(&item["content"]));
    let thought = if content.is_empty() { summary } else { content };
    let thinking = (!thought.is_empty()).then_some(Part::Thinking(Thinking { text: thought, signature: None }));
    thinking.into_iter().chain(sealed(PROVIDER, item))
}

/// Adds what a message says. Gives whether it is a refusal.
fn add_message(parts: &mut Vec<Part>, message: &Value) -> bool {
    let chunks = || items(&message["content"]);
    let words: String = chunks().filter_map(|chunk| text(&chunk["text"])).collect();
    let refusal: String = chunks().filter_map(|chunk| text(&chunk["refusal"])).collect();
    let words = if words.trim().is_empty() { &refusal } else { &words };
    if !words.trim().is_empty() {
        if let Some(phase) = text(&message["phase"]) {
            parts.push(Part::Opaque(Opaque { provider: PROVIDER.to_owned(), data: json!({ "type": PHASE, "phase": phase }) }));
        }
        parts.push(Part::Text(words.clone()));
    }
    !refusal.is_empty()
}

fn tools(request: &Request) -> Option<Value> {
    // It would hold calls to a schema that it has made strict.
    let tool = |tool: &Tool| {
        let parameters = schemas::of_parameters(&tool.parameters, Rules::OpenAi);
        json!({ "type": "function", "name": tool.name, "description": tool.description, "parameters": parameters, "strict": false })
    };
    (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect())
}

fn tool_choice(request: &Request) -> Option<Value> {
    let choice = request.tool_choice.as_ref().filter(|_| !request.tools.is_empty())?;
    Some(match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Required => json!("required"),
        ToolChoice::None => json!("none"),
        ToolChoice::Tool(name) => json!({ "type": "function", "name": name }),
    })
}

/// None where it takes no such schema at all.
fn format(schema: &Value) -> Option<Value> {
    let ReplySchema { schema, is_exact } = schemas::of_reply(schema, Rules::OpenAi);
    let is_taken = schema["type"] == "object";
    is_taken.then(|| json!({ "format": { "type": "json_schema", "name": "reply", "strict": is_exact, "schema": schema } }))
}

fn input(request: &Request, message: &Message) -> Vec<Value> {
    match message.role {
        Role::User => convert_user(message),
        Role::Assistant => convert_assistant(request, message),
    }
}

/// Results first: they belong right behind the calls.
fn convert_user(message: &Message) -> Vec<Value> {
    let results = message.parts.iter().filter_map(|part| match part {
        Part::ToolResult(result) => {
            Some(json!({ "type": "function_call_output", "call_id": calls::short_id(&result.call_id), "output": result.content }))
        }
        _ => None,
    });
    let content: Vec<Value> = message.parts.iter().filter_map(chunk).collect();
    let said = (!content.is_empty()).then(|| json!({ "type": "message", "role": "user", "content": content }));
    results.chain(said).collect()
}

fn chunk(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) if !text.is_empty() => Some(json!({ "type": "input_text", "text": text })),
        Part::Media(media) => Some(file(media)),
        _ => None,
    }
}

fn file(media: &Media) -> Value {
    let url = data_url(media);
    if media.media_type != PDF {
        return json!({ "type": "input_image", "image_url": url });
    }
    json!({ "type": "input_file", "filename": file_name(media), "file_data": url })
}

/// Reasoning goes back only before what came of it: by itself it is refused. Calls and messages go without the ids that they had
/// at the service, where nothing was stored.
fn convert_assistant(request: &Request, message: &Message) -> Vec<Value> {
    let (mut sent, mut reasoning, mut phase) = (Vec::new(), Vec::new(), None);
    for part in &message.parts {
        let item = match part {
            Part::Opaque(opaque) => {
                reasoning.extend(unsealed(opaque, PROVIDER, |kind| kind == REASONING).map(returned));
                phase = unsealed(opaque, PROVIDER, |kind| kind == PHASE).map(|note| note["phase"].clone()).or(phase);
                continue;
            }
            Part::Text(text) if !text.is_empty() => {
                let content = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
                let mut item = json!({ "type": "message", "role": "assistant", "content": content });
                if let Some(phase) = phase.take() {
                    item["phase"] = phase;
                }
                item
            }
            Part::ToolCall(call) => json!({
                "type": "function_call",
                "call_id": calls::short_id(&call.id),
                "name": calls::name(request, call),
                "arguments": calls::object(&call.arguments).to_string(),
            }),
            Part::Text(_) | Part::Thinking(_) | Part::ToolResult(_) | Part::Media(_) => continue,
        };
        sent.append(&mut reasoning);
        sent.push(item);
    }
    sent
}

/// A reasoning item as it is taken back. Its status is for those who read it, and its summary has to be there.
fn returned(mut item: Value) -> Value {
    if let Some(fields) = item.as_object_mut() {
        fields.remove("status");
        fields.entry("summary").or_insert_with(|| json!([]));
    }
    item
}

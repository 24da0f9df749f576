//! Gemini's generateContent.

use serde_json::{Map, Value, json};

use super::schemas::{self, Rules};
use super::{
    Adapter, Assembly, Outgoing, ParsedReply, base64, calls, decimal, effort, finished, gemini_calls, grow, items, say, set, text,
};
use crate::interfaces::llm::messages::{Effort, Message, Part, Request, Role, Stop, Thinking, Tool, ToolCall, ToolChoice};

/// What Google documents for a call without its proof of thinking, such as one of another model.
const NO_PROOF: &str = "skip_thought_signature_validator";

/// Gemini's contents.
pub(super) struct Contents;

impl Adapter for Contents {
    fn request(&self, model: &str, request: &Request, streamed: bool) -> Outgoing {
        let (name, effort) = effort::split(model.strip_prefix("models/").unwrap_or(model));
        let mut body = Map::new();
        let system = request.system.as_ref().map(|system| json!({ "parts": [{ "text": system }] }));
        set(&mut body, "systemInstruction", system);
        set(&mut body, "tools", tools(request));
        set(&mut body, "toolConfig", tool_config(request));
        body.insert("contents".to_owned(), contents(name, request));
        let effort = effort.or(request.effort.filter(|_| thinks(name)).map(Effort::as_str));
        let settings = settings(name, effort, request);
        set(&mut body, "generationConfig", (!settings.is_empty()).then_some(Value::Object(settings)));
        let call = if streamed { "streamGenerateContent?alt=sse" } else { "generateContent" };
        Outgoing { path: format!("models/{}:{call}", segment(name)), headers: &[], body: Value::Object(body) }
    }

    fn takes(&self, media_type: &str) -> bool {
        media_type != "image/gif"
    }

    fn authorization(&self, key: &str) -> (&'static str, String) {
        ("x-goog-api-key", key.to_owned())
    }

    fn reply(&self, body: &Value) -> Option<ParsedReply> {
        let candidate = body["candidates"].get(0).filter(|candidate| candidate.is_object())?;
        let mut parts = Vec::new();
        for part in items(&candidate["content"]["parts"]) {
            take(&mut parts, part);
        }
        let stop = match candidate["finishReason"].as_str() {
            Some("STOP") => finished(&parts),
            Some("MAX_TOKENS") => Stop::MaxTokens,
            Some("SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY") => Stop::Refusal,
            Some("MALFORMED_FUNCTION_CALL" | "MALFORMED_RESPONSE" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS") => Stop::Malformed,
            _ => Stop::Other,
        };
        // What was wrong is said beside the parts.
        if matches!(stop, Stop::Other | Stop::Malformed) && !parts.iter().any(|part| matches!(part, Part::Text(_))) {
            say(&mut parts, candidate["finishMessage"].as_str().unwrap_or_default());
        }
        Some(ParsedReply { parts, stop })
    }

    fn stream(&self) -> Box<dyn Assembly> {
        Box::<Growing>::default()
    }
}

fn settings(model: &str, effort: Option<&str>, request: &Request) -> Map<String, Value> {
    let mut settings = Map::new();
    // It takes either tools or a schema; the asker checks the reply in any case.
    if let Some(schema) = request.reply_schema.as_ref().filter(|_| request.tools.is_empty()) {
        settings.insert("responseMimeType".to_owned(), json!("application/json"));
        settings.insert("responseJsonSchema".to_owned(), schemas::of_reply(schema, Rules::Gemini).schema);
    }
    set(&mut settings, "temperature", request.temperature.map(decimal));
    set(&mut settings, "maxOutputTokens", request.max_tokens.map(Value::from));
    let sequences = &request.stop_sequences;
    set(&mut settings, "stopSequences", (!sequences.is_empty()).then(|| json!(sequences)));
    set(&mut settings, "thinkingConfig", effort.and_then(|effort| thinking(model, effort)));
    settings
}

/// Older models refuse to be told how much to think.
fn thinks(model: &str) -> bool {
    !["gemini-1", "gemini-2.0", "gemma"].iter().any(|older| model.contains(older))
}

/// Gemini 3 and later want proofs of thinking back with their calls, and take a level of thinking.
fn signs_calls(model: &str) -> bool {
    let number = model.split_once("gemini-").map(|(_, rest)| rest.split(|character: char| !character.is_ascii_digit()).next());
    number.flatten().and_then(|digits| digits.parse::<u32>().ok()).is_some_and(|version| version >= 3)
}

fn thinking(model: &str, effort: &str) -> Option<Value> {
    if !signs_calls(model) {
        return Some(json!({ "thinkingBudget": effort::budget(effort).unwrap_or_default() }));
    }
    let level = match effort {
        "none" => return None,
        "minimal" | "low" | "medium" => effort,
        _ => "high",
    };
    Some(json!({ "thinkingLevel": level.to_uppercase() }))
}

/// A model's name as one segment of a path.
fn segment(name: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    name.bytes().map(|byte| if keeps(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn tools(request: &Request) -> Option<Value> {
    let schema = |tool: &Tool| schemas::of_parameters(&tool.parameters, Rules::Gemini);
    let tool = |tool: &Tool| json!({ "name": tool.name, "description": tool.description, "parametersJsonSchema": schema(tool) });
    let declared = || request.tools.iter().map(tool).collect::<Value>();
    (!request.tools.is_empty()).then(|| json!([{ "functionDeclarations": declared() }]))
}

fn tool_config(request: &Request) -> Option<Value> {
    let choice = request.tool_choice.as_ref().filter(|_| !request.tools.is_empty())?;
    let config = match choice {
        ToolChoice::Auto => json!({ "mode": "AUTO" }),
        ToolChoice::Required => json!({ "mode": "ANY" }),
        ToolChoice::None => json!({ "mode": "NONE" }),
        ToolChoice::Tool(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
    };
    Some(json!({ "functionCallingConfig": config }))
}

fn contents(model: &str, request: &Request) -> Value {
    let mut contents = Vec::new();
    let mut add = |role: &str, parts: Vec<Value>| {
        if !parts.is_empty() {
            contents.push(json!({ "role": role, "parts": parts }));
        }
    };
    for message in &request.messages {
        match message.role {
            Role::Assistant => add("model", convert_assistant(model, request, message)),
            Role::User => {
                // The results of one turn stand by themselves, right behind the calls.
                add("user", message.parts.iter().filter_map(|part| result(request, part)).collect());
                add("user", message.parts.iter().filter_map(convert_user).collect());
            }
        }
    }
    Value::Array(contents)
}

fn convert_user(part: &Part) -> Option<Value> {
    match part {
        Part::Media(media) => Some(json!({ "inlineData": { "mimeType": media.media_type, "data": base64(media) } })),
        part => words(part),
    }
}

fn words(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) if !text.is_empty() => Some(json!({ "text": text })),
        _ => None,
    }
}

fn result(request: &Request, part: &Part) -> Option<Value> {
    let Part::ToolResult(result) = part else { return None };
    let made = |part: &Part| match part {
        Part::ToolCall(call) if call.id == result.call_id => Some(calls::name(request, call)),
        _ => None,
    };
    let name =
        request.messages.iter().flat_map(|message| &message.parts).find_map(made).unwrap_or_else(|| calls::acceptable(&result.call_id));
    let mut response = json!({ "name": name, "response": { "name": name, "content": result.content } });
    if calls::is_chosen(&result.call_id) {
        response["id"] = json!(calls::id(&result.call_id));
    }
    Some(json!({ "functionResponse": response }))
}

/// A proof of thinking belongs to the part behind it, whatever that says.
fn convert_assistant(model: &str, request: &Request, message: &Message) -> Vec<Value> {
    let (mut parts, mut proof, mut called) = (Vec::new(), None, false);
    for part in &message.parts {
        let mut said = match part {
            Part::Thinking(thinking) => {
                proof = thinking.signature.clone().or(proof);
                continue;
            }
            Part::ToolCall(call) => {
                let first = !std::mem::replace(&mut called, true);
                if first && proof.is_none() && signs_calls(model) {
                    proof = Some(NO_PROOF.to_owned());
                }
                json!({ "functionCall": convert_call(request, call) })
            }
            part => match words(part) {
                Some(words) => words,
                None => continue,
            },
        };
        if let Some(proof) = proof.take() {
            said["thoughtSignature"] = json!(proof);
        }
        parts.push(said);
    }
    parts.extend(proof.map(|proof| json!({ "text": "", "thoughtSignature": proof })));
    parts
}

fn convert_call(request: &Request, call: &ToolCall) -> Value {
    let mut made = json!({ "name": calls::name(request, call), "args": calls::object(&call.arguments) });
    if calls::is_chosen(&call.id) {
        made["id"] = json!(calls::id(&call.id));
    }
    made
}

fn take(parts: &mut Vec<Part>, part: &Value) {
    if let Some(proof) = text(&part["thoughtSignature"]) {
        parts.push(Part::Thinking(Thinking { text: String::new(), signature: Some(proof.to_owned()) }));
    }
    let words = part["text"].as_str().unwrap_or_default();
    match (&part["functionCall"], part["thought"].as_bool(), parts.last_mut()) {
        (call @ Value::Object(_), ..) => parts.push(calls::call(&call["id"], &call["name"], &gemini_calls::arguments(call))),
        (_, Some(true), Some(Part::Thinking(Thinking { text, signature: None }))) => text.push_str(words),
        (_, Some(true), _) if !words.is_empty() => {
            parts.push(Part::Thinking(Thinking { text: words.to_owned(), signature: None }));
        }
        (_, Some(true), _) => {}
        _ => say(parts, words),
    }
}

/// Words that say nothing of an end, or that it was a good one.
const SOUND: [&str; 2] = ["FINISH_REASON_UNSPECIFIED", "STOP"];

/// A reply of which parts come with each event. The stream has no word for its end: it closes behind the reason for it.
#[derive(Default)]
struct Growing {
    parts: Vec<Value>,
    /// With each event there are more, until the end.
    usage: Map<String, Value>,
    finish: Map<String, Value>,
    has_candidate: bool,
    rest: Map<String, Value>,
}

impl Assembly for Growing {
    fn take(&mut self, event: &Value) -> String {
        grow(&mut self.usage, &event["usageMetadata"]);
        for field in ["modelVersion", "promptFeedback"] {
            set(&mut self.rest, field, Some(&event[field]).filter(|value| !value.is_null()).cloned());
        }
        let candidate = &event["candidates"][0];
        self.has_candidate |= candidate.is_object();
        // Whoever said that it did not end well may say that it did after that all the same.
        let is_unsound = self.finish.get("finishReason").and_then(Value::as_str).is_some_and(|reason| !SOUND.contains(&reason));
        for field in ["finishReason", "finishMessage"].into_iter().filter(|_| !is_unsound) {
            set(&mut self.finish, field, Some(&candidate[field]).filter(|value| !value.is_null()).cloned());
        }
        let parts = || items(&candidate["content"]["parts"]);
        parts().for_each(|part| gemini_calls::join(&mut self.parts, part));
        parts().filter_map(|part| part["text"].as_str()).collect()
    }

    fn is_whole(&self, closed: bool) -> bool {
        closed && (self.finish.contains_key("finishReason") || self.rest.contains_key("promptFeedback"))
    }

    fn body(self: Box<Self>) -> Value {
        let (mut body, mut candidate) = (self.rest, self.finish);
        // Of a reply that was cut off before any of it was counted, nobody knows what it took.
        let counts_output = ["candidatesTokenCount", "thoughtsTokenCount"].iter().any(|count| self.usage.contains_key(*count));
        let is_cut = self.has_candidate && !candidate.contains_key("finishReason");
        set(&mut body, "usageMetadata", (counts_output || !is_cut).then_some(Value::Object(self.usage)));
        candidate.insert("content".to_owned(), json!({ "parts": self.parts }));
        set(&mut body, "candidates", self.has_candidate.then(|| json!([candidate])));
        Value::Object(body)
    }
}

//! Gemini's generateContent as its provider documents it. The first call of each reply carries a proof of thinking. Checks
//! nothing: that is for the hooks.

use baton::interfaces::llm::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult};
use serde_json::{Value, json};

use super::protocol::{Incoming, Protocol, Usage, calls_of, items, pieces, string};

/// The proof of thinking.
pub(super) const PROOF: &str = "proof-by-the-double";

pub(super) struct Contents;

/// The model in an address such as `/v1beta/models/gemini-3-pro:generateContent`.
pub(super) fn model_of(path: &str) -> Option<(&str, bool)> {
    let (model, call) = path.split_once("/models/")?.1.split_once(':')?;
    match call.split_once('?').map_or(call, |(call, _)| call) {
        "generateContent" => Some((model, false)),
        "streamGenerateContent" => Some((model, true)),
        _ => None,
    }
}

impl Protocol for Contents {
    fn name(&self) -> &'static str {
        "generate-content"
    }

    fn read(&self, path: &str, body: &Value) -> Result<Incoming, String> {
        let (model, streamed) = model_of(path).ok_or("The address names no model.")?;
        let contents = body["contents"].as_array().filter(|contents| !contents.is_empty()).ok_or("contents is not specified")?;
        let system: String = items(&body["systemInstruction"]["parts"]).filter_map(|part| part["text"].as_str()).collect();
        let declared = items(&body["tools"]).flat_map(|tools| items(&tools["functionDeclarations"]));
        let mut request = Request { system: Some(system), tools: declared.map(tool).collect(), ..Request::default() };
        for content in contents {
            let role = if content["role"] == "model" { Role::Assistant } else { Role::User };
            let parts: Vec<Part> = items(&content["parts"]).flat_map(parts).collect();
            match request.messages.last_mut().filter(|last| last.role == role) {
                Some(last) => last.parts.extend(parts),
                None => request.messages.push(Message { role, parts }),
            }
        }
        let settings = &body["generationConfig"];
        request.reply_schema = settings["responseJsonSchema"].is_object().then(|| settings["responseJsonSchema"].clone());
        request.max_tokens = settings["maxOutputTokens"].as_u64().and_then(|tokens| u32::try_from(tokens).ok());
        let prompt = format!("{}\n{}\n{}", body["tools"], body["systemInstruction"], body["contents"]);
        Ok(Incoming { model: model.to_owned(), streamed, request, prompt })
    }

    fn error(&self, status: &str, message: &str) -> Value {
        let code: u16 = status.get(..3).and_then(|code| code.parse().ok()).unwrap_or(400);
        let word = match code {
            400 => "INVALID_ARGUMENT",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            _ => "INTERNAL",
        };
        json!({ "error": { "code": code, "message": message, "status": word } })
    }

    fn whole(&self, model: &str, reply: &Reply, usage: &Usage) -> Value {
        let candidate = json!({ "content": { "role": "model", "parts": said(reply) }, "finishReason": reason(reply.stop), "index": 0 });
        json!({ "candidates": [candidate], "usageMetadata": counted(usage), "modelVersion": model, "responseId": "r1" })
    }

    fn stream(&self, model: &str, reply: &Reply, usage: &Usage) -> String {
        let event = |parts: Value, finish: Option<&str>| {
            let mut candidate = json!({ "content": { "role": "model", "parts": parts }, "index": 0 });
            if let Some(finish) = finish {
                candidate["finishReason"] = json!(finish);
            }
            json!({ "candidates": [candidate], "usageMetadata": counted(usage), "modelVersion": model, "responseId": "r1" })
        };
        let mut events = Vec::new();
        for part in said(reply) {
            match part["text"].as_str() {
                Some(text) => events.extend(pieces(text).map(|piece| event(json!([{ "text": piece }]), None))),
                None => events.push(event(json!([part]), None)),
            }
        }
        events.push(event(json!([{ "text": "" }]), Some(reason(reply.stop))));
        events.iter().map(|event| format!("data: {event}\r\n\r\n")).collect()
    }
}

fn said(reply: &Reply) -> Vec<Value> {
    let text = reply.text();
    let words = (!text.is_empty()).then(|| json!({ "text": text }));
    let calls = calls_of(&reply.parts).enumerate().map(|(place, call)| {
        let mut part = json!({ "functionCall": { "id": call.id, "name": call.name, "args": call.arguments } });
        if place == 0 {
            part["thoughtSignature"] = json!(PROOF);
        }
        part
    });
    words.into_iter().chain(calls).collect()
}

fn counted(usage: &Usage) -> Value {
    json!({
        "promptTokenCount": usage.input, "cachedContentTokenCount": usage.cached, "candidatesTokenCount": usage.output,
        "totalTokenCount": usage.input + usage.output,
    })
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::End | Stop::ToolUse | Stop::StopSequence => "STOP",
        Stop::MaxTokens => "MAX_TOKENS",
        Stop::Refusal => "SAFETY",
        _ => "MALFORMED_FUNCTION_CALL",
    }
}

fn tool(tool: &Value) -> Tool {
    Tool { name: string(&tool["name"]), description: string(&tool["description"]), parameters: tool["parametersJsonSchema"].clone() }
}

fn parts(part: &Value) -> Vec<Part> {
    let proof = part["thoughtSignature"].as_str().map(|proof| Thinking { text: String::new(), signature: Some(proof.to_owned()) });
    let (call, response) = (&part["functionCall"], &part["functionResponse"]);
    let said = if call.is_object() {
        Some(Part::ToolCall(ToolCall { id: string(&call["id"]), name: string(&call["name"]), arguments: call["args"].clone() }))
    } else if response.is_object() {
        let content = string(&response["response"]["content"]);
        Some(Part::ToolResult(ToolResult { call_id: string(&response["id"]), content, failed: false }))
    } else {
        part["text"].as_str().filter(|text| !text.is_empty()).map(|text| Part::Text(text.to_owned()))
    };
    proof.map(Part::Thinking).into_iter().chain(said).collect()
}

//! Between the contract's conversation and genai's. Says what each protocol takes back and drops the rest.

use genai::chat::{
    CacheControl, ChatMessage, ChatOptions, ChatRequest, ChatResponse, ContentPart, JsonSpec, MessageContent, MessageOptions,
    ReasoningEffort, StopReason, Tool as ChatTool, ToolCall as ChatToolCall, ToolResponse,
};
use serde_json::{Value, json};

use super::{Account, Protocol, usage};
use crate::interfaces::llm::messages::{Message, Part, Reply, Request, Role, Stop, Thinking, ToolCall, ToolResult};

/// Largest reply passed on, in bytes of its body.
pub(super) const LONGEST_REPLY: usize = 8 * 1024 * 1024;

/// The conversation and the tools.
pub(super) fn request(protocol: Protocol, request: &Request) -> ChatRequest {
    let mut chat = ChatRequest::new(request.messages.iter().flat_map(|message| messages(protocol, message)).collect());
    if let Some(system) = &request.system {
        chat.messages.insert(0, ChatMessage::system(system.as_str()));
    }
    if !request.tools.is_empty() {
        chat = chat.with_tools(request.tools.iter().map(|tool| {
            ChatTool::new(tool.name.as_str()).with_description(tool.description.as_str()).with_schema(tool.parameters.clone())
        }));
    }
    if protocol == Protocol::Anthropic && !request.tools.is_empty() {
        mark_for_cache(&mut chat.messages);
    }
    chat
}

/// Everything about the reply that is asked for.
pub(super) fn options(protocol: Protocol, model: &str, request: &Request) -> ChatOptions {
    let mut options = ChatOptions::default().with_capture_raw_body(true);
    options.max_tokens = request.max_tokens;
    // By way of text: 0.3 stays 0.3 and does not become 0.30000001192.
    options.temperature = request.temperature.and_then(|temperature| temperature.to_string().parse().ok());
    // Gemini takes either tools or a schema; the asker checks the reply in any case.
    let schema = request.reply_schema.as_ref().filter(|_| protocol != Protocol::Gemini || request.tools.is_empty());
    if let Some(schema) = schema {
        options = options.with_response_format(JsonSpec::new("reply", schema.clone()));
    }
    if protocol == Protocol::OpenAiCompatible {
        // genai reads `-high` and `::` in a model's name as its own notation. Elsewhere they are part of the name: a
        // budget, which chat completions cannot express, switches the first off, and the name is set once more.
        options = options.with_reasoning_effort(ReasoningEffort::Budget(0)).with_extra_body(json!({ "model": model }));
    }
    options
}

/// The whole reply, or why it is none.
pub(super) fn reply(account: &Account, response: ChatResponse) -> Result<Reply, String> {
    let raw = response.captured_raw_body.unwrap_or_default();
    let mut parts = parts(response.content, response.reasoning_content);
    let mut stop = stop(response.stop_reason.as_ref(), &parts);
    if let (true, Some(refusal)) = (parts.is_empty(), raw.pointer("/choices/0/message/refusal").and_then(Value::as_str)) {
        parts.push(Part::Text(refusal.to_owned()));
        stop = Stop::Refusal;
    }
    let said = parts.iter().any(|part| !matches!(part, Part::Thinking(_)));
    if !said && !matches!(stop, Stop::MaxTokens | Stop::Refusal) {
        return Err(format!("it says nothing. It begins: {raw}"));
    }
    let model = format!("{}/{}", account.name, response.provider_model_iden.model_name);
    Ok(Reply { parts, stop, usage: usage::read(account.protocol, &raw), model })
}

/// Marks the standing instructions and the end of the conversation, so that the next turn of a tool loop reads all
/// before it from the provider's cache.
fn mark_for_cache(messages: &mut [ChatMessage]) {
    let ends = [0, messages.len().saturating_sub(1)];
    for end in ends {
        if let Some(message) = messages.get_mut(end) {
            message.options = Some(MessageOptions::from(CacheControl::Ephemeral));
        }
    }
}

fn messages(protocol: Protocol, message: &Message) -> Vec<ChatMessage> {
    let parts = || message.parts.iter();
    if message.role == Role::Assistant {
        let parts: Vec<_> = parts().flat_map(|part| said(protocol, part)).collect();
        return content(parts).map(ChatMessage::assistant).into_iter().collect();
    }
    let results = parts().filter_map(|part| match part {
        Part::ToolResult(result) => Some(answered(protocol, result)),
        _ => None,
    });
    let texts = parts().filter_map(|part| match part {
        Part::Text(text) if !text.is_empty() => Some(ContentPart::from_text(text.as_str())),
        _ => None,
    });
    let results = content(results.collect()).map(ChatMessage::tool);
    let texts = content(texts.collect()).map(ChatMessage::user);
    // Results first: both protocols want them right behind the calls.
    results.into_iter().chain(texts).collect()
}

fn content(parts: Vec<ContentPart>) -> Option<MessageContent> {
    (!parts.is_empty()).then(|| MessageContent::from_parts(parts))
}

fn answered(protocol: Protocol, result: &ToolResult) -> ContentPart {
    if protocol == Protocol::Anthropic && result.failed {
        // genai's own part has no place for the failure.
        let block = json!({
            "type": "tool_result", "tool_use_id": result.call_id, "content": result.content, "is_error": true,
        });
        return ContentPart::from_custom(block, None);
    }
    ContentPart::ToolResponse(ToolResponse::new(result.call_id.as_str(), result.content.as_str()))
}

fn said(protocol: Protocol, part: &Part) -> Vec<ContentPart> {
    match part {
        Part::Text(text) if !text.is_empty() => vec![ContentPart::from_text(text.as_str())],
        Part::ToolCall(call) => vec![ContentPart::ToolCall(ChatToolCall {
            call_id: call.id.clone(),
            fn_name: call.name.clone(),
            fn_arguments: call.arguments.clone(),
            thought_signatures: None,
        })],
        Part::Thinking(thinking) => thought(protocol, thinking),
        Part::Text(_) | Part::ToolResult(_) => Vec::new(),
    }
}

/// Anthropic takes back what it signed, compatible services what they did not; OpenAI knows no such field.
fn thought(protocol: Protocol, thinking: &Thinking) -> Vec<ContentPart> {
    let text = || ContentPart::ReasoningContent(thinking.text.clone());
    match (protocol, &thinking.signature) {
        (Protocol::Anthropic | Protocol::OpenAiCompatible, Some(signature)) => match opaque(thinking, signature) {
            Some(block) => vec![ContentPart::from_custom(block, None)],
            None if protocol == Protocol::Anthropic => vec![ContentPart::ThoughtSignature(signature.clone()), text()],
            None => Vec::new(),
        },
        // Gemini's proof belongs to the part behind it, whatever that says.
        (Protocol::Gemini, Some(signature)) => vec![ContentPart::ThoughtSignature(signature.clone())],
        (Protocol::OpenAiCompatible, None) => vec![text()],
        _ => Vec::new(),
    }
}

/// A reasoning block that was kept whole in the signature.
fn opaque(thinking: &Thinking, signature: &str) -> Option<Value> {
    let block = serde_json::from_str::<Value>(signature).ok().filter(Value::is_object);
    block.filter(|_| thinking.text.is_empty())
}

fn parts(content: MessageContent, reasoning: Option<String>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut signature = None;
    let beside = !content.contains_reasoning_content();
    if let Some(text) = reasoning.filter(|text| beside && !text.is_empty()) {
        parts.push(Part::Thinking(Thinking { text, signature: None }));
    }
    for part in content {
        if matches!(part, ContentPart::Text(_) | ContentPart::ToolCall(_))
            && let Some(proof) = signature.take()
        {
            parts.push(Part::Thinking(Thinking { text: String::new(), signature: Some(proof) }));
        }
        match part {
            ContentPart::Text(text) if !text.is_empty() => parts.push(Part::Text(text)),
            ContentPart::ThoughtSignature(proof) => signature = Some(proof),
            ContentPart::ReasoningContent(text) => {
                parts.push(Part::Thinking(Thinking { text, signature: signature.take() }));
            }
            ContentPart::ToolCall(call) => {
                parts.push(Part::ToolCall(ToolCall { id: call.call_id, name: call.fn_name, arguments: call.fn_arguments }));
            }
            ContentPart::Custom(custom) if is_reasoning(custom.typ()) => {
                let signature = Some(custom.data.to_string());
                parts.push(Part::Thinking(Thinking { text: String::new(), signature }));
            }
            _ => {}
        }
    }
    parts
}

fn is_reasoning(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| kind == "redacted_thinking" || kind.starts_with("reasoning."))
}

fn stop(reason: Option<&StopReason>, parts: &[Part]) -> Stop {
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    match reason {
        Some(StopReason::MaxTokens(_)) => Stop::MaxTokens,
        Some(StopReason::ContentFilter(_)) => Stop::Refusal,
        // Some compatible services say `stop` beside tool calls.
        Some(StopReason::ToolCall(_) | StopReason::Completed(_)) if calls => Stop::ToolUse,
        Some(StopReason::ToolCall(_) | StopReason::Completed(_) | StopReason::StopSequence(_)) => Stop::End,
        Some(StopReason::Other(_)) | None => Stop::Other,
    }
}

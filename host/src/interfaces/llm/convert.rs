//! Between the contract's types and ours, and nothing else.

use serde_json::Value;

use super::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult, Usage};
use crate::{bindings::llm as wit, journal::CallError};

/// Refuses what is not JSON, by name.
pub(super) fn request(request: wit::Request) -> Result<Request, CallError> {
    let messages = request.messages.into_iter().map(message).collect::<Result<Vec<_>, _>>()?;
    if messages.is_empty() {
        return Err(CallError::Invalid("The request has no message; put what the model is to answer into one.".to_owned()));
    }
    if let Some(temperature) = request.temperature
        && !(0.0..=2.0).contains(&temperature)
    {
        return Err(CallError::Invalid(format!("The temperature {temperature} is not between 0.0 and 2.0.")));
    }
    Ok(Request {
        model: request.model,
        system: request.system,
        messages,
        tools: request.tools.into_iter().map(tool).collect::<Result<_, _>>()?,
        reply_schema: request.reply_schema.map(|schema| object("reply-schema", &schema)).transpose()?,
        max_tokens: request.max_tokens,
        temperature: request.temperature,
    })
}

pub(super) fn reply(reply: Reply) -> wit::Reply {
    wit::Reply {
        parts: reply.parts.into_iter().map(wit_part).collect(),
        stop: match reply.stop {
            Stop::End => wit::Stop::End,
            Stop::ToolUse => wit::Stop::ToolUse,
            Stop::MaxTokens => wit::Stop::MaxTokens,
            Stop::Refusal => wit::Stop::Refusal,
            Stop::Other => wit::Stop::Other,
        },
        usage: usage(reply.usage),
        model: reply.model,
    }
}

fn usage(usage: Usage) -> wit::Usage {
    wit::Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        cost_usd: usage.cost_usd,
    }
}

fn message(message: wit::Message) -> Result<Message, CallError> {
    let role = match message.role {
        wit::Role::User => Role::User,
        wit::Role::Assistant => Role::Assistant,
    };
    Ok(Message { role, parts: message.parts.into_iter().map(part).collect::<Result<_, _>>()? })
}

fn part(part: wit::Part) -> Result<Part, CallError> {
    Ok(match part {
        wit::Part::Text(text) => Part::Text(text),
        wit::Part::Thinking(thinking) => Part::Thinking(Thinking { text: thinking.text, signature: thinking.signature }),
        wit::Part::ToolCall(call) => {
            Part::ToolCall(ToolCall { arguments: json("arguments", &call.arguments)?, id: call.id, name: call.name })
        }
        wit::Part::ToolResult(result) => {
            Part::ToolResult(ToolResult { call_id: result.call_id, content: result.content, failed: result.failed })
        }
    })
}

fn wit_part(part: Part) -> wit::Part {
    match part {
        Part::Text(text) => wit::Part::Text(text),
        Part::Thinking(thinking) => wit::Part::Thinking(wit::Thinking { text: thinking.text, signature: thinking.signature }),
        Part::ToolCall(call) => wit::Part::ToolCall(wit::ToolCall { id: call.id, name: call.name, arguments: call.arguments.to_string() }),
        Part::ToolResult(result) => {
            wit::Part::ToolResult(wit::ToolResult { call_id: result.call_id, content: result.content, failed: result.failed })
        }
    }
}

fn tool(tool: wit::Tool) -> Result<Tool, CallError> {
    Ok(Tool { parameters: object("parameters", &tool.parameters)?, name: tool.name, description: tool.description })
}

fn object(name: &str, text: &str) -> Result<Value, CallError> {
    match json(name, text)? {
        schema @ Value::Object(_) => Ok(schema),
        other => Err(CallError::Invalid(format!("`{name}` has to be a JSON Schema, an object, and is {other}."))),
    }
}

fn json(name: &str, text: &str) -> Result<Value, CallError> {
    serde_json::from_str(text).map_err(|error| CallError::Invalid(format!("`{name}` is not JSON: {error}.")))
}

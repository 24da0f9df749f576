//! A model that answers by rules, in order; and what a request looks like in JSON. Makes nothing up: a prompt without a
//! rule fails the test.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::imports::options;
use crate::llm::{Effort, Message, ModelDescription, Part, Reply, Request, Role, Stop, ToolCall, ToolChoice, Usage};
use crate::{Error, Result};

/// The model that answers when no settings name one.
pub(super) const UNSET: &str = "script/test";

type Rule = Rc<dyn Fn(&Request) -> Option<Reply>>;

pub(super) struct Model {
    rules: Vec<Rule>,
    /// What the host knows of it, whatever its name.
    pub(super) description: ModelDescription,
}

impl Default for Model {
    fn default() -> Self {
        Self { rules: Vec::new(), description: model_description() }
    }
}

impl Model {
    pub(super) fn add(&mut self, rule: impl Fn(&Request) -> Option<Reply> + 'static) {
        self.rules.push(Rc::new(rule));
    }

    /// The rules as they are now, so that one may call the host while it answers.
    pub(super) fn rules(&self) -> Vec<Rule> {
        self.rules.clone()
    }
}

/// The first rule's reply, from `model`.
#[expect(clippy::panic, reason = "a test fails by panicking, and a prompt nobody foresaw is a failure")]
pub(super) fn answer(rules: &[Rule], request: &Request, model: &str) -> Reply {
    let reply = rules.iter().find_map(|rule| rule(request)).unwrap_or_else(|| {
        panic!(
            "No rule of the test's host answers this prompt; add one with `Host::when` or `Host::with_model`.\n--- system\n{}\n--- prompt\n{}\n---",
            request.system.as_deref().unwrap_or_default(),
            prompt(request)
        )
    });
    Reply { model: model.to_owned(), ..reply }
}

/// What the model was told: the user's texts and the results of tools, a line break apart.
pub(super) fn prompt(request: &Request) -> String {
    let user = request.messages.iter().filter(|message| message.role == Role::User);
    let texts = user.flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::ToolResult(result) => Some(result.content.as_str()),
        Part::Thinking(_) | Part::ToolCall(_) | Part::Media(_) | Part::Opaque(_) => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A reply of text alone, that took no tokens.
///
/// ```
/// # use baton_sdk::testing;
/// assert_eq!(testing::says("Yes.").text(), "Yes.");
/// ```
pub fn says(text: impl Into<String>) -> Reply {
    reply(Part::Text(text.into()), Stop::End)
}

/// A reply that asks for a tool.
///
/// ```
/// # use baton_sdk::{prelude::*, testing};
/// let reply = testing::calls_tool("read_file", json!({ "path": "docs/PRD.md" }));
/// assert_eq!(reply.tool_calls()[0].name, "read_file");
/// ```
#[expect(clippy::needless_pass_by_value, reason = "it is written as `json!(…)` where it is called")]
pub fn calls_tool(name: &str, arguments: Value) -> Reply {
    let call = ToolCall { id: format!("call-{name}"), name: name.to_owned(), arguments: arguments.to_string() };
    reply(Part::ToolCall(call), Stop::ToolUse)
}

/// What Baton says of a model that it does not know: a window of 16,384 tokens, replies of up to 4,096 tokens, tools, and
/// no reply schema.
pub fn model_description() -> ModelDescription {
    ModelDescription { model: UNSET.to_owned(), window_tokens: 16_384, max_output_tokens: 4_096, tools: true, reply_schema: false }
}

/// A description as the journal keeps it.
pub(super) fn noted_description(description: &ModelDescription) -> Value {
    json!({
        "model": description.model,
        "window-tokens": description.window_tokens,
        "max-output-tokens": description.max_output_tokens,
        "tools": description.tools,
        "reply-schema": description.reply_schema,
    })
}

fn reply(part: Part, stop: Stop) -> Reply {
    let usage = Usage { input_tokens: 0, output_tokens: 0, cached_input_tokens: 0, cost_usd: None };
    Reply { parts: vec![part], stop: stop.as_str().to_owned(), usage, model: UNSET.to_owned() }
}

/// The request as the journal keeps it: absent fields are left out. Refuses what the host would not take.
pub(super) fn noted(request: &Request) -> Result<Value> {
    if request.messages.is_empty() {
        return Err(Error::invalid("The request has no message; put what the model is to answer into one."));
    }
    let mut noted = Map::new();
    let mut note = |name: &str, value: Value| noted.insert(name.to_owned(), value);
    if let Some(model) = &request.model {
        note("model", json!(model));
    }
    if let Some(system) = &request.system {
        note("system", json!(system));
    }
    note("messages", request.messages.iter().map(message).collect::<Result<_>>()?);
    if !request.tools.is_empty() {
        let tool = |tool: &crate::llm::Tool| {
            Ok(json!({ "name": tool.name, "description": tool.description, "parameters": object("parameters", &tool.parameters)? }))
        };
        note("tools", request.tools.iter().map(tool).collect::<Result<_>>()?);
    }
    if let Some(schema) = &request.reply_schema {
        note("reply-schema", object("reply-schema", schema)?);
    }
    for (name, value) in options::read(&request.options, OPTIONS)? {
        check_option(&name, &value, request)?;
        note(&name, value);
    }
    Ok(Value::Object(noted))
}

/// The options of a request.
const OPTIONS: &[&str] = &["max-tokens", "temperature", "tool-choice", "stop-sequences", "effort"];

/// What the contract says of each option.
fn check_option(name: &str, value: &Value, request: &Request) -> Result<()> {
    let is_sequence = |text: &Value| text.as_str().is_some_and(|text| (1..=64).contains(&text.len()));
    let is_offered = |name: &str| request.tools.iter().any(|tool| tool.name == name);
    let (right, expected) = match name {
        "max-tokens" => (value.as_u64().is_some_and(|tokens| (1..=u64::from(u32::MAX)).contains(&tokens)), "a whole number from 1"),
        "temperature" => (value.as_f64().is_some_and(|number| (0.0..=2.0).contains(&number)), "a number from 0.0 to 2.0"),
        "tool-choice" => {
            let right = match serde_json::from_value(value.clone()) {
                Ok(ToolChoice::Auto | ToolChoice::None) => true,
                Ok(ToolChoice::Required) => !request.tools.is_empty(),
                Ok(ToolChoice::Tool(name)) => is_offered(&name),
                Err(_) => false,
            };
            (right, "`\"auto\"`, `\"required\"`, `\"none\"` or `{\"tool\": NAME}`, with the name of an offered tool")
        }
        "stop-sequences" => {
            let right = value.as_array().is_some_and(|texts| texts.len() <= 4 && texts.iter().all(is_sequence));
            (right, "a list of at most 4 texts of 1 to 64 bytes")
        }
        _ => (serde_json::from_value::<Effort>(value.clone()).is_ok(), "`\"low\"`, `\"medium\"` or `\"high\"`"),
    };
    if right { Ok(()) } else { Err(Error::invalid(format!("The option `{name}` must be {expected}.")).about(name)) }
}

/// The reply as the journal keeps it.
pub(super) fn noted_reply(reply: &Reply) -> Result<Value> {
    let usage = json!({ "input-tokens": reply.usage.input_tokens, "output-tokens": reply.usage.output_tokens });
    let parts: Vec<_> = reply.parts.iter().map(part).collect::<Result<_>>()?;
    Ok(json!({ "parts": parts, "stop": reply.stop, "usage": usage, "model": reply.model }))
}

fn message(message: &Message) -> Result<Value> {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    Ok(json!({ "role": role, "parts": message.parts.iter().map(part).collect::<Result<Vec<_>>>()? }))
}

fn part(part: &Part) -> Result<Value> {
    Ok(match part {
        Part::Text(text) => json!({ "text": text }),
        Part::Thinking(thinking) => json!({ "thinking": { "text": thinking.text, "signature": thinking.signature } }),
        Part::ToolCall(call) => {
            json!({ "tool-call": { "id": call.id, "name": call.name, "arguments": json_of("arguments", &call.arguments)? } })
        }
        Part::Media(media) => json!({ "media": { "media-type": media.media_type, "path": media.path } }),
        Part::Opaque(opaque) => json!({ "opaque": { "provider": opaque.provider, "data": json_of("data", &opaque.data)? } }),
        Part::ToolResult(result) => {
            json!({ "tool-result": { "call-id": result.call_id, "content": result.content, "failed": result.failed } })
        }
    })
}

fn object(name: &str, text: &str) -> Result<Value> {
    match json_of(name, text)? {
        schema @ Value::Object(_) => Ok(schema),
        other => Err(Error::invalid(format!("`{name}` has to be a JSON Schema, an object, and is {other}."))),
    }
}

fn json_of(name: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::invalid(format!("`{name}` is not JSON: {error}.")))
}

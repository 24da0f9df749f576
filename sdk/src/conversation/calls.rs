//! The tools a model calls: whether a call can be made, and what it came to. A call that was cut off is not made.

use serde_json::{Map, Value};

use super::answer;
use crate::llm::{Part, Reply, Stop, ToolCall, ToolResult};
use crate::tools::Tool;
use crate::{Result, schema};

/// A call with the tool it means, or with what is wrong with it.
pub(super) struct Understood<'a> {
    call: &'a ToolCall,
    meaning: std::result::Result<(&'a Tool, Value), String>,
}

/// The calls of a reply, in its order. Makes none of them.
pub(super) fn understood<'a>(tools: &'a [Tool], reply: &'a Reply) -> Vec<Understood<'a>> {
    let unfinished = answer::unfinished(reply);
    let less = if reply.stop() == Stop::MaxTokens { ", and less in one reply" } else { "" };
    let meaning = |call| match &unfinished {
        Some(unfinished) => Err(format!("{unfinished} The call was not made. Send it again{less}.")),
        None => meant(tools, call),
    };
    reply.tool_calls().into_iter().map(|call| Understood { call, meaning: meaning(call) }).collect()
}

/// The arguments of a call, an object; or what is wrong with them.
pub(super) fn arguments(call: &ToolCall) -> std::result::Result<Value, String> {
    let not_json = |error: serde_json::Error| format!("The arguments are not JSON: {error}. Call the tool again with a JSON object.");
    let parsed = |text: &str| match text.trim() {
        "" => Ok(Value::Null),
        text => serde_json::from_str(text).map_err(not_json),
    };
    // The host passes on as a text what a model sent instead of JSON, and some models put their JSON into one.
    let arguments = match parsed(&call.arguments)? {
        Value::String(text) => parsed(&text)?,
        other => other,
    };
    match arguments {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(arguments) => Ok(Value::Object(arguments)),
        _ => Err("The arguments are not a JSON object. Call the tool again with one.".to_owned()),
    }
}

impl Understood<'_> {
    /// The tool's name as the model wrote it.
    pub(super) fn name(&self) -> &str {
        &self.call.name
    }

    /// What the model did wrong, if it did.
    pub(super) fn problem(&self) -> Option<&str> {
        self.meaning.as_ref().err().map(String::as_str)
    }

    /// Makes the call, if it can be made, and gives what the model is shown.
    pub(super) fn done(self) -> Result<Part> {
        let (content, failed) = match self.meaning {
            Err(problem) => (problem, true),
            Ok((tool, arguments)) => match tool.call(&arguments) {
                Ok(content) => (content, false),
                Err(error) if error.ends_the_run() => return Err(error),
                Err(error) => (error.to_string(), true),
            },
        };
        Ok(Part::ToolResult(ToolResult { call_id: self.call.id.clone(), content, failed }))
    }
}

fn meant<'a>(tools: &'a [Tool], call: &ToolCall) -> std::result::Result<(&'a Tool, Value), String> {
    let Some(tool) = tools.iter().find(|tool| tool.name == call.name) else {
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(format!(
            "There is no tool `{}`. The tools are: {names}. Any other is not granted to this agent, or does not exist.",
            call.name
        ));
    };
    let arguments = arguments(call)?;
    let violations = schema::violations(&tool.parameters, &arguments);
    if violations.is_empty() {
        return Ok((tool, arguments));
    }
    Err(format!("The arguments do not fit the tool:\n{}\nCall it again with arguments that do.", schema::listed(&violations)))
}

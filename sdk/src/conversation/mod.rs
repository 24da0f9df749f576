//! An agent's work with its model: ask, do the tools it calls, show it the results, until it answers.
//! Nothing here speaks to the host except through [`Model`] and the tools it is given.

mod answer;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::llm::{self, Message, Part, Reply, Request, Role, Stop, ToolCall, ToolResult};
use crate::tools::Tool;
use crate::{Error, Result, schema};

/// Most replies a conversation takes when nothing else is set.
pub const MAX_TURNS: u32 = 24;

/// Whatever answers a request: the host's models, or a test's script.
pub trait Model {
    /// One completion.
    fn ask(&mut self, request: &Request) -> Result<Reply>;
}

/// The models behind the host.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostModel;

impl Model for HostModel {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        llm::complete(request)
    }
}

/// How to hold a conversation. Change the fields that matter and call [`Conversation::hold`].
#[derive(Default)]
pub struct Conversation {
    /// `provider/model` or an alias; none for the model set for this plugin.
    pub model: Option<String>,
    /// Who the model is and how it works.
    pub system: Option<String>,
    /// 0.0 to 2.0; none for the provider's default.
    pub temperature: Option<f32>,
    /// Longest single reply in tokens; none for the provider's limit.
    pub max_tokens: Option<u32>,
    /// Most replies before the conversation is given up; none for [`MAX_TURNS`].
    pub max_turns: Option<u32>,
    /// Tools the model may call.
    pub tools: Vec<Tool>,
    /// JSON Schema the answer has to satisfy; none for prose.
    pub answer_schema: Option<Value>,
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The model's text; with an answer schema, the JSON document alone.
    pub text: String,
    /// The document, when there is an answer schema.
    pub value: Option<Value>,
    /// Replies it took.
    pub turns: u32,
}

impl Conversation {
    /// Says `text` to the model and goes on until it answers.
    ///
    /// An answer that does not satisfy the schema is shown to the model once with its violations. A tool that fails is
    /// shown to the model, except where the run is over. Errors: whatever the model's call answers; `other` when the
    /// turns are used up, the reply was cut off or declined, or the second answer still does not fit.
    pub fn hold(&self, model: &mut dyn Model, text: &str) -> Result<Answer> {
        let mut request = self.opening(text);
        let most = self.max_turns.unwrap_or(MAX_TURNS);
        let mut repaired = false;
        for turn in 1..=most {
            let reply = model.ask(&request)?;
            if reply.stop == Stop::Refusal {
                return Err(Error::Other(format!("The model {} declined to answer. Reword the task, or set another model.", reply.model)));
            }
            let calls = reply.tool_calls();
            let next = if !calls.is_empty() {
                Message { role: Role::User, parts: self.results(&calls)? }
            } else {
                match self.settle(&reply, turn)? {
                    Settled::Answer(answer) => return Ok(answer),
                    Settled::Wrong(problem) if repaired => {
                        return Err(Error::Other(format!(
                            "The model {} answered twice in a form that does not fit. {problem} Set another model, or simplify the answer's schema.",
                            reply.model
                        )));
                    }
                    Settled::Wrong(problem) => {
                        repaired = true;
                        Message::user(format!("{problem}\nSend the whole corrected JSON document and nothing else."))
                    }
                }
            };
            request.messages.push(Message { role: Role::Assistant, parts: reply.parts });
            request.messages.push(next);
        }
        Err(Error::Other(format!("The model did not finish within {most} turns. Make the task smaller, or raise the agent's max-turns.")))
    }

    fn opening(&self, text: &str) -> Request {
        let mut text = text.to_owned();
        if let Some(schema) = &self.answer_schema {
            text.push_str("\n\nAnswer with one JSON document and nothing else. It has to satisfy this JSON Schema:\n");
            text.push_str(&schema.to_string());
        }
        Request {
            model: self.model.clone(),
            system: self.system.clone(),
            messages: vec![Message::user(text)],
            tools: self.tools.iter().map(Tool::offered).collect(),
            reply_schema: self.answer_schema.as_ref().map(Value::to_string),
            max_tokens: self.max_tokens,
            temperature: self.temperature,
        }
    }

    fn settle(&self, reply: &Reply, turn: u32) -> Result<Settled> {
        let text = reply.text();
        if reply.stop == Stop::MaxTokens {
            return Err(Error::Other(format!(
                "The reply of {} was cut off after {} tokens. Raise the agent's max-tokens, or ask for less.",
                reply.model, reply.usage.output_tokens
            )));
        }
        let Some(schema) = &self.answer_schema else {
            return Ok(if text.trim().is_empty() {
                Settled::Wrong("The reply was empty.".to_owned())
            } else {
                Settled::Answer(Answer { text, value: None, turns: turn })
            });
        };
        Ok(match answer::document(&text, schema) {
            Ok(value) => Settled::Answer(Answer { text: value.to_string(), value: Some(value), turns: turn }),
            Err(problem) => Settled::Wrong(problem),
        })
    }

    fn results(&self, calls: &[&ToolCall]) -> Result<Vec<Part>> {
        calls.iter().map(|call| self.result(call)).collect()
    }

    fn result(&self, call: &ToolCall) -> Result<Part> {
        let (content, failed) = match self.call(call) {
            Ok(content) => (content, false),
            Err(error) if error.ends_the_run() => return Err(error),
            Err(error) => (error.to_string(), true),
        };
        Ok(Part::ToolResult(ToolResult { call_id: call.id.clone(), content, failed }))
    }

    fn call(&self, call: &ToolCall) -> Result<String> {
        let Some(tool) = self.tools.iter().find(|tool| tool.name == call.name) else {
            let names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
            return Err(Error::NotFound(format!(
                "There is no tool `{}`. The tools are: {}.",
                call.name,
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            )));
        };
        let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
        let arguments: Value = serde_json::from_str(text)
            .map_err(|error| Error::Invalid(format!("The arguments are not JSON: {error}. Call the tool again with a JSON object.")))?;
        let violations = schema::violations(&tool.parameters, &arguments);
        if !violations.is_empty() {
            return Err(Error::Invalid(format!(
                "The arguments do not fit the tool:\n{}\nCall it again with arguments that do.",
                schema::listed(&violations)
            )));
        }
        tool.call(&arguments)
    }
}

enum Settled {
    Answer(Answer),
    Wrong(String),
}

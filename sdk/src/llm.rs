//! Language models. The host holds the keys, counts the cost and stops at the budget.

use serde_json::Value;

use crate::Result;
use crate::imports::llm as host;

pub use host::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult, Usage};

impl Request {
    /// An empty conversation with the model set for this plugin.
    pub fn new() -> Self {
        Self { model: None, system: None, messages: Vec::new(), tools: Vec::new(), reply_schema: None, max_tokens: None, temperature: None }
    }

    /// `provider/model`, or an alias from the project's settings.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// What the model is told before the conversation.
    #[must_use]
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// Adds what the user says.
    #[must_use]
    pub fn with_user(mut self, text: impl Into<String>) -> Self {
        self.messages.push(Message::user(text));
        self
    }

    /// JSON Schema the reply's text should satisfy. Not every provider can be held to it: check the reply.
    #[must_use]
    pub fn with_reply_schema(mut self, schema: &Value) -> Self {
        self.reply_schema = Some(schema.to_string());
        self
    }

    /// Longest reply in tokens.
    #[must_use]
    pub fn with_max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// 0.0 to 2.0.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f32) -> Self {
        self.temperature = Some(temperature);
        self
    }
}

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

impl Message {
    /// What the user says.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, parts: vec![Part::Text(text.into())] }
    }
}

impl Reply {
    /// The reply's text parts, one after the other.
    pub fn text(&self) -> String {
        self.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
    }

    /// The tools the model asks for, in its order.
    pub fn tool_calls(&self) -> Vec<&ToolCall> {
        self.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None }).collect()
    }
}

/// One completion. `denied` without a grant for the model, `invalid` for a request no provider would take.
pub fn complete(request: &Request) -> Result<Reply> {
    Ok(host::complete(request)?)
}

/// Several at once, answers in the order asked. Each is granted, paid and kept by itself.
pub fn complete_all(requests: &[Request]) -> Vec<Result<Reply>> {
    host::complete_all(requests).into_iter().map(|reply| reply.map_err(Into::into)).collect()
}

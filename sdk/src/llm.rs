//! Language models. The host keeps the keys, counts the cost and enforces budgets. Needs `models`.
//!
//! For a conversation with tools, or an answer that must satisfy a schema, use [`crate::conversation`].
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn summarise(text: &str) -> Result<String> {
//!     let request = llm::Request::new().with_system("Answer in one sentence.").with_user(text);
//!     Ok(llm::complete(&request)?.text())
//! }
//! # let host = baton_sdk::testing::Host::new().when("story", "It is long.");
//! # assert_eq!(host.inside(|| summarise("A story.")), Ok("It is long.".to_owned()));
//! ```

use serde_json::Value;

use crate::Result;
use crate::imports::llm as host;

pub use host::{Message, Part, Reply, Request, Role, Stop, Thinking, Tool, ToolCall, ToolResult, Usage};

impl Request {
    /// An empty conversation with the plugin's model.
    pub fn new() -> Self {
        Self { model: None, system: None, messages: Vec::new(), tools: Vec::new(), reply_schema: None, max_tokens: None, temperature: None }
    }

    /// `provider/model`, or an alias from the project's settings.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The system prompt.
    #[must_use]
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// Adds a message of the user.
    #[must_use]
    pub fn with_user(mut self, text: impl Into<String>) -> Self {
        self.messages.push(Message::user(text));
        self
    }

    /// JSON Schema that the reply's text should satisfy. Not every provider enforces it, so check the reply.
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
    /// A message of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, parts: vec![Part::Text(text.into())] }
    }
}

impl Reply {
    /// The reply's text.
    pub fn text(&self) -> String {
        self.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
    }

    /// The tool calls of the reply, in the model's order.
    pub fn tool_calls(&self) -> Vec<&ToolCall> {
        self.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None }).collect()
    }
}

/// Asks a model. Errors: `denied` without a grant for the model, `invalid` for a request that no provider accepts.
pub fn complete(request: &Request) -> Result<Reply> {
    Ok(host::complete(request)?)
}

/// Asks several requests at the same time and returns the replies in the same order. Each request is granted, paid and
/// recorded separately.
pub fn complete_all(requests: &[Request]) -> Vec<Result<Reply>> {
    host::complete_all(requests).into_iter().map(|reply| reply.map_err(Into::into)).collect()
}

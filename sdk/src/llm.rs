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

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::imports::llm as host;
use crate::{Result, options};

pub use host::{Media, Message, ModelDescription, Opaque, Part, Reply, Request, Role, Thinking, Tool, ToolCall, ToolResult, Usage};

impl Request {
    /// An empty conversation with the plugin's model.
    pub fn new() -> Self {
        Self { model: None, system: None, messages: Vec::new(), tools: Vec::new(), reply_schema: None, options: Vec::new() }
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
    pub fn with_max_tokens(self, tokens: u32) -> Self {
        self.with_option("max-tokens", &tokens)
    }

    /// 0.0 to 2.0.
    #[must_use]
    pub fn with_temperature(self, temperature: f32) -> Self {
        // By way of text: 0.3 stays 0.3 and does not become 0.30000001192.
        let temperature = temperature.to_string().parse::<f64>().unwrap_or_else(|_| temperature.into());
        self.with_option("temperature", &temperature)
    }

    /// Whether the model may, must or must not call tools. Without it, it may.
    ///
    /// ```
    /// # use baton_sdk::{llm::{Request, ToolChoice}, prelude::*, tools};
    /// let request = Request { tools: vec![tools::read_file().offered()], ..Request::new() };
    /// let request = request.with_user("Read docs/plan.md.").with_tool_choice(&ToolChoice::Tool("read_file".to_owned()));
    /// # let host = baton_sdk::testing::Host::new().when("", "Done.");
    /// # assert!(host.inside(|| llm::complete(&request)).is_ok());
    /// ```
    #[must_use]
    pub fn with_tool_choice(self, choice: &ToolChoice) -> Self {
        self.with_option("tool-choice", choice)
    }

    /// Texts at any of which the reply ends, at most 4 of up to 64 bytes.
    #[must_use]
    pub fn with_stop_sequences(self, sequences: &[&str]) -> Self {
        self.with_option("stop-sequences", &sequences)
    }

    /// How long a model that reasons may do so.
    #[must_use]
    pub fn with_effort(self, effort: Effort) -> Self {
        self.with_option("effort", &effort)
    }

    /// Any option by its name, in the place of what it was set to before.
    ///
    /// ```
    /// # use baton_sdk::llm::Request;
    /// let request = Request::new().with_option("max-tokens", &100).with_option("max-tokens", &200);
    /// assert_eq!((request.options.len(), &*request.options[0].value), (1, "200"));
    /// ```
    #[must_use]
    pub fn with_option(mut self, name: &str, value: &impl Serialize) -> Self {
        self.options.retain(|option| option.name != name);
        self.options.push(options::option(name, value));
        self
    }
}

/// Whether the model calls tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// At least one of them.
    Required,
    /// None of them.
    None,
    /// This one.
    Tool(String),
}

/// How long a model reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// As little as it can.
    Low,
    /// Some.
    Medium,
    /// As much as it wants.
    High,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The model finished.
    End,
    /// The model waits for the results of its tool calls.
    ToolUse,
    /// The reply was cut at the longest allowed.
    MaxTokens,
    /// The model wrote a stop sequence.
    StopSequence,
    /// The model or the provider declined.
    Refusal,
    /// What the model wrote cannot be read, such as a tool call that is not JSON.
    Malformed,
    /// Another reason, or one of a later contract.
    Other,
}

impl Stop {
    /// The word in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::ToolUse => "tool-use",
            Self::MaxTokens => "max-tokens",
            Self::StopSequence => "stop-sequence",
            Self::Refusal => "refusal",
            Self::Malformed => "malformed",
            Self::Other => "other",
        }
    }
}

impl From<&str> for Stop {
    fn from(word: &str) -> Self {
        let known = [Self::End, Self::ToolUse, Self::MaxTokens, Self::StopSequence, Self::Refusal, Self::Malformed];
        known.into_iter().find(|stop| stop.as_str() == word).unwrap_or(Self::Other)
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

    /// Adds a file of the workspace, such as `("image/png", "docs/screen.png")`. The plugin needs a read grant for it.
    ///
    /// ```
    /// # use baton_sdk::{llm::{Message, Request}, prelude::*, testing::Host};
    /// fn describe(screenshot: &str) -> Result<String> {
    ///     let message = Message::user("What does this screen show?").with_media("image/png", screenshot);
    ///     Ok(llm::complete(&Request { messages: vec![message], ..Request::new() })?.text())
    /// }
    /// # let host = Host::new().with_file("docs/screen.png", "").when("screen", "A login.");
    /// # assert_eq!(host.inside(|| describe("docs/screen.png")), Ok("A login.".to_owned()));
    /// ```
    #[must_use]
    pub fn with_media(mut self, media_type: impl Into<String>, path: impl Into<String>) -> Self {
        self.parts.push(Part::Media(Media { media_type: media_type.into(), path: path.into() }));
        self
    }
}

impl Reply {
    /// Why the reply ended.
    ///
    /// ```
    /// # use baton_sdk::{llm::{Request, Stop}, prelude::*, testing::Host};
    /// fn ask(prompt: &str) -> Result<String> {
    ///     let reply = llm::complete(&Request::new().with_user(prompt).with_max_tokens(500))?;
    ///     match reply.stop() {
    ///         Stop::End => Ok(reply.text()),
    ///         Stop::MaxTokens => Err(Error::other("The reply was cut off. Ask for less.")),
    ///         other => Err(Error::other(format!("The reply ended early: {}.", other.as_str()))),
    ///     }
    /// }
    /// # assert_eq!(Host::new().when("", "Yes.").inside(|| ask("Is it?")), Ok("Yes.".to_owned()));
    /// ```
    pub fn stop(&self) -> Stop {
        Stop::from(&*self.stop)
    }

    /// The reply's text.
    pub fn text(&self) -> String {
        self.parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
    }

    /// The tool calls of the reply, in the model's order.
    pub fn tool_calls(&self) -> Vec<&ToolCall> {
        self.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None }).collect()
    }
}

/// Describes the models that a request with this `model` would be sent to; without one, the plugin's. Costs nothing.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::{self, Host}};
/// /// Whether the model can read all of a text at once.
/// fn fits(text: &str) -> Result<bool> {
///     let description = llm::describe(None)?;
///     // A token is four bytes of English, or fewer.
///     Ok(text.len() / 3 < (description.window_tokens - description.max_output_tokens) as usize)
/// }
/// # let host = Host::new();
/// # assert_eq!(host.inside(|| fits("A story.")), Ok(true));
/// # let described = llm::ModelDescription { window_tokens: 6_000, ..testing::model_description() };
/// # let host = host.with_model_description(described);
/// # assert_eq!(host.inside(|| fits(&"A story. ".repeat(1_000))), Ok(false));
/// ```
pub fn describe(model: Option<&str>) -> Result<ModelDescription> {
    Ok(host::describe(model)?)
}

/// Asks a model. Errors: `denied` without a grant for the model, `invalid` for a request that no provider accepts.
pub fn complete(request: &Request) -> Result<Reply> {
    Ok(host::complete(request)?)
}

/// Asks several requests at the same time and returns the replies in the same order. Each request is granted, paid and
/// recorded separately.
///
/// ```
/// # use baton_sdk::{llm::Request, prelude::*, testing::Host};
/// fn translate(texts: &[&str]) -> Result<Vec<String>> {
///     let requests: Vec<_> = texts.iter().map(|text| Request::new().with_system("Translate into French.").with_user(*text)).collect();
///     llm::complete_all(&requests).into_iter().map(|reply| Ok(reply?.text())).collect()
/// }
/// # let host = Host::new().when("Yes", "Oui").when("No", "Non");
/// # assert_eq!(host.inside(|| translate(&["Yes", "No"])), Ok(vec!["Oui".to_owned(), "Non".to_owned()]));
/// ```
pub fn complete_all(requests: &[Request]) -> Vec<Result<Reply>> {
    host::complete_all(requests).into_iter().map(|reply| reply.map_err(Into::into)).collect()
}

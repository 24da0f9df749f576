//! Conversations with a model, shaped as `wit/llm.wit` shapes them, with JSON where the contract says json.
//! They are what the journal keeps, so absent fields are left out. Nothing here knows a provider.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// One completion asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Request {
    /// `provider/model` or an alias. None: the model set for the asking plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the model is told before the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The conversation, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// What the model may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// JSON Schema the reply's text should satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_schema: Option<Value>,
    /// Longest reply in tokens. None: the provider's own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0.0 to 2.0. None: the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_decimal")]
    pub temperature: Option<f32>,
    /// Whether the model has to call a tool, and which. None: as the provider does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// Texts at any of which the reply ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<String>,
    /// How long a model that reasons may do so. None: the provider's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

/// Whether the model calls one of the offered tools; in JSON `"auto"`, `"required"`, `"none"` or `{"tool": NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// It calls one or more.
    Required,
    /// It calls none.
    None,
    /// It calls this one.
    Tool(String),
}

/// How long a model that reasons may do so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Briefly.
    Low,
    /// In between.
    Medium,
    /// At length.
    High,
}

/// By way of text: 0.3 stays 0.3 and does not become 0.30000001192.
fn as_decimal<S: Serializer>(number: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    number.and_then(|number| number.to_string().parse::<f64>().ok()).serialize(serializer)
}

/// One turn of one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

/// The side a message comes from. Results of tools come from the user's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Whoever asks the model.
    User,
    /// The model.
    Assistant,
}

/// A piece of a message; in JSON an object with one field named after the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Plain text.
    Text(String),
    /// Reasoning of the model.
    Thinking(Thinking),
    /// The model asks for a tool.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// A file that the model looks at.
    Media(Media),
    /// What only its provider understands.
    Opaque(Opaque),
}

/// Reasoning the provider wants back unchanged on the next turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Thinking {
    /// The reasoning, empty where the provider hides it.
    pub text: String,
    /// The provider's proof that the text is its own; opaque to everyone else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The model asks for one of the offered tools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ToolCall {
    /// Chosen by the provider; the result carries it back.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// Its arguments, as a rule an object.
    pub arguments: Value,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ToolResult {
    /// The id of the call that is answered.
    pub call_id: String,
    /// The answer, or the reason of the failure.
    pub content: String,
    /// The tool did not do what it was asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// A file by reference: the journal keeps its path alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Media {
    /// Such as `image/png`.
    pub media_type: String,
    /// In the workspace.
    pub path: String,
    /// The file's bytes, once they are read. Shared, because a request is copied on its way to a model.
    #[serde(skip)]
    pub data: Arc<[u8]>,
}

/// What a provider returned, wants back unchanged on the next turn, and no other kind of part describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Opaque {
    /// The protocol that it belongs to.
    pub provider: String,
    /// The provider's own document.
    pub data: Value,
}

/// A tool offered to the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tool {
    /// What the model calls it.
    pub name: String,
    /// For the model: what the tool does and when to use it.
    pub description: String,
    /// JSON Schema of the arguments, an object.
    pub parameters: Value,
}

/// A whole answer of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reply {
    /// What was said, in order.
    pub parts: Vec<Part>,
    /// Why the model stopped.
    pub stop: Stop,
    /// What it took.
    pub usage: Usage,
    /// The model that answered, as `provider/model`.
    pub model: String,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The model finished.
    End,
    /// The model waits for the results of its tool calls.
    ToolUse,
    /// The reply was cut at `max-tokens`.
    MaxTokens,
    /// The model wrote one of the request's stop sequences, which is not part of the reply.
    StopSequence,
    /// The model or the provider declined.
    Refusal,
    /// What the model wrote cannot be read, such as a tool call that is not JSON.
    Malformed,
    /// A reason with no name here.
    Other,
}

/// What a reply took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Usage {
    /// Tokens read, those from a cache included.
    pub input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Part of `input_tokens` that came from the provider's cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_input_tokens: u64,
    /// Part of `input_tokens` that the provider put into its cache, which some charge more for. Not in the contract.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Nobody knows how many tokens there were: the counts above are none. Not in the contract.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncounted: bool,
    /// Dollars. None: the price is not known, which is not the same as free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What tries of the same call before this reply may have cost beside it. Not in the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possibly_paid: Option<PossiblyPaid>,
}

/// Tries of one call of which no whole reply came back: each may have been charged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PossiblyPaid {
    /// How many.
    pub tries: u32,
    /// The most that they may have cost together, in dollars. None: the price of one is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
}

fn join_texts<'a>(messages: impl Iterator<Item = &'a Message>) -> String {
    let texts = messages.flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::ToolResult(result) => Some(result.content.as_str()),
        Part::Thinking(_) | Part::ToolCall(_) | Part::Media(_) | Part::Opaque(_) => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

impl Request {
    /// Turns the model has taken so far.
    pub fn turn(&self) -> usize {
        self.messages.iter().filter(|message| message.role == Role::Assistant).count()
    }

    /// What the model was told in this conversation: the user's texts and the results of tools, a line break apart.
    pub fn prompt(&self) -> String {
        join_texts(self.messages.iter().filter(|message| message.role == Role::User))
    }

    /// What the model was told last: that of the user's last message.
    pub fn last_prompt(&self) -> String {
        join_texts(self.messages.iter().rfind(|message| message.role == Role::User).into_iter())
    }

    /// The files of the conversation, in order.
    pub fn media(&self) -> impl Iterator<Item = &Media> {
        let parts = self.messages.iter().flat_map(|message| &message.parts);
        parts.filter_map(|part| if let Part::Media(media) = part { Some(media) } else { None })
    }

    /// Whether the model has to call a tool.
    pub fn forces_call(&self) -> bool {
        matches!(self.tool_choice, Some(ToolChoice::Required | ToolChoice::Tool(_)))
    }
}

impl Effort {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Without the bytes, which would drown everything else.
impl fmt::Debug for Media {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { media_type, path, data } = self;
        write!(formatter, "Media({media_type}, {path:?}, {} bytes)", data.len())
    }
}

impl Reply {
    /// The reply's text parts joined, without reasoning and tool calls.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

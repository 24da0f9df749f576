//! What runs asked models, and every reply. Asks no model.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Moment, RunId};
use crate::{
    interfaces::llm::{
        self, messages,
        transcript::{self, Outcome},
    },
    kernel::{KernelError, run::Summary},
    operations::{Host, Problem},
};

/// Whose transcript to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadTranscript {
    /// The id of the run, or any beginning or end of it.
    pub run: String,
    /// Only the run itself, without those below it.
    #[serde(default)]
    pub only: bool,
}

/// What a run and those below it asked models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Transcript {
    /// The run.
    pub run: RunId,
    /// Its plugin.
    pub plugin: String,
    /// The runs that asked a model, in the order in which they began.
    pub runs: Vec<RunTranscript>,
}

/// What one run asked models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunTranscript {
    /// The run.
    pub run: RunId,
    /// Its plugin.
    pub plugin: String,
    /// The item of the backlog that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// In the order of its journal.
    pub exchanges: Vec<Exchange>,
}

/// One request to a model and what came back, without what an earlier request of the same conversation has already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Exchange {
    /// The number of the call in the run's journal.
    pub seq: u64,
    /// When the call was asked.
    pub asked_at: Moment,
    /// When the answer was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Moment>,
    /// The number of the first call of the conversation.
    pub conversation: u64,
    /// The system prompt. Only with the first request, and where it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Tools that the model may call. Only with the first request, and where they changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<OfferedTool>>,
    /// JSON Schema of the reply. Only with the first request, and where it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_schema: Option<Value>,
    /// How many earlier messages are in this request in another form, such as old results that were shortened.
    pub changed: u64,
    /// Messages that no earlier request of the conversation had.
    pub messages: Vec<Message>,
    /// What came back.
    pub outcome: ExchangeOutcome,
    /// The call was sent twice, and both may have been charged.
    pub repeated: bool,
}

/// What came back for a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ExchangeOutcome {
    /// A reply.
    Replied {
        /// The reply.
        reply: Reply,
    },
    /// An error.
    Failed {
        /// Its text.
        error: String,
    },
    /// Nothing, so far.
    Missing,
    /// The journal holds what cannot be read as a request and its answer.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// A reply of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reply {
    /// What the model wrote, in order.
    pub parts: Vec<Part>,
    /// Why the model stopped.
    pub stop: Stop,
    /// What it took.
    pub usage: Usage,
    /// The model that answered, as `provider/model`.
    pub model: String,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It finished.
    End,
    /// It waits for the results of its tool calls.
    ToolUse,
    /// The reply reached its longest length.
    MaxTokens,
    /// It wrote a stop sequence.
    StopSequence,
    /// The model or the provider declined.
    Refusal,
    /// It wrote what cannot be read.
    Malformed,
    /// Another reason.
    Other,
}

/// What a reply took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Tokens read, those from a cache included.
    pub input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Part of `input_tokens` that came from the provider's cache.
    pub cached_input_tokens: u64,
    /// The provider did not say how many tokens there were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncounted: bool,
    /// Dollars. Absent where the price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// One turn of one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What was written, in order.
    pub parts: Vec<Part>,
}

/// The side a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageRole)]
pub enum Role {
    /// The run that asks the model, and its tools.
    User,
    /// The model.
    Assistant,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Part {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// Reasoning of the model.
    Thinking {
        /// The reasoning, empty where the provider hides it.
        text: String,
    },
    /// The model calls a tool.
    ToolCall {
        /// The id that the result carries.
        id: String,
        /// The tool.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// What a tool answered.
    ToolResult {
        /// The id of the call that is answered.
        call_id: String,
        /// The answer, or the reason of the failure.
        content: String,
        /// The tool did not do what it was asked.
        failed: bool,
    },
    /// A file that the model reads.
    File {
        /// Such as `image/png`.
        media_type: String,
        /// In the workspace.
        path: String,
    },
    /// A document that only its provider reads.
    Opaque {
        /// The provider.
        provider: String,
    },
}

/// A tool that a model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OfferedTool {
    /// Its name.
    pub name: String,
    /// For the model: what it does and when to use it.
    pub description: String,
    /// JSON Schema of the arguments.
    pub parameters: Value,
}

/// What a run, and where asked those below it, asked models. Damaged calls are left to the journal.
pub async fn transcript(host: &Host, request: &ReadTranscript) -> Result<Transcript, Problem> {
    let kernel = &host.app.kernel;
    let run = kernel.resolve(&request.run).await?;
    let runs = if request.only { vec![Summary::from(run.clone())] } else { tree(host, &run.id).await? };
    let mut transcripts = Vec::new();
    for run in runs {
        let entries = kernel.journal().inspect(&run.id).await.map_err(KernelError::from)?;
        let entries: Vec<_> = entries.into_iter().map(|inspected| inspected.entry).collect();
        let exchanges: Vec<_> = transcript::read(&entries).into_iter().map(Exchange::from).collect();
        if !exchanges.is_empty() {
            transcripts.push(RunTranscript { run: run.id, plugin: run.plugin, item: run.item, exchanges });
        }
    }
    Ok(Transcript { run: run.id, plugin: run.plugin, runs: transcripts })
}

/// The runs of a tree in the order in which they began.
async fn tree(host: &Host, root: &RunId) -> Result<Vec<Summary>, Problem> {
    let mut runs = host.app.kernel.tree_summaries(root).await?;
    runs.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    Ok(runs)
}

impl From<transcript::Exchange> for Exchange {
    fn from(exchange: transcript::Exchange) -> Self {
        let outcome = match exchange.outcome {
            Outcome::Reply(reply) => ExchangeOutcome::Replied { reply: reply.into() },
            Outcome::Error(error) => ExchangeOutcome::Failed { error },
            Outcome::Missing => ExchangeOutcome::Missing,
            Outcome::Unreadable(reason) => ExchangeOutcome::Unreadable { reason },
        };
        Self {
            seq: exchange.seq,
            asked_at: Moment(exchange.asked_at),
            answered_at: exchange.answered_at.map(Moment),
            conversation: exchange.conversation,
            system: exchange.system,
            tools: exchange.tools.map(|tools| tools.into_iter().map(OfferedTool::from).collect()),
            reply_schema: exchange.reply_schema,
            changed: exchange.changed as u64,
            messages: exchange.messages.into_iter().map(Message::from).collect(),
            outcome,
            repeated: exchange.repeated,
        }
    }
}

impl From<messages::Reply> for Reply {
    fn from(messages::Reply { parts, stop, usage, model }: messages::Reply) -> Self {
        let stop = match stop {
            messages::Stop::End => Stop::End,
            messages::Stop::ToolUse => Stop::ToolUse,
            messages::Stop::MaxTokens => Stop::MaxTokens,
            messages::Stop::StopSequence => Stop::StopSequence,
            messages::Stop::Refusal => Stop::Refusal,
            messages::Stop::Malformed => Stop::Malformed,
            messages::Stop::Other => Stop::Other,
        };
        Self { parts: parts.into_iter().map(Part::from).collect(), stop, usage: usage.into(), model }
    }
}

impl Stop {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::ToolUse => "tool_use",
            Self::MaxTokens => "max_tokens",
            Self::StopSequence => "stop_sequence",
            Self::Refusal => "refusal",
            Self::Malformed => "malformed",
            Self::Other => "other",
        }
    }
}

impl From<llm::Usage> for Usage {
    fn from(usage: llm::Usage) -> Self {
        let llm::Usage { input_tokens, output_tokens, cached_input_tokens, uncounted, cost_usd, .. } = usage;
        Self { input_tokens, output_tokens, cached_input_tokens, uncounted, cost_usd }
    }
}

impl From<messages::Message> for Message {
    fn from(messages::Message { role, parts }: messages::Message) -> Self {
        let role = match role {
            messages::Role::User => Role::User,
            messages::Role::Assistant => Role::Assistant,
        };
        Self { role, parts: parts.into_iter().map(Part::from).collect() }
    }
}

impl From<messages::Part> for Part {
    fn from(part: messages::Part) -> Self {
        match part {
            messages::Part::Text(text) => Self::Text { text },
            messages::Part::Thinking(thinking) => Self::Thinking { text: thinking.text },
            messages::Part::ToolCall(messages::ToolCall { id, name, arguments }) => Self::ToolCall { id, name, arguments },
            messages::Part::ToolResult(messages::ToolResult { call_id, content, failed }) => Self::ToolResult { call_id, content, failed },
            messages::Part::Media(media) => Self::File { media_type: media.media_type, path: media.path },
            messages::Part::Opaque(opaque) => Self::Opaque { provider: opaque.provider },
        }
    }
}

impl From<messages::Tool> for OfferedTool {
    fn from(messages::Tool { name, description, parameters }: messages::Tool) -> Self {
        Self { name, description, parameters }
    }
}

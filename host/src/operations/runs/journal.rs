//! The calls of a run, as its journal has them. Answers none again.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Moment, RunId};
use crate::{
    journal::{self, Inspected},
    kernel::{KernelError, run::Run},
    operations::{Host, Problem},
};

/// The calls of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Journal {
    /// The run.
    pub run: RunId,
    /// Its plugin.
    pub plugin: String,
    /// The call by which it last continued with another input, or 0. Calls up to it are not replayed.
    pub journal_from: u64,
    /// In their order.
    pub entries: Vec<JournalEntry>,
}

/// A call of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JournalEntry {
    /// Its number, from 1.
    pub seq: u64,
    /// Interface and function, such as `llm.complete`.
    pub call: String,
    /// What it does to the world.
    pub effect: Effect,
    /// How far it came.
    pub state: EntryState,
    /// It was cut off once and sent again: it may have happened, or been charged, twice.
    pub repeated: bool,
    /// Hash of `call` and its whole request in the journal form, in hexadecimal.
    pub request_hash: String,
    /// The request.
    pub request: Value,
    /// The answer, once it is done: `{"ok": …}` or `{"err": …}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// When it was asked.
    pub asked_at: Moment,
    /// When the answer was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Moment>,
    /// What of it is damaged on the disk, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// The run that it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<RunId>,
}

/// What a call does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It reads.
    Read,
    /// It reports something and needs no answer.
    Emit,
    /// It asks a model.
    Model,
    /// It changes something, and may be repeated.
    Write,
    /// It changes something, and must not be repeated.
    Once,
    /// It waits.
    Wait,
}

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Written down before it was done, and without an answer.
    Intended,
    /// Written down, and known not to have happened.
    Released,
    /// Done.
    Done,
    /// Given up by an operator: the run makes it again under another number.
    GivenUp,
}

/// The calls of the run that is meant by an id, or by any beginning or end of one.
pub async fn journal(host: &Host, part: &str) -> Result<Journal, Problem> {
    let run = host.app.kernel.resolve(part).await?;
    let entries = host.app.kernel.journal().inspect(&run.id).await.map_err(KernelError::from)?;
    let started = load_started(host, &run).await?;
    let entry = |inspected: Inspected| {
        let child = Some(run.id.child(inspected.entry.seq)).filter(|child| started.contains(child));
        JournalEntry::new(inspected, child)
    };
    let entries = entries.into_iter().map(entry).collect();
    Ok(Journal { run: run.id.clone(), plugin: run.plugin.clone(), journal_from: run.journal_from, entries })
}

/// The runs of the tree under a run.
pub(super) async fn load_started(host: &Host, run: &Run) -> Result<HashSet<RunId>, Problem> {
    Ok(host.app.kernel.tree_summaries(&run.id).await?.into_iter().map(|run| run.id).collect())
}

/// A text that is not JSON is shown as it is.
pub(super) fn parse_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

impl Effect {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Emit => "emit",
            Self::Model => "model",
            Self::Write => "write",
            Self::Once => "once",
            Self::Wait => "wait",
        }
    }
}

impl JournalEntry {
    pub(super) fn new(Inspected { entry, damage }: Inspected, child: Option<RunId>) -> Self {
        Self {
            seq: entry.seq,
            call: entry.call,
            effect: entry.effect.into(),
            state: entry.state.into(),
            repeated: entry.repeated,
            request_hash: entry.request_hash,
            request: parse_json(&entry.request),
            answer: entry.answer.as_deref().map(parse_json),
            asked_at: Moment(entry.asked_at),
            answered_at: entry.answered_at.map(Moment),
            damage,
            child,
        }
    }

    /// How long it took, in milliseconds, once it is answered.
    pub fn took_ms(&self) -> Option<u64> {
        self.answered_at.map(|answered| answered.0.saturating_sub(self.asked_at.0))
    }
}

impl From<journal::Effect> for Effect {
    fn from(effect: journal::Effect) -> Self {
        match effect {
            journal::Effect::Read => Self::Read,
            journal::Effect::Emit => Self::Emit,
            journal::Effect::Model => Self::Model,
            journal::Effect::Write => Self::Write,
            journal::Effect::Once => Self::Once,
            journal::Effect::Wait => Self::Wait,
        }
    }
}

impl From<journal::EntryState> for EntryState {
    fn from(state: journal::EntryState) -> Self {
        match state {
            journal::EntryState::Intended => Self::Intended,
            journal::EntryState::Released => Self::Released,
            journal::EntryState::Done => Self::Done,
            journal::EntryState::GivenUp => Self::GivenUp,
        }
    }
}

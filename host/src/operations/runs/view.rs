//! A run as views show it: in a list without its input and output, by itself as a whole. Decides nothing about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Moment, RunId, RunState};
use crate::{
    actor::Actor,
    events::path_text,
    interfaces::{published::Publication, signals},
    kernel::{ceiling, package, run},
    operations::access::Caller,
};

/// A run, without its input and output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Its id for ever.
    pub id: RunId,
    /// The run that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CallRef>,
    /// The run at the top of its tree: itself, if no run started it.
    pub root: RunId,
    /// The run it was forked from, and the first call it makes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<CallRef>,
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin.
    pub plugin_version: String,
    /// SHA-256 of the plugin's file, in hexadecimal.
    pub plugin_hash: String,
    /// What kind of plugin it is.
    pub kind: PluginKind,
    /// The slot that it fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The item of the backlog that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The id of its project.
    pub project: String,
    /// The folder whose files it sees. Absent for all but the operator: others know a project by its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workspace: String,
    /// Who started it. Absent for a run that another run started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<Actor>,
    /// The call by which it last continued with another input, or 0. Calls up to it are not replayed.
    pub journal_from: u64,
    /// Where it stands.
    #[serde(flatten)]
    pub state: RunState,
    /// Why it stands there: what it failed by, why it is paused, or what the service or operator that it waits for has to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it leaves undone, if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<String>,
    /// Since when it is being cancelled, or was when it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelling: Option<Cancelling>,
    /// When it continues by itself, if it waits for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wakes_at: Option<Moment>,
    /// When it was created.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// What it and all runs below it took.
    pub tally: Tally,
}

/// A run as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// What a list says of it.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// Its input.
    pub input: Value,
    /// Its output, once it succeeded.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// What was chosen for it and for all that it starts.
    pub settings: Value,
    /// What limits it beside the grants of its own plugin, from the root down.
    pub ceiling: Vec<Bound>,
    /// The documents that it publishes, by key.
    pub published: BTreeMap<String, PublishedDocument>,
    /// The signals that it has not taken, in the order in which they were sent.
    pub signals: Vec<PendingSignal>,
    /// All runs below it, each followed by its own, in the order in which they were started.
    pub runs: Vec<RunSummary>,
}

/// A call of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallRef {
    /// The run.
    pub run: RunId,
    /// The number of the call in its journal.
    pub call: u64,
}

/// What kind of plugin a run executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginKind {
    /// A sequence of work.
    Workflow,
    /// A role.
    Agent,
    /// A set of tools.
    Toolbox,
}

/// That a run is to end, and may clean up before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cancelling {
    /// When that was requested. Absent where it is to end at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Why.
    pub cause: CancelCause,
}

/// Why a run is being cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Somebody asked for it.
    Operator,
    /// The run that started it gave it up.
    Run,
    /// A run above it ended, or is being cancelled itself.
    Ended,
}

/// What a run and all runs below it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Runs, itself among them.
    pub runs: u64,
    /// Calls in their journals.
    pub host_calls: u64,
    /// Model replies.
    pub model_calls: u64,
    /// Model calls that a crash cut off and that were sent again.
    pub repeated_model_calls: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Dollars. Absent where the price of a reply is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// One limit of what a run may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RunBound)]
pub struct Bound {
    /// The run at which it begins.
    pub run: RunId,
    /// Name of the plugin that set it, or whose grants it is.
    pub plugin: String,
    /// What it allows.
    #[serde(flatten)]
    pub limit: Limit,
}

/// What a bound allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Limit {
    /// What is granted to the plugin and through it.
    Grants {
        /// Its version: SHA-256 of its file, in hexadecimal.
        hash: String,
    },
    /// What the plugin started the run for.
    Narrowed {
        /// Patterns of what is allowed, by kind of capability.
        #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
        to: BTreeMap<String, Vec<String>>,
    },
}

/// A document that a run publishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublishedDocument {
    /// The document.
    pub value: Value,
    /// When it was published.
    pub at: Moment,
}

/// A signal that a run has not taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PendingSignal {
    /// Counts the signals of the run, from 1.
    pub place: u64,
    /// The name by which the run waits for it.
    pub name: String,
    /// What the run gets.
    pub value: Value,
    /// When it was sent.
    pub sent_at: Moment,
    /// Who sent it.
    pub sent_by: String,
}

/// A document that is there, be it `null`.
pub(in crate::operations) fn present<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(source).map(Some)
}

impl RunSummary {
    /// A run with what it took.
    pub(in crate::operations) fn new(run: impl Into<run::Summary>, tally: run::Tally) -> Self {
        let run = run.into();
        let state = RunState::from(run.state).with_failed_call(run.failed_call);
        Self {
            id: run.id,
            parent: run.parent.map(CallRef::from),
            root: run.root,
            forked_from: run.forked_from.map(CallRef::from),
            plugin: run.plugin,
            plugin_version: run.plugin_version,
            plugin_hash: run.plugin_hash,
            kind: run.kind.into(),
            slot: run.slot,
            item: run.item,
            project: run.project,
            workspace: path_text(&run.workspace),
            started_by: run.started_by,
            journal_from: run.journal_from,
            reason: state.reason().map(str::to_owned),
            shortfall: run.shortfall,
            cancelling: run.cancelling.map(Cancelling::from),
            wakes_at: state.wait().and_then(super::Wait::due),
            state,
            created_at: Moment(run.created_at),
            updated_at: Moment(run.updated_at),
            tally: tally.into(),
        }
    }

    /// The same for a caller, who need not know where on this machine it works.
    #[must_use]
    pub(in crate::operations) fn seen_by(self, caller: &Caller) -> Self {
        let workspace = if caller.is_operator() { self.workspace } else { String::new() };
        Self { workspace, ..self }
    }

    /// Whether it was told to end, and has not ended yet.
    pub fn is_being_cancelled(&self) -> bool {
        self.cancelling.is_some() && !self.state.is_final()
    }

    /// The first call that an execution of it makes or replays.
    pub fn first_call(&self) -> u64 {
        self.journal_from.saturating_add(1)
    }
}

impl PluginKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Toolbox => "toolbox",
        }
    }
}

impl PluginKind {
    /// The same as the kernel has it.
    pub(super) fn to_kind(self) -> package::Kind {
        match self {
            Self::Workflow => package::Kind::Workflow,
            Self::Agent => package::Kind::Agent,
            Self::Toolbox => package::Kind::Toolbox,
        }
    }
}

impl From<(RunId, u64)> for CallRef {
    fn from((run, call): (RunId, u64)) -> Self {
        Self { run, call }
    }
}

impl From<package::Kind> for PluginKind {
    fn from(kind: package::Kind) -> Self {
        match kind {
            package::Kind::Workflow => Self::Workflow,
            package::Kind::Agent => Self::Agent,
            package::Kind::Toolbox => Self::Toolbox,
        }
    }
}

impl From<run::Cancelling> for Cancelling {
    fn from(run::Cancelling { since, cause }: run::Cancelling) -> Self {
        let cause = match cause {
            run::CancelCause::Operator => CancelCause::Operator,
            run::CancelCause::Run => CancelCause::Run,
            run::CancelCause::Ended => CancelCause::Ended,
        };
        Self { since: Some(Moment(since)).filter(|since| since.0 > 0), cause }
    }
}

impl From<run::Tally> for Tally {
    fn from(tally: run::Tally) -> Self {
        let run::Tally { runs, host_calls, model_calls, repeated_model_calls, input_tokens, output_tokens, cost_usd } = tally;
        Self { runs, host_calls, model_calls, repeated_model_calls, input_tokens, output_tokens, cost_usd }
    }
}

impl From<ceiling::Bound> for Bound {
    fn from(ceiling::Bound { run, plugin, limit }: ceiling::Bound) -> Self {
        let limit = match limit {
            ceiling::Limit::Grants { hash } => Limit::Grants { hash },
            ceiling::Limit::Narrowed { to } => {
                Limit::Narrowed { to: to.iter().map(|(kind, patterns)| (kind.to_owned(), patterns.to_vec())).collect() }
            }
        };
        Self { run, plugin, limit }
    }
}

impl From<Publication> for PublishedDocument {
    fn from(shown: Publication) -> Self {
        Self { value: shown.value, at: Moment(shown.at) }
    }
}

impl From<signals::Signal> for PendingSignal {
    fn from(signals::Signal { place, name, value, sent_at, sent_by }: signals::Signal) -> Self {
        Self { place, name, value, sent_at: Moment(sent_at), sent_by }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_output_of_null_is_one() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Ended {
            #[serde(default, deserialize_with = "present")]
            output: Option<Value>,
        }
        let read = |document: Value| serde_json::from_value::<Ended>(document).unwrap().output;
        assert_eq!((read(json!({ "output": null })), read(json!({}))), (Some(Value::Null), None));
    }
}

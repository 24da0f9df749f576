//! Where a run stands, and why, as views show it. Words nothing for people but the reasons that are kept with a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Moment, QuestionId, RunId};
use crate::{
    journal::{self, CallError},
    kernel::run::{self, State},
};

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RunState {
    /// Ready to be executed.
    Queued,
    /// Being executed.
    Running,
    /// Suspended until this happens.
    Waiting {
        /// What it waits for.
        wait: Wait,
    },
    /// Suspended until an operator resumes it.
    Paused {
        /// Why.
        pause: Pause,
    },
    /// Ended with its output.
    Succeeded,
    /// Ended with an error.
    Failed {
        /// Which.
        failure: Failure,
    },
    /// Ended by a request to cancel it.
    Cancelled,
}

/// Why a run is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// For programs.
    pub kind: PauseKind,
    /// For people: what happened and what to do.
    pub reason: String,
    /// The call before which the run has to be forked to continue. Absent where resuming it is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork_at: Option<u64>,
}

/// The kinds of reasons for which a run is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseKind {
    /// The run made another call than its journal holds.
    Mismatch,
    /// A call that cannot be made twice was cut off.
    Ambiguous,
    /// An answer in the journal cannot be read.
    Unreadable,
    /// The run began in another journal form than this host's.
    JournalForm,
    /// A script has no rule for a prompt.
    Unanswered,
    /// A provider rejects calls, or still fails after retries.
    Provider,
    /// A limit of the plugin was reached.
    Limit,
    /// A budget does not allow the next call.
    Budget,
    /// The run asked for it itself.
    Requested,
    /// An operator stopped it, or the host ended.
    Operator,
    /// A plugin that the run needs is not installed.
    Plugin,
}

/// What a run failed by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The kind of the error: one that the contract documents, such as `denied` or `child-failed`, or one of the plugin's own.
    pub kind: String,
    /// For people: what went wrong and what to do.
    pub text: String,
    /// What the error is about: a path, a name, a capability as `kind=value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// More for programs; its members depend on the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// The call by whose answer it failed. Absent where the run failed by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<FailedCall>,
}

/// The call by whose answer a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedCall {
    /// Its number in the run's journal.
    pub seq: u64,
    /// Its name, such as `files.write`.
    pub call: String,
    /// The run below whose failure was the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<RunId>,
}

/// What a suspended run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum Wait {
    /// A time.
    Time {
        /// When.
        until: Moment,
    },
    /// The end of any of these runs.
    Runs {
        /// Which.
        runs: Vec<RunId>,
    },
    /// A person's answer.
    Question {
        /// To this question.
        question: QuestionId,
        /// The run continues without one at this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// An account at a service that is used up, or whose service does not answer.
    Account {
        /// The name the operator knows it by.
        account: String,
        /// When Baton asks again.
        until: Moment,
        /// What the service said.
        reason: String,
    },
    /// What an operator provides.
    Operator {
        /// What is missing.
        need: Need,
    },
    /// The first of several events.
    Any {
        /// Each wakes the run.
        of: Vec<Awaited>,
        /// The run continues without any at this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
}

/// What a run lacks, and an operator provides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// What kind of thing it is.
    pub kind: NeedKind,
    /// Which: the name of a key, the dollars that the next call may cost, a model, a capability as `kind=value`, an image, or the
    /// name of the container engine.
    pub subject: String,
    /// For people: what is missing, and the command that provides it.
    pub reason: String,
    /// The service rejected a key of that name, and another is needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rejected: bool,
    /// What ends the wait as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub or: Vec<Self>,
    /// The run continues at this time, whatever was provided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

/// The kinds of things that an operator provides while a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// The key of a service.
    Key,
    /// A budget that allows the next call.
    Budget,
    /// The price of a model that a budget limits.
    Price,
    /// A decision on what the plugin asks for.
    Grant,
    /// An image for commands.
    Image,
    /// The container engine.
    Engine,
}

impl NeedKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Budget => "budget",
            Self::Price => "price",
            Self::Grant => "grant",
            Self::Image => "image",
            Self::Engine => "engine",
        }
    }
}

/// One of the events that a run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// The end of this run.
    Run(RunId),
    /// The answer to this question.
    Question(QuestionId),
    /// A signal of this name to the run itself.
    Signal(String),
    /// A change of the item of the backlog with this key.
    Item(String),
}

impl RunState {
    /// The word for the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting { .. } => "waiting",
            Self::Paused { .. } => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The same, with the call by whose answer the run failed.
    pub(super) fn with_failed_call(self, call: Option<run::FailedCall>) -> Self {
        match self {
            Self::Failed { failure } => Self::Failed { failure: Failure { call: call.map(Into::into), ..failure } },
            other => other,
        }
    }

    /// Whether the run has ended.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed { .. } | Self::Cancelled)
    }

    /// Why the run stands where it stands, if a reason is kept.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed { failure } => Some(&failure.text),
            Self::Paused { pause } => Some(&pause.reason),
            Self::Waiting { wait } => wait.reason(),
            _ => None,
        }
    }

    /// What the run waits for.
    pub fn wait(&self) -> Option<&Wait> {
        match self {
            Self::Waiting { wait } => Some(wait),
            _ => None,
        }
    }

    /// What an operator is to provide, if the run waits for that.
    pub fn need(&self) -> Option<&Need> {
        match self.wait() {
            Some(Wait::Operator { need }) => Some(need),
            _ => None,
        }
    }
}

impl Wait {
    /// Why, if a reason is kept.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Account { reason, .. } => Some(reason),
            Self::Operator { need } => Some(&need.reason),
            _ => None,
        }
    }

    /// When the run continues by itself; none where something else has to happen.
    pub fn due(&self) -> Option<Moment> {
        match self {
            Self::Time { until } | Self::Account { until, .. } => Some(*until),
            Self::Question { until, .. } | Self::Any { until, .. } | Self::Operator { need: Need { until, .. } } => *until,
            Self::Runs { .. } => None,
        }
    }

    /// Each event that wakes the run.
    pub fn awaited(&self) -> Vec<Awaited> {
        match self {
            Self::Time { .. } | Self::Account { .. } | Self::Operator { .. } => Vec::new(),
            Self::Runs { runs } => runs.iter().cloned().map(Awaited::Run).collect(),
            Self::Question { question, .. } => vec![Awaited::Question(question.clone())],
            Self::Any { of, .. } => of.clone(),
        }
    }
}

impl Need {
    /// All of which one is enough.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.or)
    }
}

impl From<State> for RunState {
    fn from(state: State) -> Self {
        match state {
            State::Queued => Self::Queued,
            State::Running => Self::Running,
            State::Waiting { wait } => Self::Waiting { wait: wait.into() },
            State::Paused { pause } => Self::Paused { pause: pause.into() },
            State::Succeeded => Self::Succeeded,
            State::Failed { error } => Self::Failed { failure: error.into() },
            State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<journal::Pause> for Pause {
    fn from(journal::Pause { kind, reason, at }: journal::Pause) -> Self {
        Self { kind: kind.into(), reason, fork_at: at }
    }
}

impl From<journal::PauseKind> for PauseKind {
    fn from(kind: journal::PauseKind) -> Self {
        match kind {
            journal::PauseKind::Mismatch => Self::Mismatch,
            journal::PauseKind::Ambiguous => Self::Ambiguous,
            journal::PauseKind::Unreadable => Self::Unreadable,
            journal::PauseKind::JournalForm => Self::JournalForm,
            journal::PauseKind::Unanswered => Self::Unanswered,
            journal::PauseKind::Provider => Self::Provider,
            journal::PauseKind::Limit => Self::Limit,
            journal::PauseKind::Budget => Self::Budget,
            journal::PauseKind::Requested => Self::Requested,
            journal::PauseKind::Operator => Self::Operator,
            journal::PauseKind::Plugin => Self::Plugin,
        }
    }
}

impl From<CallError> for Failure {
    fn from(CallError { kind, text, subject, details }: CallError) -> Self {
        Self { kind: kind.into(), text, subject, details: details.map(|details| *details), call: None }
    }
}

impl From<journal::Wait> for Wait {
    fn from(wait: journal::Wait) -> Self {
        match wait {
            journal::Wait::Until(until) => Self::Time { until: Moment(until) },
            journal::Wait::Runs(runs) => Self::Runs { runs },
            journal::Wait::Question { id, until } => Self::Question { question: id, until: until.map(Moment) },
            journal::Wait::Account { account, until, reason } => Self::Account { account, until: Moment(until), reason },
            journal::Wait::Needed(needed) => Self::Operator { need: needed.into() },
            journal::Wait::Any { of, until } => Self::Any { of: of.into_iter().map(Awaited::from).collect(), until: until.map(Moment) },
        }
    }
}

impl From<journal::Needed> for Need {
    fn from(needed: journal::Needed) -> Self {
        let journal::Needed { kind, subject, reason, rejected, or, until } = needed;
        let or = or.into_iter().map(Self::from).collect();
        Self { kind: kind.into(), subject, reason, is_rejected: !rejected.is_empty(), or, until: until.map(Moment) }
    }
}

impl From<journal::NeedKind> for NeedKind {
    fn from(kind: journal::NeedKind) -> Self {
        match kind {
            journal::NeedKind::Key => Self::Key,
            journal::NeedKind::Budget => Self::Budget,
            journal::NeedKind::Price => Self::Price,
            journal::NeedKind::Grant => Self::Grant,
            journal::NeedKind::Image => Self::Image,
            journal::NeedKind::Engine => Self::Engine,
        }
    }
}

impl From<journal::Awaited> for Awaited {
    fn from(awaited: journal::Awaited) -> Self {
        match awaited {
            journal::Awaited::Run(run) => Self::Run(run),
            journal::Awaited::Question(question) => Self::Question(question),
            journal::Awaited::Signal(name) => Self::Signal(name),
            journal::Awaited::Item { key, .. } => Self::Item(key),
        }
    }
}

impl From<run::FailedCall> for FailedCall {
    fn from(run::FailedCall { seq, call, child }: run::FailedCall) -> Self {
        Self { seq, call, child }
    }
}

//! Why a guest's execution ends in the middle: never its own mistake, always a limit, a wait or a decision.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Divergence, QuestionId, RunId};
use crate::errors::StorageError;

/// What a suspended run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// A time, in milliseconds since 1970 UTC.
    Until(u64),
    /// The end of any of these runs.
    Runs(Vec<RunId>),
    /// A person's answer.
    Question {
        /// To this question.
        id: QuestionId,
        /// The run continues without one at this time, in milliseconds since 1970 UTC.
        until: Option<u64>,
    },
    /// An account elsewhere that is used up, or whose service does not answer.
    Account {
        /// The name the operator knows it by.
        account: String,
        /// When it is worth asking again, in milliseconds since 1970 UTC.
        until: u64,
        /// What the service said, a sentence.
        reason: String,
    },
    /// What an operator provides. The call is made again by itself once it is there.
    Needed(Needed),
    /// The first of several things.
    Any {
        /// Each wakes the run.
        of: Vec<Awaited>,
        /// The run continues without any at this time, in milliseconds since 1970 UTC.
        until: Option<u64>,
    },
}

/// What a run lacks, and an operator provides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Needed {
    /// What kind of thing it is.
    pub kind: NeedKind,
    /// Which: the name of a key, the dollars that the next call may cost, a model, a capability as `kind=value`, an image; of
    /// the container engine, its own name.
    pub subject: String,
    /// For people: what is missing, and the command that provides it.
    pub reason: String,
    /// Marks of the keys of that name which the service rejects: it waits for another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<String>,
    /// What ends the wait as well. None of these has others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Self>,
    /// The call is made again at this time, whatever has come, in milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// The kinds of things that an operator provides while a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = KeptNeedKind)]
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

/// One of the things that a run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// The end of this run.
    Run(RunId),
    /// The answer to this question.
    Question(QuestionId),
    /// A signal of this name to the run itself.
    Signal(String),
    /// A change of an item of the backlog.
    Item {
        /// The item.
        key: String,
        /// What it was changed to last, of which the run knows.
        revision: u64,
    },
}

impl Wait {
    /// A wait for what an operator provides.
    pub fn needed(kind: NeedKind, subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Needed(Needed::new(kind, subject, reason))
    }

    /// All that wakes the run beside a time.
    pub fn awaited(&self) -> Vec<Awaited> {
        match self {
            Self::Until(_) | Self::Account { .. } | Self::Needed(_) => Vec::new(),
            Self::Runs(runs) => runs.iter().cloned().map(Awaited::Run).collect(),
            Self::Question { id, .. } => vec![Awaited::Question(id.clone())],
            Self::Any { of, .. } => of.clone(),
        }
    }

    /// When the run continues by itself, in milliseconds since 1970 UTC; none when something else has to happen.
    pub fn due(&self) -> Option<u64> {
        match self {
            Self::Until(time) => Some(*time),
            Self::Account { until, .. } => Some(*until),
            Self::Question { until, .. } | Self::Any { until, .. } | Self::Needed(Needed { until, .. }) => *until,
            Self::Runs(_) => None,
        }
    }
}

impl Needed {
    /// Something that an operator provides.
    pub fn new(kind: NeedKind, subject: impl Into<String>, reason: impl Into<String>) -> Self {
        let (subject, reason) = (subject.into(), reason.into());
        Self { kind, subject, reason, rejected: Vec::new(), or: Vec::new(), until: None }
    }

    /// All of which one is enough.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.or)
    }

    /// The same, with its texts changed.
    #[must_use]
    pub fn map(self, change: &dyn Fn(&str) -> String) -> Self {
        let or = self.or.into_iter().map(|other| other.map(change)).collect();
        Self { subject: change(&self.subject), reason: change(&self.reason), or, ..self }
    }
}

/// The kinds of reasons for which a run waits for its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = KeptPauseKind)]
pub enum PauseKind {
    /// The run asked for something else than its journal says it did.
    Mismatch,
    /// A call that cannot be done twice was cut off.
    Ambiguous,
    /// An answer in the journal cannot be read.
    Unreadable,
    /// The run was begun in another journal form than this host's.
    JournalForm,
    /// A script has no rule for a prompt.
    Unanswered,
    /// A provider refuses, or still fails after retries.
    Provider,
    /// A limit of the plugin was reached.
    Limit,
    /// A budget does not allow the next call.
    Budget,
    /// The run asked for it itself. Resuming answers the call by which it did.
    Requested,
    /// The operator, or the end of the host's life, stopped it.
    Operator,
    /// A plugin that the run needs is not installed: the version it is pinned to, or what a slot is bound to.
    Plugin,
}

/// Why a run waits for its operator. Its model replies are kept and not paid for again. The command that continues it is added where the reason is
/// shown, since it depends on the tree of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Pause {
    /// For programs.
    pub kind: PauseKind,
    /// For people: what happened and what to do.
    pub reason: String,
    /// The call before which the run has to be forked to continue. None: resuming it is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

impl Pause {
    /// A pause of `kind` with its sentence.
    pub fn new(kind: PauseKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), at: None }
    }

    /// The same, where only a fork before call `seq` helps.
    #[must_use]
    pub fn forked_at(self, seq: u64) -> Self {
        Self { at: Some(seq), ..self }
    }
}

/// How a run begins again with another input.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuation {
    /// The call by which it asked for that, the last one that is not replayed from then on.
    pub seq: u64,
    /// What it is given from then on, without secrets.
    pub input: Value,
    /// The first moment of what follows, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// Ends a guest's execution without its knowledge. The guest never sees one.
#[derive(Debug, thiserror::Error)]
pub enum Interrupt {
    /// The run is suspended.
    #[error("The run waits.")]
    Suspended(Wait),
    /// The run waits for its operator.
    #[error(transparent)]
    Paused(#[from] Pause),
    /// The component makes another call than its journal holds.
    #[error(transparent)]
    Diverged(Box<Divergence>),
    /// The run begins again with another input.
    #[error("The run continues with another input.")]
    Continued(Box<Continuation>),
    /// The host is about to stop; the run continues when it is back.
    #[error("The host is stopping; the run continues when it is resumed.")]
    Stopped,
    /// The run was cancelled.
    #[error("The run was cancelled.")]
    Cancelled,
    /// The journal could not be written. Nothing more is done in the run, since it could not be replayed later.
    #[error(transparent)]
    Journal(#[from] StorageError),
}

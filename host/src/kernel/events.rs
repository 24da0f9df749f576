//! What the kernel tells of runs and plugins. Emits nothing itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    events,
    journal::{Awaited, ErrorKind, NeedKind, Needed, PauseKind, PluginVersion, QuestionId, RunId, Wait},
    kernel::run::{CancelCause, Cancelling},
    moment::{self, Moment},
};

/// A run was added, and waits to be executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Created {
    /// Its plugin.
    #[serde(default)]
    pub(crate) plugin: String,
    /// The version it is pinned to.
    #[serde(default)]
    pub(crate) version: String,
    /// The run that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<RunId>,
    /// The worktree it works in, by its branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) worktree: Option<String>,
    /// The slot that its plugin fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slot: Option<String>,
    /// The item that it works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<String>,
}

/// An execution of a run began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Executing {}

/// An operator resumed a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Resumed {}

/// The host stopped in the middle of an execution. The run is executed again by the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Queued {}

/// A run ended with its output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Succeeded {}

/// A run ended with an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Failed {
    /// The kind of error, a word of the contract or of the plugin.
    #[schema(value_type = String)]
    #[serde(default)]
    pub(crate) kind: ErrorKind,
    /// What went wrong.
    #[serde(default)]
    pub(crate) reason: String,
}

/// A run is suspended until its operator resumes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Paused {
    /// Why, for programs.
    pub(crate) kind: PauseKind,
    /// What happened and what to do.
    pub(crate) reason: String,
}

/// A run was cancelled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Cancelled {
    /// Why, where an actor asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<CancelCause>,
}

impl Cancelled {
    /// Of a run that was asked to end, or was not.
    pub(super) fn of(cancelling: Option<Cancelling>) -> Self {
        Self { cause: cancelling.map(|cancelling| cancelling.cause) }
    }
}

/// An actor asked for a run to be cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CancelRequested {
    /// Why.
    pub(crate) cause: CancelCause,
    /// Whether the run ends at once, without a chance to clean up.
    pub(crate) now: bool,
}

/// A run begins again with another input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Continued {
    /// The call by which it asked for that.
    pub(crate) seq: u64,
    /// The input before, where no call gave it: that of the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Value>,
}

/// Something that a run waited for was provided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Provided {
    /// What kind of thing.
    pub(crate) kind: NeedKind,
    /// Which.
    pub(crate) subject: String,
}

/// A run is suspended until something happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Waiting {
    /// What it waits for.
    #[serde(rename = "for")]
    pub(crate) wait: WaitingFor,
}

/// What a run waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WaitingFor {
    /// A time.
    Until(#[serde(deserialize_with = "moment::either")] Moment),
    /// The end of any of these runs.
    Runs(Vec<RunId>),
    /// A person's answer.
    Question {
        /// To this question.
        id: QuestionId,
        /// The run continues without one at this time.
        #[serde(default, deserialize_with = "moment::either_or_none", skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
    /// An account elsewhere that is used up, or whose service does not answer.
    Account {
        /// The name the operator knows it by.
        account: String,
        /// When it is asked again.
        #[serde(deserialize_with = "moment::either")]
        until: Moment,
        /// What the service said.
        reason: String,
    },
    /// What an operator provides.
    Needed(MissingThing),
    /// The first of several things.
    Any {
        /// Each wakes the run.
        of: Vec<AwaitedThing>,
        /// The run continues without any at this time.
        #[serde(default, deserialize_with = "moment::either_or_none", skip_serializing_if = "Option::is_none")]
        until: Option<Moment>,
    },
}

/// What a run lacks, and an operator provides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct MissingThing {
    /// What kind of thing it is.
    pub(crate) kind: NeedKind,
    /// Which.
    pub(crate) subject: String,
    /// What is missing, and the command that provides it.
    pub(crate) reason: String,
    /// Marks of the keys of that name which the service rejects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rejected: Vec<String>,
    /// What ends the wait as well.
    #[schema(no_recursion)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) or: Vec<Self>,
    /// The call is made again at this time.
    #[serde(default, deserialize_with = "moment::either_or_none", skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Moment>,
}

/// One of the things that a run waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AwaitedThing {
    /// The end of this run.
    Run(RunId),
    /// The answer to this question.
    Question(QuestionId),
    /// A signal of this name.
    Signal(String),
    /// A change of an item of the backlog.
    Item {
        /// The item.
        key: String,
        /// What it was changed to last, of which the run knows.
        revision: u64,
    },
}

impl From<&Wait> for WaitingFor {
    fn from(wait: &Wait) -> Self {
        match wait.clone() {
            Wait::Until(at) => Self::Until(Moment(at)),
            Wait::Runs(runs) => Self::Runs(runs),
            Wait::Question { id, until } => Self::Question { id, until: until.map(Moment) },
            Wait::Account { account, until, reason } => Self::Account { account, until: Moment(until), reason },
            Wait::Needed(needed) => Self::Needed(needed.into()),
            Wait::Any { of, until } => Self::Any { of: of.into_iter().map(AwaitedThing::from).collect(), until: until.map(Moment) },
        }
    }
}

impl From<WaitingFor> for Wait {
    fn from(wait: WaitingFor) -> Self {
        let time = |moment: Moment| moment.0;
        match wait {
            WaitingFor::Until(at) => Self::Until(at.0),
            WaitingFor::Runs(runs) => Self::Runs(runs),
            WaitingFor::Question { id, until } => Self::Question { id, until: until.map(time) },
            WaitingFor::Account { account, until, reason } => Self::Account { account, until: until.0, reason },
            WaitingFor::Needed(needed) => Self::Needed(needed.into()),
            WaitingFor::Any { of, until } => Self::Any { of: of.into_iter().map(Awaited::from).collect(), until: until.map(time) },
        }
    }
}

impl From<Needed> for MissingThing {
    fn from(needed: Needed) -> Self {
        let Needed { kind, subject, reason, rejected, or, until } = needed;
        Self { kind, subject, reason, rejected, or: or.into_iter().map(Self::from).collect(), until: until.map(Moment) }
    }
}

impl From<MissingThing> for Needed {
    fn from(missing: MissingThing) -> Self {
        let MissingThing { kind, subject, reason, rejected, or, until } = missing;
        Self { kind, subject, reason, rejected, or: or.into_iter().map(Self::from).collect(), until: until.map(|until| until.0) }
    }
}

impl From<Awaited> for AwaitedThing {
    fn from(awaited: Awaited) -> Self {
        match awaited {
            Awaited::Run(run) => Self::Run(run),
            Awaited::Question(id) => Self::Question(id),
            Awaited::Signal(name) => Self::Signal(name),
            Awaited::Item { key, revision } => Self::Item { key, revision },
        }
    }
}

impl From<AwaitedThing> for Awaited {
    fn from(awaited: AwaitedThing) -> Self {
        match awaited {
            AwaitedThing::Run(run) => Self::Run(run),
            AwaitedThing::Question(id) => Self::Question(id),
            AwaitedThing::Signal(name) => Self::Signal(name),
            AwaitedThing::Item { key, revision } => Self::Item { key, revision },
        }
    }
}

/// An operator sent a signal to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SignalSent {
    /// Its name.
    pub(crate) signal: String,
    /// Its place among the signals of the run, from 1.
    pub(crate) place: u64,
    /// Bytes of its value.
    pub(crate) bytes: u64,
}

/// An operator gave a run another version of its plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Repinned {
    /// The plugin.
    pub(crate) plugin: String,
    /// The version before.
    pub(crate) from: VersionHash,
    /// The version from now on.
    pub(crate) to: VersionHash,
    /// Calls that the run makes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) given_up: Option<GivenUp>,
}

/// A version of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct VersionHash {
    /// Its number.
    pub(crate) version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub(crate) hash: String,
}

/// Calls that a run makes again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GivenUp {
    /// The first of them.
    pub(crate) from: u64,
    /// How many.
    pub(crate) calls: u64,
}

/// A version of a plugin is kept no longer: it is not current, and no run needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Retired {
    /// The version.
    #[serde(flatten)]
    pub(crate) plugin: PluginVersion,
}

events::payloads! {
    Created => Run "created" Info,
    Executing => Run "executing" Info,
    Resumed => Run "resumed" Info,
    Queued => Run "queued" Info,
    Succeeded => Run "succeeded" Info,
    Failed => Run "failed" Error,
    Paused => Run "paused" Warn,
    Cancelled => Run "cancelled" Info,
    CancelRequested => Run "cancel_requested" Info,
    Continued => Run "continued" Info,
    Provided => Run "provided" Info,
    Waiting => Run "waiting" Info,
    SignalSent => Audit "signal_sent" Info,
    Repinned => Audit "repinned" Info,
    Retired => Plugin "retired" Info,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_of_before_says_what_a_run_waits_for() {
        let read = |data| Wait::from(serde_json::from_value::<Waiting>(data).unwrap().wait);
        assert_eq!(read(json!({ "for": { "until": 7 } })), Wait::Until(7));
        assert_eq!(read(json!({ "for": { "until": "1970-01-01T00:00:00.007Z" } })), Wait::Until(7));
        let needed =
            json!({ "kind": "key", "subject": "a", "reason": "b", "or": [{ "kind": "price", "subject": "c", "reason": "d" }], "until": 9 });
        let wait = Wait::Needed(serde_json::from_value(needed.clone()).unwrap());
        assert_eq!(read(json!({ "for": { "needed": needed } })), wait);
        assert_eq!(Wait::from(WaitingFor::from(&wait)), wait);
        let account = Wait::Account { account: "a".to_owned(), until: 7, reason: "b".to_owned() };
        assert_eq!(json!(WaitingFor::from(&account))["account"]["until"], "1970-01-01T00:00:00.007Z");
        assert_eq!(read(json!({ "for": account })), account);
    }
}

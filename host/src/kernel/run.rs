//! A run as it is kept: what it executes, where it stands, what it waits for. Executes nothing itself.

use std::{borrow::Cow, collections::HashMap, path::PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{ceiling::Ceiling, package::Kind};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    interfaces::{children::Outcome, pins::Pin},
    journal::{CallError, Continuation, Pause, RunId, Wait, form::FORM},
};

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Ready to be executed.
    Queued,
    /// Being executed, or was when the host died.
    Running,
    /// Suspended until this comes to pass.
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
        /// What its plugin returned, or why the host ended it. Baton 0.1 kept a sentence alone, as `reason`.
        #[serde(alias = "reason", deserialize_with = "error_or_reason")]
        error: CallError,
    },
    /// Ended by an operator.
    Cancelled,
}

fn error_or_reason<'de, D: Deserializer<'de>>(source: D) -> Result<CallError, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Reason(String),
        Error(CallError),
    }
    Ok(match Either::deserialize(source)? {
        Either::Reason(reason) => CallError::other(reason),
        Either::Error(error) => error,
    })
}

impl State {
    /// The words of all states.
    pub const WORDS: [&str; 7] = ["queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled"];
    /// The words of the states in which a run is not over.
    pub const UNFINISHED: [&str; 4] = ["queued", "running", "waiting", "paused"];

    /// The word the store and the command line use.
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

    /// Nothing more will come of such a run.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed { .. } | Self::Cancelled)
    }
}

/// Why a run is being cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = KeptCancelCause)]
pub enum CancelCause {
    /// An operator wants it.
    Operator,
    /// The run that started it gave it up.
    Run,
    /// A run above it ended, or is being cancelled itself.
    Ended,
}

impl CancelCause {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Run => "run",
            Self::Ended => "ended",
        }
    }

    /// The cause a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Operator, Self::Run, Self::Ended].into_iter().find(|cause| cause.as_str() == word)
    }
}

/// That a run is to end, and may put things in order before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cancelling {
    /// When that was asked for, in milliseconds since 1970 UTC; 0 where it is to end at once.
    pub since: u64,
    /// Why.
    pub cause: CancelCause,
}

/// The call by whose answer a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailedCall {
    /// Its number in the run's journal.
    pub seq: u64,
    /// Interface and function, such as `files.write`.
    pub call: String,
    /// The run below whose failure was the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<RunId>,
}

/// One execution of one plugin export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// Its name for ever.
    pub id: RunId,
    /// The run that started it, and the call that did.
    pub parent: Option<(RunId, u64)>,
    /// The run that a person started, of which this is a descendant, or itself.
    pub root: RunId,
    /// The run it was forked from, and the first call it makes again.
    pub forked_from: Option<(RunId, u64)>,
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin, from its manifest.
    pub plugin_version: String,
    /// SHA-256 of the plugin's file, in hexadecimal; the run stays with it.
    pub plugin_hash: String,
    /// Which of the plugin's exports is executed.
    pub kind: Kind,
    /// What the export is given.
    pub input: Value,
    /// The id of the project that the run belongs to.
    pub project: String,
    /// The folder whose files the run sees.
    pub workspace: PathBuf,
    /// What the workspace of its root was when that began; none for a run that an older Baton began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// Settings given to this run alone; its children inherit them.
    pub settings: Value,
    /// The settings of its workspace as they were when it began, for a root and all below it. What a run writes there later
    /// holds for other runs alone. None for a run below a root, and for one that began before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_settings: Option<Value>,
    /// What bounds it beside the grants of its own plugin; a fork keeps it.
    #[serde(default, skip_serializing_if = "Ceiling::is_empty")]
    pub ceiling: Ceiling,
    /// The slot that it was asked for as; none for a run whose plugin was named, and for one that a person started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The item of the backlog that it is for; all that it starts is for it too, unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What the guest's random numbers derive from, together with `journal_from`; a fork keeps it.
    pub seed: String,
    /// The first moment of its replayed calls as its guest sees it, in milliseconds since 1970 UTC; a fork keeps it.
    pub started_at: u64,
    /// Who started it; none for a run that another started, and for one from before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<Actor>,
    /// The form in which its journal is kept; 0 for a run from before forms were counted. One of another form than this
    /// host's is shown and is not executed.
    pub journal_form: u64,
    /// The call by which it last continued with another input, or 0. The entries up to it are kept and not replayed; a fork
    /// keeps the number.
    #[serde(default)]
    pub journal_from: u64,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
    /// What the export returned, once it succeeded.
    pub output: Option<Value>,
    /// What a workflow that succeeded says that it leaves undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<String>,
    /// The call by whose answer it failed; none where it failed by itself, or before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_call: Option<FailedCall>,
    /// Since when it is being cancelled, or was when it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelling: Option<Cancelling>,
    /// When the row was made, in milliseconds since 1970 UTC.
    pub created_at: u64,
    /// When the row last changed, in milliseconds since 1970 UTC.
    pub updated_at: u64,
}

impl Run {
    /// Whether this host can replay its journal.
    pub fn is_replayable(&self) -> bool {
        self.journal_form == FORM
    }

    /// The first call that an execution of it makes or replays.
    pub fn first_call(&self) -> u64 {
        self.journal_from.saturating_add(1)
    }

    /// What the random numbers of an execution derive from. They would repeat themselves if a run that continued with
    /// another input kept its seed.
    pub fn execution_seed(&self) -> Cow<'_, str> {
        match self.journal_from {
            0 => Cow::Borrowed(&self.seed),
            base => Cow::Owned(format!("{}:{base}", self.seed)),
        }
    }

    /// Whether it was told to end, and has not ended yet.
    pub fn is_being_cancelled(&self) -> bool {
        self.cancelling.is_some() && !self.state.is_final()
    }

    /// Whether there is something to end or to give back: it has not ended, or it failed and could still be resumed.
    pub fn may_be_cancelled(&self) -> bool {
        let failed = matches!(self.state, State::Failed { .. });
        !self.state.is_final() || (failed && self.parent.is_none())
    }
}

/// A run without what it was given and what it returned, which may be large: what lists read.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its name for ever.
    pub id: RunId,
    /// The run that started it, and the call that did.
    pub parent: Option<(RunId, u64)>,
    /// The run that a person started, of which this is a descendant, or itself.
    pub root: RunId,
    /// The run it was forked from, and the first call it makes again.
    pub forked_from: Option<(RunId, u64)>,
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin.
    pub plugin_version: String,
    /// SHA-256 of the plugin's file, in hexadecimal.
    pub plugin_hash: String,
    /// Which of the plugin's exports is executed.
    pub kind: Kind,
    /// The id of its project.
    pub project: String,
    /// The folder whose files it sees.
    pub workspace: PathBuf,
    /// The slot that it was asked for as.
    pub slot: Option<String>,
    /// The item of the backlog that it is for.
    pub item: Option<String>,
    /// Who started it; none for a run that another started.
    pub started_by: Option<Actor>,
    /// The call by which it last continued with another input, or 0.
    pub journal_from: u64,
    /// Where it stands.
    pub state: State,
    /// What a workflow that succeeded says that it leaves undone.
    pub shortfall: Option<String>,
    /// The call by whose answer it failed; none where it failed by itself, or before this was kept.
    pub failed_call: Option<FailedCall>,
    /// Since when it is being cancelled, or was when it ended.
    pub cancelling: Option<Cancelling>,
    /// When the row was made, in milliseconds since 1970 UTC.
    pub created_at: u64,
    /// When the row last changed, in milliseconds since 1970 UTC.
    pub updated_at: u64,
}

impl From<Run> for Summary {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            parent: run.parent,
            root: run.root,
            forked_from: run.forked_from,
            plugin: run.plugin,
            plugin_version: run.plugin_version,
            plugin_hash: run.plugin_hash,
            kind: run.kind,
            project: run.project,
            workspace: run.workspace,
            slot: run.slot,
            item: run.item,
            started_by: run.started_by,
            journal_from: run.journal_from,
            state: run.state,
            shortfall: run.shortfall,
            failed_call: run.failed_call,
            cancelling: run.cancelling,
            created_at: run.created_at,
            updated_at: run.updated_at,
        }
    }
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only runs that a person started, not their children.
    pub roots_only: bool,
    /// Only these runs and their descendants; all when empty.
    pub within: Vec<RunId>,
    /// Only runs in one of these states, by word; all when empty.
    pub states: Vec<String>,
    /// Only those of this plugin.
    pub plugin: Option<String>,
    /// Only those that execute a plugin of this kind.
    pub kind: Option<Kind>,
    /// Only those of the projects with these ids; all when there is none.
    pub projects: Option<Vec<String>>,
    /// Only those for this item of their project's backlog.
    pub item: Option<String>,
    /// Only those that began then or later, in milliseconds since 1970 UTC.
    pub since: u64,
    /// Only those behind this run in the order of the list, by when it was made and its id.
    pub behind: Option<(u64, RunId)>,
    /// At most so many, the newest first.
    pub limit: u32,
}

/// A run that is ready to be executed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Queued {
    /// When it was made, in milliseconds since 1970 UTC: the oldest comes first.
    pub created_at: u64,
    /// The run.
    pub id: RunId,
    /// Name of its plugin.
    pub plugin: String,
}

/// A run in the queue, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InLine {
    /// The run, and what orders it.
    pub queued: Queued,
    /// The run at the top of its tree.
    pub root: RunId,
    /// The id of its project.
    pub project: String,
    /// The item of the backlog that it is for.
    pub item: Option<String>,
    /// Its project is paused.
    pub is_held: bool,
}

/// What a run and its descendants took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tally {
    /// Runs, itself among them.
    pub runs: u64,
    /// Entries in their journals.
    pub host_calls: u64,
    /// Model replies.
    pub model_calls: u64,
    /// Model calls that a crash cut off and that were sent again.
    pub repeated_model_calls: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Dollars; none when the price of some reply is not known.
    pub cost_usd: Option<f64>,
}

/// What became of a run that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// Its id was there before.
    There,
    /// Its tree has as many runs as it may have.
    Full,
}

/// A run that gets another version of its plugin.
#[derive(Clone, Copy, Debug)]
pub struct Repin<'a> {
    /// The run as it was seen.
    pub run: &'a Run,
    /// The run that waits for its end, as it was seen; none where that does not matter.
    pub parent: Option<&'a Run>,
    /// The version.
    pub version: &'a str,
    /// SHA-256 of the version's file, in hexadecimal.
    pub hash: &'a str,
    /// The first call that is given up.
    pub given_up_from: u64,
    /// The runs that were cancelled because it failed, each with the first call that it makes again.
    pub reopened: &'a [(RunId, u64)],
}

/// Keeps all runs. Every change is durable when it returns and wakes the runs that wait for it in the same step.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Adds a run with its first events and, for a fork, the journal of its prefix: entries of `forked_from` before its call.
    /// Changes nothing where the id is there already, or where its tree has `most` runs; both are seen in the same step, so
    /// that runs which start children at once do not pass the limit together.
    async fn add(&self, run: &Run, most: u64, events: Vec<Draft>) -> Result<Added, StorageError>;
    /// The run, if there is one.
    async fn find(&self, id: &RunId) -> Result<Option<Run>, StorageError>;
    /// The runs whose id begins or ends with `part`, at most 20.
    async fn matching(&self, part: &str) -> Result<Vec<Run>, StorageError>;
    /// The runs that fit, newest first.
    async fn list(&self, filter: &Filter) -> Result<Vec<Run>, StorageError>;
    /// The same without what they were given and what they returned.
    async fn summaries(&self, filter: &Filter) -> Result<Vec<Summary>, StorageError>;
    /// Moves a run from one of the states `from` (by word) to `to`; returns false when it is in none of them.
    /// `outcome` is kept when given. A run that reaches a final state turns every run waiting for it to `queued`,
    /// and a run that begins to wait for something that has come already is queued at once, as is one that is being
    /// cancelled. A run that reaches a final state withdraws what it asked people, and asks that the runs below it which have
    /// not ended be cancelled. All of it happens in the same step.
    async fn transition(
        &self,
        id: &RunId,
        from: &[&str],
        to: State,
        outcome: Option<Outcome>,
        events: Vec<Draft>,
    ) -> Result<bool, StorageError>;
    /// Moves a run that is being executed to `to`, queued or waiting for a time, to begin again with another input: its call
    /// is answered, what it holds is given up as at its end, and only calls after it are replayed. Returns false, and changes
    /// nothing, where the run is not being executed any more.
    async fn continue_with(&self, id: &RunId, continuation: &Continuation, to: State, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Queues runs that failed, or were cancelled because one above them ended, and that are to make calls again: each
    /// without the entries of its journal from that call on. In the same step for all of them.
    async fn reopen(&self, calls: &[(RunId, u64)], events: Vec<Draft>) -> Result<(), StorageError>;
    /// Pins a run to another version and queues it. Its calls from `given_up_from` on are given up: what they asked
    /// people is withdrawn, signals that they took are there again, and the runs that they started are to be cancelled. All of
    /// it in the same step. Returns false, and changes nothing, where a run is not as it was seen.
    async fn repin(&self, repin: Repin<'_>, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Queues the runs of the tree under `root` (or all) whose waiting time has come by `now`; returns how many.
    async fn wake_due(&self, root: Option<&RunId>, now: u64) -> Result<u64, StorageError>;
    /// The runs of the tree under `root` (or of all) that wait for what an operator provides. Cheap: it is asked for all the time.
    async fn needing(&self, root: Option<&RunId>) -> Result<Vec<RunId>, StorageError>;
    /// When the next waiting run of the tree under `root` (or of all) is due, in milliseconds since 1970 UTC.
    async fn next_due(&self, root: Option<&RunId>) -> Result<Option<u64>, StorageError>;
    /// Turns the runs that a dead host left `running` back to `queued`; returns how many.
    async fn requeue_running(&self) -> Result<u64, StorageError>;
    /// Queued runs of the tree under `root` (or of all), and of `plugin` where it is named; oldest first, at most `limit`.
    /// Those of paused projects stay queued and are left out.
    async fn queued(&self, root: Option<&RunId>, plugin: Option<&str>, limit: u32) -> Result<Vec<Queued>, StorageError>;
    /// All queued runs, also those of paused projects; oldest first.
    async fn line(&self) -> Result<Vec<InLine>, StorageError>;
    /// How many runs are in each state, by its word; of the projects with these ids, or of all.
    async fn count_states(&self, projects: Option<&[String]>) -> Result<HashMap<String, u64>, StorageError>;
    /// The plugins of which a run of the tree under `root` (or of all) is queued. As quick for many runs as for few.
    async fn queued_plugins(&self, root: Option<&RunId>) -> Result<Vec<String>, StorageError>;
    /// Moves a run that is being executed to the state of failure, as `transition` does, with the call by whose answer it failed.
    async fn fail(&self, id: &RunId, error: CallError, call: Option<&FailedCall>, events: Vec<Draft>) -> Result<bool, StorageError>;
    /// Notes that a trap made a run fail. Returns how many runs of its version ended so in a row, counted up to `most`:
    /// those that failed after `since` and after the last one that succeeded.
    async fn note_trap(&self, run: &Run, since: u64, most: u32) -> Result<u32, StorageError>;
    /// What the run and its descendants took so far.
    async fn tally(&self, id: &RunId) -> Result<Tally, StorageError> {
        Ok(self.tallies(std::slice::from_ref(id)).await?.remove(id).unwrap_or_default())
    }
    /// The same for each of several runs, all of one moment.
    async fn tallies(&self, ids: &[RunId]) -> Result<HashMap<RunId, Tally>, StorageError>;
    /// Gives a run other settings.
    async fn change_settings(&self, id: &RunId, settings: &Value) -> Result<(), StorageError>;
    /// Asks that the run and its descendants which have not ended be cancelled. Of those that were asked before, cause and
    /// time stay; `at_once` takes from all of them the time to put things in order.
    async fn request_cancel(&self, id: &RunId, cause: CancelCause, at_once: bool, by: &Actor) -> Result<(), StorageError>;
    /// The runs that are to be cancelled, and that may be.
    async fn cancel_requests(&self) -> Result<Vec<RunId>, StorageError>;
}

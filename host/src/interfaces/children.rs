//! The port through which `agents`, `workflows` and `tools` start runs and learn how they ended. The kernel is handed in behind
//! it; no interface knows the kernel.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{agents::AGENTS, item_changes, llm::events::Completed, options::Options, tools::TOOLS, workflows::WORKFLOWS};
use crate::{
    bindings::types::OptionValue,
    events::Draft,
    journal::{Call, CallError, Pause, PauseKind, Performed, RunId, Wait},
};

/// The kinds of capability by which a run starts others, each with what it starts. A toolbox is named by its tools, such as
/// `calculator.add`.
pub const STARTS: [(&str, Role); 3] = [(AGENTS.word, Role::Agent), (WORKFLOWS.word, Role::Workflow), (TOOLS.word, Role::Toolbox)];

/// Patterns by kind of capability to which a caller narrows what a child may do. What is not named is not allowed.
pub type Narrowing = BTreeMap<String, Vec<String>>;

/// Which export of which plugin a child executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The plugin's `run-workflow`.
    Workflow,
    /// The plugin's `perform`.
    Agent,
    /// The plugin's `call-tool`.
    Toolbox,
}

/// A child to start.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// What it executes.
    pub role: Role,
    /// Name of the plugin, or of a slot.
    pub plugin: &'a str,
    /// What the export is given.
    pub input: Value,
    /// The worktree that is its workspace, by name; none for that of its parent.
    pub worktree: Option<&'a str>,
    /// The item of the backlog that it is for, by its key; none for that of its parent.
    pub item: Option<&'a str>,
    /// It may do these alone of what it could otherwise; none to leave it as it is.
    pub within: Option<Narrowing>,
}

/// What an event says that its run spent, in dollars: none for an event that says nothing of it, and none inside where the
/// price is not known.
pub fn spent(event: &Draft) -> Option<Option<f64>> {
    event.payload::<Completed>().map(|completed| completed.cost_usd)
}

/// What a run that succeeded gives back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Outcome {
    /// What its export returned.
    pub output: Value,
    /// What a workflow says that it leaves undone: a sentence, at most 8 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<String>,
}

impl From<Value> for Outcome {
    fn from(output: Value) -> Self {
        Self { output, shortfall: None }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With this outcome.
    Succeeded(Outcome),
    /// With this error.
    Failed(CallError),
    /// By an operator, by the run that started it, or with the end of a run above it.
    Cancelled,
}

/// How a child is started, by the options of the call that starts it. What was not given is not written down.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StartOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) worktree: Option<String>,
    /// The key of the item that the child is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) within: Option<Narrowing>,
    /// Milliseconds that the call waits at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout_ms: Option<u32>,
}

impl StartOptions {
    /// Those of a call that returns at once.
    pub(super) fn read(options: Vec<OptionValue>) -> Result<Self, CallError> {
        Self::of(Options::read(options, &["worktree", "item", "within"])?)
    }

    /// Those of a call that waits for the child.
    pub(super) fn read_waiting(options: Vec<OptionValue>) -> Result<Self, CallError> {
        let mut options = Options::read(options, &["worktree", "item", "within", "timeout-ms"])?;
        let timeout_ms = options.take_if("timeout-ms", "a whole number of milliseconds from 1 to 4294967295", |timeout| *timeout > 0)?;
        Ok(Self { timeout_ms, ..Self::of(options)? })
    }

    /// The call with what these options need: who may not read the backlog is not told which items it has.
    pub(super) fn needed_by<'a>(&self, call: Call<'a>) -> Call<'a> {
        if self.item.is_some() { call.needing(item_changes::needed()) } else { call }
    }

    /// The child that these start.
    pub(super) fn order<'a>(&'a self, role: Role, plugin: &'a str, input: Value) -> Order<'a> {
        let (worktree, item, within) = (self.worktree.as_deref(), self.item.as_deref(), self.within.clone());
        Order { role, plugin, input, worktree, item, within }
    }

    fn of(mut options: Options) -> Result<Self, CallError> {
        let worktree = options.take("worktree", "the name of a worktree, a text")?;
        let item = options.take("item", "the key of an item of the backlog, a text")?;
        let within = options.take("within", "an object of lists of patterns by kind, such as {\"write\": [\"docs/**\"]}")?;
        Ok(Self { worktree, item, within, timeout_ms: None })
    }
}

/// Why a child could not be started or asked after.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// No such plugin, or not of that kind.
    #[error("{reason}")]
    NotInstalled {
        /// What was asked for.
        plugin: String,
        /// A sentence.
        reason: String,
    },
    /// No descendant of the run that asks.
    #[error("Run {0} was not started by this run; only the runs that a run started itself can be waited for.")]
    NotYours(RunId),
    /// No worktree that the tree of the run that asks made.
    #[error(
        "This run has no worktree named `{}`; name one that `git.worktree-add` gave to this run or to one of its tree. A fork has none of the run it was forked \
         from; fork before they were added.",
        .0.escape_debug()
    )]
    NoWorktree(String),
    /// No such item in the project's backlog.
    #[error("There is no item `{}` in the backlog; `backlog.all` lists the items.", .0.escape_debug())]
    NoItem(String),
    /// What the operator bound to the slot cannot fill it.
    #[error("{0} Then resume the run.")]
    Unbound(String),
    /// It was to be started for more than it could do without a word, or for what cannot be understood.
    #[error("{0}")]
    NotNarrower(String),
    /// Children of children of children …
    #[error("Runs are nested {0} deep, which is the most; let the outer workflow start this one.")]
    TooDeep(usize),
    /// More than one tree may have.
    #[error(
        "Run {root} and those that it led to are {limit} runs, the limit for `{plugin}`. Raise `limits.runs` in baton.toml if it does not start itself \
         without end, then resume the run."
    )]
    TooMany {
        /// The first of the tree.
        root: RunId,
        /// Its plugin, whose limit it is.
        plugin: String,
        /// How many it may have.
        limit: u64,
    },
    /// The store failed.
    #[error("{0}")]
    Store(String),
}

/// The guest's mistakes are its answers; a store that fails stops the run, for nothing could be told of it later.
impl<A> From<ChildError> for Performed<A> {
    fn from(error: ChildError) -> Self {
        let text = error.to_string();
        match error {
            ChildError::NotInstalled { plugin: name, .. } | ChildError::NoWorktree(name) | ChildError::NoItem(name) => {
                Self::answer(Err(CallError::not_found(text).about(beginning(&name))))
            }
            ChildError::NotYours(run) => Self::answer(Err(CallError::not_found(text).about(run.as_str()))),
            ChildError::NotNarrower(_) => Self::answer(Err(CallError::invalid(text).about("within"))),
            ChildError::TooDeep(_) => Self::answer(Err(CallError::invalid(text))),
            // Only the operator can bind another, and what was done so far shall not be lost for it.
            ChildError::Unbound(_) => Self::Paused { pause: Pause::new(PauseKind::Plugin, text), happened: false },
            ChildError::TooMany { .. } => Self::Paused { pause: Pause::new(PauseKind::Limit, text), happened: false },
            ChildError::Store(_) => Self::Paused { pause: Pause::new(PauseKind::Operator, text), happened: true },
        }
    }
}

/// A name of a guest, fit to be shown.
fn beginning(name: &str) -> String {
    const LONGEST: usize = 64;
    name.chars().take(LONGEST).flat_map(char::escape_debug).collect()
}

/// A child that its parent holds a ticket for.
pub(super) struct Held {
    pub(super) children: Arc<dyn Children>,
    pub(super) parent: RunId,
    pub(super) child: RunId,
}

impl Held {
    /// Cancels the child; its ticket arrives once it has ended.
    pub(super) async fn give_up(&self) -> Performed<()> {
        Performed::of(self.children.cancel(&self.parent, &self.child).await)
    }

    /// What wakes the parent.
    pub(super) fn wait(&self) -> Wait {
        Wait::Runs(vec![self.child.clone()])
    }
}

/// Starts runs on behalf of a run.
#[async_trait]
pub trait Children: Send + Sync {
    /// Starts the child of call `seq` of `parent`; starting it twice is starting it once.
    async fn start(&self, parent: &RunId, seq: u64, order: Order<'_>) -> Result<RunId, ChildError>;
    /// How a run that `parent` started ended, if it has.
    async fn find_ended(&self, parent: &RunId, child: &RunId) -> Result<Option<Ended>, ChildError>;
    /// Cancels a child of `parent` and all below it. One that has ended stays as it is.
    async fn cancel(&self, parent: &RunId, child: &RunId) -> Result<(), ChildError>;
    /// What the child and its descendants spent in dollars; none when some price is unknown.
    async fn cost(&self, child: &RunId) -> Result<Option<f64>, ChildError>;
}

/// Children that end when a test says so. For tests alone.
#[cfg(test)]
pub(crate) mod testing {
    use std::{collections::BTreeMap, sync::Mutex};

    use super::*;

    /// What was ordered by the test's run, and how it ended.
    #[derive(Default)]
    pub(crate) struct Nursery {
        pub(crate) ordered: Mutex<BTreeMap<RunId, (Role, String, Value)>>,
        pub(crate) ended: Mutex<BTreeMap<RunId, Ended>>,
        pub(crate) failing: Mutex<Option<ChildError>>,
        /// The worktrees there are, and which child was started in which.
        pub(crate) worktrees: Mutex<BTreeMap<String, Option<RunId>>>,
    }

    impl Nursery {
        pub(crate) const COST: Option<f64> = Some(0.25);

        fn check(&self) -> Result<(), ChildError> {
            self.failing.lock().unwrap().clone().map_or(Ok(()), Err)
        }
    }

    #[async_trait]
    impl Children for Nursery {
        async fn start(&self, parent: &RunId, seq: u64, order: Order<'_>) -> Result<RunId, ChildError> {
            self.check()?;
            let child = parent.child(seq);
            if let Some(worktree) = order.worktree {
                let mut worktrees = self.worktrees.lock().unwrap();
                let place = worktrees.get_mut(worktree).ok_or_else(|| ChildError::NoWorktree(worktree.to_owned()))?;
                *place = Some(child.clone());
            }
            self.ordered.lock().unwrap().entry(child.clone()).or_insert((order.role, order.plugin.to_owned(), order.input));
            Ok(child)
        }

        async fn find_ended(&self, _: &RunId, child: &RunId) -> Result<Option<Ended>, ChildError> {
            self.check()?;
            match self.ordered.lock().unwrap().contains_key(child) {
                true => Ok(self.ended.lock().unwrap().get(child).cloned()),
                false => Err(ChildError::NotYours(child.clone())),
            }
        }

        async fn cancel(&self, _: &RunId, child: &RunId) -> Result<(), ChildError> {
            self.check()?;
            self.ended.lock().unwrap().entry(child.clone()).or_insert(Ended::Cancelled);
            Ok(())
        }

        async fn cost(&self, _: &RunId) -> Result<Option<f64>, ChildError> {
            Ok(Self::COST)
        }
    }
}

//! The ports below the budgets: what was paid, which is read out of the replies, and what may be paid, which operators set.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Amount;
use crate::{actor::Actor, errors::StorageError, journal::RunId};

/// One reply that was paid for, or a try of which no reply came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Posting {
    /// Its place among all that happened.
    pub cursor: i64,
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The run that asked, and its call.
    pub run: RunId,
    /// The call's place in the run.
    pub seq: u64,
    /// The run that somebody started, of which `run` is a descendant.
    pub root: RunId,
    /// The plugin of that run.
    pub workflow: String,
    /// The project.
    pub project: String,
    /// The item of the project's backlog that the run was for.
    pub item: Option<String>,
    /// The plugin that asked.
    pub plugin: String,
    /// The model that answered, as `provider/model`.
    pub model: String,
    /// What it took.
    pub charge: Charge,
}

/// What one reply took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// Tokens sent.
    pub input_tokens: u64,
    /// Those of them that came from the provider's cache.
    pub cached_input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// The window of the model; 0 where it is not known.
    pub window_tokens: u64,
    /// What it cost; none when the price is not known.
    pub cost: Option<Amount>,
    /// What budgets count in the place of the cost: that is not known, or not all of it.
    pub settled: Option<Amount>,
    /// No reply came back, and the cost is the most that it may have been.
    pub possibly_charged: bool,
}

impl Charge {
    /// What budgets count; none where nothing is known.
    pub fn counted(&self) -> Option<Amount> {
        self.settled.or(self.cost)
    }
}

/// Which replies are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostingFilter {
    /// Only those from then on, in milliseconds since 1970 UTC.
    pub since: u64,
    /// Only those for this item: its project and its key.
    pub item: Option<(String, String)>,
    /// Only those of the projects with these ids; all when there is none.
    pub projects: Option<Vec<String>>,
}

/// What a budget is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "scope", content = "of")]
pub enum Scope {
    /// All that this host does.
    Organisation,
    /// All runs of one project.
    Project(String),
    /// One run that somebody started, with its descendants.
    Run(RunId),
    /// What the runs of one project spend in a day, for those that its autopilot starts.
    Day(String),
}

/// What the autopilot of a project may see spent in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayLimit {
    /// The project, of which all runs count.
    pub project: String,
    /// The run that is the autopilot: its calls wait, and those of what it started.
    pub run: RunId,
    /// How much.
    pub amount: Amount,
    /// When the day began, in milliseconds since 1970 UTC.
    pub since: u64,
}

/// What may be spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For what.
    pub scope: Scope,
    /// How much in all.
    pub amount: Amount,
    /// When it was set, in milliseconds since 1970 UTC.
    pub set_at: u64,
    /// By whom.
    pub set_by: String,
}

/// What was paid. Written by nobody: a posting is the reply's own event.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The replies that are meant after `cursor`, oldest first, at most `limit`.
    async fn postings(&self, filter: &PostingFilter, cursor: i64, limit: u32) -> Result<Vec<Posting>, StorageError>;
}

/// What may be paid in a day. Where it is spent, calls wait for the next.
#[async_trait]
pub trait DayLimits: Send + Sync {
    /// Those that hold now.
    async fn day_limits(&self) -> Result<Vec<DayLimit>, StorageError>;
}

/// Where no day has a limit.
pub struct NoDayLimits;

#[async_trait]
impl DayLimits for NoDayLimits {
    async fn day_limits(&self) -> Result<Vec<DayLimit>, StorageError> {
        Ok(Vec::new())
    }
}

/// What may be paid.
#[async_trait]
pub trait BudgetStore: Send + Sync {
    /// Every budget there is.
    async fn budgets(&self) -> Result<Vec<Budget>, StorageError>;
    /// Sets a budget, or takes it away.
    async fn set_budget(&self, scope: &Scope, amount: Option<Amount>, by: &Actor) -> Result<(), StorageError>;
}

//! The port that tells what happened in a project since a time: moves of items, replies that were paid for, tests that were
//! not sure. Judges nothing of it.

use async_trait::async_trait;

use super::{backlog::Status, llm::money::Posting};
use crate::{errors::StorageError, journal::RunId};

/// A move of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemMove {
    /// The item.
    pub key: String,
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
    /// Where it was moved.
    pub after: Status,
    /// Why.
    pub reason: String,
    /// The run that moved it; none for a person.
    pub run: Option<RunId>,
}

/// A pull request of the host's own, by its branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its branch.
    pub branch: String,
    /// Its number.
    pub number: u64,
    /// The commit by which it was merged.
    pub merge_commit: Option<String>,
}

/// What happened in a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Happened {
    /// Moves since the time, and all moves of items that are neither to do nor done; the oldest first.
    pub moves: Vec<ItemMove>,
    /// What was paid for since the time. A call is in it once, whoever replays it.
    pub postings: Vec<Posting>,
    /// For each model call that was made again after it was cut off, the item it was for.
    pub repeated: Vec<Option<String>>,
    /// For each run of tests that passed in a second run only, the item it was for.
    pub flaky: Vec<Option<String>>,
    /// Pull requests of the host's own.
    pub pull_requests: Vec<Numbered>,
}

/// A check of an open pull request of the host's own that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCheck {
    /// The number of the pull request.
    pub number: u64,
    /// Its branch.
    pub branch: String,
    /// The name of the check.
    pub check: String,
    /// One line.
    pub summary: String,
    /// When it was reported, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// Tells what happened.
#[async_trait]
pub trait Reports: Send + Sync {
    /// In a project since a time, in milliseconds since 1970 UTC. Asks as much of many runs as of few.
    async fn happened(&self, project: &str, since: u64) -> Result<Happened, StorageError>;
    /// The checks that failed, of pull requests of a project that are open, by number and name.
    async fn failed_checks(&self, project: &str) -> Result<Vec<FailedCheck>, StorageError>;
}

//! The port below `forge`: pull requests, wherever they are kept. Knows no run and no grant.

use std::path::Path;

use crate::errors::{Hint, Reason, StorageError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Whose pull requests, and on whose behalf.
#[derive(Clone, Copy, Debug)]
pub struct PullRequestContext<'a> {
    /// The project that has them.
    pub project: &'a str,
    /// A checkout or worktree of its repository.
    pub folder: &'a Path,
    /// A plugin's name, or a person's.
    pub author: &'a str,
    /// `run:seq` of the call, or a text that is as unique: by it a repetition is recognised.
    pub key: &'a str,
    /// An earlier try with this key was cut off and may have happened.
    pub again: bool,
}

/// What a pull request proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The branch to be merged.
    pub branch: String,
    /// The branch it is to be merged into.
    pub into: String,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// What became of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It waits.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without merging.
    Closed,
}

impl State {
    /// The word people and the store have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    /// The state a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Merged, Self::Closed].into_iter().find(|state| state.as_str() == word)
    }
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// It runs, or will.
    Pending,
    /// All is well.
    Passed,
    /// It is not.
    Failed,
}

impl Progress {
    /// The word people and the store have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }

    /// The progress a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Passed, Self::Failed].into_iter().find(|progress| progress.as_str() == word)
    }
}

/// How a check of the last commit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Such as `tests`.
    pub name: String,
    /// How far it is.
    pub progress: Progress,
    /// One line.
    pub summary: String,
}

/// What somebody thinks of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may be merged.
    Approve,
    /// It may not be merged as it is.
    RequestChanges,
    /// Neither.
    Comment,
}

impl Verdict {
    /// The word people and the store have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::RequestChanges => "request-changes",
            Self::Comment => "comment",
        }
    }

    /// The verdict a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Approve, Self::RequestChanges, Self::Comment].into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// What somebody wrote about a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What they think.
    pub verdict: Verdict,
    /// What they wrote.
    pub text: String,
    /// Who they are.
    pub author: String,
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// Whether a branch can be merged as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mergeable {
    /// Nothing is in the way.
    Yes,
    /// Both sides changed the same.
    Conflicts,
    /// Nobody can say, or not yet.
    Unknown,
}

/// A pull request as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PullRequest {
    /// Its name in the project, from 1.
    pub number: u64,
    /// What it proposes.
    pub proposal: Proposal,
    /// What became of it.
    pub state: State,
    /// The commit its branch ends with.
    pub head: Option<String>,
    /// The commit by which it was merged.
    pub merge_commit: Option<String>,
    /// Whether it can be.
    pub mergeable: Mergeable,
    /// By name.
    pub checks: Vec<Check>,
    /// Oldest first.
    pub reviews: Vec<Review>,
    /// Where people read it.
    pub address: Option<String>,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its name in the project.
    pub number: u64,
    /// The branch to be merged.
    pub branch: String,
    /// The branch it is to be merged into.
    pub into: String,
    /// One line.
    pub title: String,
}

/// How a forge that merges itself makes the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// With a merge commit.
    Merge,
    /// All commits as one.
    Squash,
    /// Every commit once more.
    Rebase,
}

/// How a pull request is to be merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// The commit its branch has to end with.
    pub head: String,
    /// How the forge merges, where it does.
    pub method: Method,
    /// The commit by which `git` has merged it already.
    pub commit: Option<String>,
}

/// Why a forge did not do what it was asked. No text holds a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    #[error("This project does not have a pull request {0}.")]
    Unknown(u64),
    /// Another was first, or it does not apply.
    #[error(transparent)]
    Conflict(Reason),
    /// The forge does not take this.
    #[error(transparent)]
    Invalid(Reason),
    /// The operator has to do something.
    #[error(transparent)]
    Refused(Reason),
    /// Still failing after the host's own tries.
    #[error(transparent)]
    Unavailable(Reason),
    /// It takes no requests for a while. `account` is the host, as the operator knows it; `until` is in milliseconds since 1970 UTC.
    #[error("{account} takes no more requests before {}: {reason}", moment(*.until))]
    Limited { account: String, until: u64, reason: String },
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for ForgeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown(_) => Some("`baton pull-requests list --all` lists all of them.".to_owned()),
            Self::Conflict(reason) | Self::Invalid(reason) | Self::Refused(reason) | Self::Unavailable(reason) => reason.hint(),
            Self::Limited { .. } => None,
            Self::Store(error) => error.hint(),
        }
    }
}

/// `2026-01-02T14:05:09Z`.
fn moment(milliseconds: u64) -> jiff::Timestamp {
    let moment = i64::try_from(milliseconds / 1000).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    moment.unwrap_or(jiff::Timestamp::MAX)
}

/// Has the pull requests of projects. Each change may be made again with the same key, and is then made once.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Opens one, or gives the number of that which is open already for the same two branches.
    async fn open(&self, place: PullRequestContext<'_>, proposal: &Proposal) -> Result<u64, ForgeError>;
    /// One as it is now.
    async fn get(&self, place: PullRequestContext<'_>, number: u64) -> Result<PullRequest, ForgeError>;
    /// Those that are open, and the others as well if `all`; by number.
    async fn list(&self, place: PullRequestContext<'_>, all: bool) -> Result<Vec<(Summary, State)>, ForgeError>;
    /// Writes what somebody thinks.
    async fn review(&self, place: PullRequestContext<'_>, number: u64, verdict: Verdict, text: &str) -> Result<(), ForgeError>;
    /// Sets how a check of the last commit stands.
    async fn report(&self, place: PullRequestContext<'_>, number: u64, check: &Check) -> Result<(), ForgeError>;
    /// Merges, and gives the merge commit.
    async fn merge(&self, place: PullRequestContext<'_>, number: u64, landing: &Landing) -> Result<String, ForgeError>;
    /// Closes without merging; closing what is closed is no error.
    async fn close(&self, place: PullRequestContext<'_>, number: u64) -> Result<(), ForgeError>;
}

//! The port to the rows of local pull requests. Knows no repository.

use async_trait::async_trait;

use super::super::{Check, ForgeError, Proposal, PullRequestContext, Review, State, Summary, Verdict};

/// A pull request as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What it proposes.
    pub proposal: Proposal,
    /// What became of it.
    pub state: State,
    /// The commit it ended with; none while it is open.
    pub head: Option<String>,
    /// The commit by which it was merged.
    pub merge_commit: Option<String>,
    /// Each with the commit it is about, where somebody could say.
    pub checks: Vec<(Check, Option<String>)>,
    /// Oldest first.
    pub reviews: Vec<Review>,
}

/// How a pull request ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Merged or closed.
    pub state: State,
    /// The commit its branch ended with.
    pub head: Option<String>,
    /// The commit by which it was merged, where it was.
    pub merge_commit: Option<String>,
}

/// Keeps pull requests. Every change is durable when it returns.
#[async_trait]
pub trait PullRequests: Send + Sync {
    /// Opens one, or gives the number of that which this call opened or which is open for the same branches.
    async fn open(&self, place: PullRequestContext<'_>, proposal: &Proposal) -> Result<u64, ForgeError>;
    /// One, if there is one of this number.
    async fn find(&self, project: &str, number: u64) -> Result<Option<Kept>, ForgeError>;
    /// Those that are open, and the others as well if `all`; by number.
    async fn list(&self, project: &str, all: bool) -> Result<Vec<(Summary, State)>, ForgeError>;
    /// Writes a review of an open one; twice under one key is once.
    async fn review(&self, place: PullRequestContext<'_>, number: u64, verdict: Verdict, text: &str) -> Result<(), ForgeError>;
    /// Sets how a check of an open one stands, and of which commit.
    async fn report(&self, place: PullRequestContext<'_>, number: u64, check: &Check, head: Option<&str>) -> Result<(), ForgeError>;
    /// Ends one. Ending it again in the same way is no error, in another way a conflict.
    async fn end(&self, place: PullRequestContext<'_>, number: u64, ending: &Ending) -> Result<(), ForgeError>;
}

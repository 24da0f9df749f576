//! Pull requests of the host itself: rows, and what the project's repository says about their branches. Changes no branch:
//! it marks as merged what `git` has merged.

mod rows;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;

use super::{Check, Forge, ForgeError, Landing, Mergeable, Proposal, PullRequest, PullRequestContext, State, Summary, Verdict};
use crate::{errors::Reason, interfaces::pins::Pin};

pub use rows::{Ending, Kept, PullRequests};

/// Looks at a project's repository.
#[async_trait]
pub trait Repository: Send + Sync {
    /// Why the repository of a run's workspace is not the one that the run is bound to, a sentence; none where it is.
    async fn strange(&self, folder: &Path, pin: Option<&Pin>) -> Option<String>;
    /// The commit a branch ends with; none where there is no such branch, or nobody can say.
    async fn head(&self, folder: &Path, branch: &str) -> Option<String>;
    /// Whether `branch` can be merged into `into` as they are.
    async fn mergeable(&self, folder: &Path, branch: &str, into: &str) -> Mergeable;
    /// Whether a branch has a commit; none where nobody can say.
    async fn has(&self, folder: &Path, branch: &str, commit: &str) -> Option<bool>;
    /// The commit by which `into` got the end of `branch`; none where it has not, or nobody can say.
    async fn merge_commit(&self, folder: &Path, branch: &str, into: &str) -> Option<String>;
    /// Unified diff of what a pull request changes, or has changed, at most 1 MiB; or why there is none, a sentence.
    async fn diff(&self, folder: &Path, found: &PullRequest) -> Result<String, String>;
}

/// The host's own forge.
pub struct Local {
    rows: Arc<dyn PullRequests>,
    repository: Arc<dyn Repository>,
}

impl Local {
    /// A forge over rows and a way to look at repositories.
    pub fn new(rows: Arc<dyn PullRequests>, repository: Arc<dyn Repository>) -> Self {
        Self { rows, repository }
    }

    async fn find(&self, place: PullRequestContext<'_>, number: u64) -> Result<Kept, ForgeError> {
        self.rows.find(place.project, number).await?.ok_or(ForgeError::Unknown(number))
    }

    /// What was merged or closed keeps what it ended with.
    async fn head(&self, place: PullRequestContext<'_>, kept: &Kept) -> Option<String> {
        match kept.state {
            State::Open => self.repository.head(place.folder, &kept.proposal.branch).await,
            State::Merged | State::Closed => kept.head.clone(),
        }
    }

    async fn merge_commit(&self, place: PullRequestContext<'_>, Proposal { branch, into, .. }: &Proposal) -> Result<String, ForgeError> {
        let found = self.repository.merge_commit(place.folder, branch, into).await;
        found.ok_or_else(|| {
            let hint = format!(
                "A person merges it with `git merge --no-ff {branch}` where `{into}` is checked out, a run with `git.merge` and \
                 `git.advance`; mark the pull request as merged after that."
            );
            ForgeError::Conflict(Reason::new(format!("`{into}` does not have `{branch}`, as far as git can say.")).advise(hint))
        })
    }

    /// Both commits are where the merge says they are, as far as anybody can say.
    async fn check(&self, place: PullRequestContext<'_>, kept: &Kept, landing: &Landing, commit: &str) -> Result<(), ForgeError> {
        let Proposal { branch, into, .. } = &kept.proposal;
        let head = self.repository.head(place.folder, branch).await;
        if let Some(head) = head.filter(|head| *head != landing.head) {
            let reason = Reason::new(format!("`{branch}` ends with {head} and not with {} any more.", landing.head));
            return Err(ForgeError::Conflict(reason.advise("Read the pull request again and decide again.")));
        }
        for commit in [commit, &landing.head] {
            if self.repository.has(place.folder, into, commit).await == Some(false) {
                let reason = Reason::new(format!("`{into}` does not have {commit}."));
                return Err(ForgeError::Conflict(reason.advise("Merge with git first, then mark the pull request as merged.")));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Forge for Local {
    async fn open(&self, place: PullRequestContext<'_>, proposal: &Proposal) -> Result<u64, ForgeError> {
        self.rows.open(place, proposal).await
    }

    async fn get(&self, place: PullRequestContext<'_>, number: u64) -> Result<PullRequest, ForgeError> {
        let kept = self.find(place, number).await?;
        let head = self.head(place, &kept).await;
        let mergeable = match kept.state {
            State::Open => self.repository.mergeable(place.folder, &kept.proposal.branch, &kept.proposal.into).await,
            State::Merged | State::Closed => Mergeable::Unknown,
        };
        // A check of an earlier commit says nothing about the last one.
        let is_of_head = |about: &Option<String>| about.is_none() || head.is_none() || *about == head;
        let mut checks: Vec<Check> = kept.checks.into_iter().filter(|(_, about)| is_of_head(about)).map(|(check, _)| check).collect();
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        let Kept { proposal, state, merge_commit, reviews, .. } = kept;
        Ok(PullRequest { number, proposal, state, head, merge_commit, mergeable, checks, reviews, address: None })
    }

    async fn list(&self, place: PullRequestContext<'_>, all: bool) -> Result<Vec<(Summary, State)>, ForgeError> {
        self.rows.list(place.project, all).await
    }

    async fn review(&self, place: PullRequestContext<'_>, number: u64, verdict: Verdict, text: &str) -> Result<(), ForgeError> {
        self.rows.review(place, number, verdict, text).await
    }

    async fn report(&self, place: PullRequestContext<'_>, number: u64, check: &Check) -> Result<(), ForgeError> {
        let kept = self.find(place, number).await?;
        let head = self.head(place, &kept).await;
        self.rows.report(place, number, check, head.as_deref()).await
    }

    async fn merge(&self, place: PullRequestContext<'_>, number: u64, landing: &Landing) -> Result<String, ForgeError> {
        let kept = self.find(place, number).await?;
        let commit = match (&landing.commit, &kept.merge_commit) {
            (Some(commit), _) => commit.clone(),
            (None, Some(commit)) if kept.head.as_ref() == Some(&landing.head) => commit.clone(),
            (None, _) => self.merge_commit(place, &kept.proposal).await?,
        };
        if kept.state == State::Open {
            self.check(place, &kept, landing, &commit).await?;
        }
        let ending = Ending { state: State::Merged, head: Some(landing.head.clone()), merge_commit: Some(commit.clone()) };
        self.rows.end(place, number, &ending).await?;
        Ok(commit)
    }

    async fn close(&self, place: PullRequestContext<'_>, number: u64) -> Result<(), ForgeError> {
        let kept = self.find(place, number).await?;
        let head = self.head(place, &kept).await;
        self.rows.end(place, number, &Ending { state: State::Closed, head, merge_commit: None }).await
    }
}

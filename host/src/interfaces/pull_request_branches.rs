//! Answers what pull requests ask of their branches through the git interface: the one place that knows both interfaces.

use std::path::Path;

use async_trait::async_trait;

use super::{
    forge::{self, Mergeable, PullRequest, State},
    git::Repositories,
    pins::Pin,
};

#[async_trait]
impl forge::Repositories for Repositories {
    async fn strange(&self, folder: &Path, pin: Option<&Pin>) -> Option<String> {
        Repositories::strange(self, folder, pin).await
    }

    async fn head(&self, folder: &Path, branch: &str) -> Option<String> {
        self.branch_end(folder, branch).await.ok()?
    }

    async fn mergeable(&self, folder: &Path, branch: &str, into: &str) -> Mergeable {
        match self.can_be_merged(folder, branch, into).await {
            Ok(Some(true)) => Mergeable::Yes,
            Ok(Some(false)) => Mergeable::Conflicts,
            Ok(None) | Err(_) => Mergeable::Unknown,
        }
    }

    async fn has(&self, folder: &Path, branch: &str, commit: &str) -> Option<bool> {
        self.branch_has(folder, branch, commit).await.ok()?
    }

    async fn merge_commit(&self, folder: &Path, branch: &str, into: &str) -> Option<String> {
        Repositories::merge_commit(self, folder, branch, into).await.ok()?
    }

    async fn diff(&self, folder: &Path, found: &PullRequest) -> Result<String, String> {
        let (branch, into) = (&found.proposal.branch, &found.proposal.into);
        // Branches of what has ended may be gone, and its commits are not.
        let diff = match (found.state, &found.head, &found.merge_commit) {
            (State::Merged, Some(head), Some(commit)) => self.merged_difference(folder, head, commit).await,
            (State::Closed, Some(head), _) => self.difference(folder, head, into).await,
            _ => self.difference(folder, branch, into).await,
        };
        diff.map_err(|error| format!("What pull request {} changes cannot be told in {}: {error}", found.number, folder.display()))
    }
}

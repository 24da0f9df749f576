//! What is asked of a repository's branches by whoever is not a run: where one ends, whether it can be merged into another,
//! by which commit it was, and what it changes. Changes no branch and no file, and waits for no git that does not answer.

use std::path::Path;

use super::{
    checkout::Checkout,
    service::{Repositories, Trouble, reading},
};
use crate::{errors::Hint, journal::CallError};

impl Repositories {
    /// The commit that a branch ends with; none where there is no such branch. `folder` is a checkout or a worktree of the
    /// repository, here and below.
    pub async fn branch_end(&self, folder: &Path, branch: &str) -> Result<Option<String>, CallError> {
        let branch = branch.to_owned();
        self.ask(folder, move |checkout| checkout.branch_at(&branch)).await
    }

    /// The branch that a folder has checked out. `invalid` when it has none.
    pub async fn checked_out(&self, folder: &Path) -> Result<String, CallError> {
        self.ask(folder, Checkout::branch).await
    }

    /// Whether a branch can be merged into another as they are; none where one of them is not there.
    pub async fn can_be_merged(&self, folder: &Path, branch: &str, into: &str) -> Result<Option<bool>, CallError> {
        let (branch, into) = (branch.to_owned(), into.to_owned());
        let look = move |checkout: &Checkout| {
            let (Some(theirs), Some(ours)) = (checkout.branch_at(&branch)?, checkout.branch_at(&into)?) else { return Ok(None) };
            // What it merges lies among the objects afterwards, where git collects it like anything nobody refers to.
            checkout.merge_trees(&ours, &theirs).map(|(_, conflicts)| Some(conflicts.is_empty()))
        };
        self.ask(folder, look).await
    }

    /// Whether a branch has a commit, which it has not where nobody made such a commit; none where there is no such branch.
    pub async fn branch_has(&self, folder: &Path, branch: &str, commit: &str) -> Result<Option<bool>, CallError> {
        let (branch, commit) = (branch.to_owned(), commit.to_owned());
        let look = move |checkout: &Checkout| {
            let Some(end) = checkout.branch_at(&branch)? else { return Ok(None) };
            match checkout.commit_at(&commit)? {
                Some(commit) => checkout.is_ancestor(&commit, &end).map(Some),
                None => Ok(Some(false)),
            }
        };
        self.ask(folder, look).await
    }

    /// The commit by which `into` got the end of `branch`, that end itself where the branch was followed and not merged;
    /// none where it has not got it.
    pub async fn merge_commit(&self, folder: &Path, branch: &str, into: &str) -> Result<Option<String>, CallError> {
        let (branch, into) = (branch.to_owned(), into.to_owned());
        let look = move |checkout: &Checkout| {
            let (Some(theirs), Some(ours)) = (checkout.branch_at(&branch)?, checkout.branch_at(&into)?) else { return Ok(None) };
            if !checkout.is_ancestor(&theirs, &ours)? {
                return Ok(None);
            }
            let since = checkout.git(["rev-list", "--first-parent", "--ancestry-path", &format!("{theirs}..{ours}")]).text()?;
            Ok(Some(since.lines().last().map_or(theirs, str::to_owned)))
        };
        self.ask(folder, look).await
    }

    /// Unified diff from where a branch or commit left another to its end, at most 1 MiB.
    pub async fn difference(&self, folder: &Path, of: &str, from: &str) -> Result<String, CallError> {
        let (of, from) = (of.to_owned(), from.to_owned());
        self.ask(folder, move |checkout| checkout.diff_of(&checkout.resolve(&of)?, &checkout.resolve(&from)?)).await
    }

    /// What a merge brought in: unified diff from where `head` had left the branch that `merge` is of, at most 1 MiB.
    pub async fn merged_difference(&self, folder: &Path, head: &str, merge: &str) -> Result<String, CallError> {
        let (head, merge) = (head.to_owned(), merge.to_owned());
        let look = move |checkout: &Checkout| {
            let (head, merge) = (checkout.resolve(&head)?, checkout.resolve(&merge)?);
            let before = checkout.first_parent(&merge)?.filter(|_| head != merge);
            let before = before.ok_or_else(|| {
                CallError::not_found(
                    "It was followed and not merged, so where it began is not known; `git log` shows its commits.".to_owned(),
                )
            })?;
            checkout.diff_of(&head, &before)
        };
        self.ask(folder, look).await
    }

    async fn ask<A: Send + 'static>(
        &self,
        folder: &Path,
        look: impl FnOnce(&Checkout) -> Result<A, CallError> + Send + 'static,
    ) -> Result<A, CallError> {
        let answered = async {
            let place = self.place(folder, None).await?;
            reading(move |deadline| Ok(look(&Checkout { deadline: Some(deadline.clone()), ..place.open()? })?)).await
        };
        answered.await.map_err(|trouble| match trouble {
            Trouble::Answer(error) => error,
            Trouble::Changed(reason) => CallError::conflict(reason),
            Trouble::Register(error) => CallError::unavailable(error.explain()),
        })
    }
}

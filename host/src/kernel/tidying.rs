//! Gives back what runs that have ended left behind. A run that failed may be resumed, so what it has stays.

use std::sync::PoisonError;

use super::{
    Kernel, KernelError,
    run::{Filter, State},
};
use crate::journal::RunId;

impl Kernel {
    /// Looks at all trees of runs that have worktrees: after a start, when nobody executes yet.
    pub async fn tidy_up(&self) -> Result<(), KernelError> {
        match self.parts.worktrees.owners().await {
            Ok(owners) => {
                for root in owners {
                    self.tidy(&root).await;
                }
            }
            Err(error) => tracing::warn!(%error, "worktrees are not tidied up"),
        }
        Ok(())
    }

    /// The same for one tree, once nothing is executed in it any more: a run that is being cancelled may still put things in
    /// order in a worktree of the run that started it.
    pub(super) async fn tidy_when_ended(&self, root: &RunId) {
        if !self.is_at_work(root).await.unwrap_or(true) {
            self.tidy(root).await;
        }
    }

    /// Whether a run of the tree has not ended, or an execution of one is still on its way out.
    async fn is_at_work(&self, root: &RunId) -> Result<bool, KernelError> {
        let open = State::UNFINISHED.map(str::to_owned).to_vec();
        let open = Filter { within: vec![root.clone()], states: open, limit: 1, ..Filter::default() };
        if !self.parts.runs.summaries(&open).await?.is_empty() {
            return Ok(true);
        }
        let active: Vec<_> = self.active.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        for id in active {
            if self.run(&id).await?.root == *root {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives back the worktrees of a tree, if its root has ended for good. What cannot be given back now is looked at
    /// again after the next start.
    pub(super) async fn tidy(&self, root: &RunId) {
        let ended = match self.parts.runs.find(root).await {
            Ok(run) => run.is_none_or(|run| matches!(run.state, State::Succeeded | State::Cancelled)),
            Err(_) => false,
        };
        if ended && let Err(error) = self.parts.worktrees.give_back(root).await {
            tracing::warn!(%root, %error, "a worktree was not released");
        }
    }
}

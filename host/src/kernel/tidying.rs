//! Gives back what runs that have ended left behind. A run that failed may be resumed, so what it has stays.

use super::{Kernel, KernelError, run::State};
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
        let open = match self.tree(root).await {
            Ok(tree) => tree.iter().any(|run| !run.state.is_final()),
            Err(_) => true,
        };
        if !open {
            self.tidy(root).await;
        }
    }

    /// Gives back the worktrees of a tree, if its root has ended for good. What cannot be given back now is looked at
    /// again after the next start.
    pub(super) async fn tidy(&self, root: &RunId) {
        let ended = match self.parts.runs.find(root).await {
            Ok(run) => run.is_none_or(|run| matches!(run.state, State::Succeeded | State::Cancelled)),
            Err(_) => false,
        };
        if ended && let Err(error) = self.parts.worktrees.give_back(root).await {
            tracing::warn!(%root, %error, "a worktree was not given back");
        }
    }
}

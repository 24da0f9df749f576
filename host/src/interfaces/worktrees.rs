//! The port through which runs get a worktree as their workspace, and give back what they left. Whoever makes worktrees is
//! handed in behind it; neither the kernel nor `agents` and `workflows` know of repositories.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::{errors::Hint, journal::RunId};

/// What a `.git` holds that leads nowhere. Where it lies in a worktree, no git finds the repository of a folder above.
pub const NO_REPOSITORY: &str = "gitdir: /dev/null/nothing\n";

/// Why worktrees could not be looked up or given back, a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WorktreesError(pub String);

impl Hint for WorktreesError {
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Knows the worktrees that trees of runs made.
#[async_trait]
pub trait Worktrees: Send + Sync {
    /// The folder of a worktree that the tree under `root` made, by name; none when it made none of that name.
    async fn folder(&self, project: &str, root: &RunId, name: &str) -> Result<Option<PathBuf>, WorktreesError>;
    /// Whether a folder is a worktree or lies in one, or is where they lie.
    fn holds(&self, folder: &Path) -> bool;
    /// The roots of the trees that have worktrees.
    async fn owners(&self) -> Result<Vec<RunId>, WorktreesError>;
    /// Whether the tree under `root` may have made worktrees since this process began. Asks nobody.
    fn may_own(&self, root: &RunId) -> bool;
    /// Gives back all worktrees of a tree that has ended. Commits that are nowhere else stay on their branch.
    async fn give_back(&self, root: &RunId) -> Result<(), WorktreesError>;
}

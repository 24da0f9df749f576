//! The repository of the run's workspace. Runs work on branches and in worktrees of their own; nothing that a person
//! made is deleted or overwritten.

use crate::Result;
use crate::imports::git as host;

pub use host::{Change, ChangeKind, Merged, Resolution, Revision};

impl Resolution {
    /// A conflicting file is to hold this after the merge.
    pub fn keep(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Some(content.into()) }
    }

    /// A conflicting file is to be gone after the merge.
    pub fn remove(path: impl Into<String>) -> Self {
        Self { path: path.into(), content: None }
    }
}

/// The branch that the workspace has checked out; `invalid` when it has none.
pub fn branch() -> Result<String> {
    Ok(host::branch()?)
}

/// What differs from the last commit, files that were never added included, ignored ones not; sorted by path.
pub fn status() -> Result<Vec<Change>> {
    Ok(host::status()?)
}

/// Commits from `revision`, or from the workspace's own, back: the newest first, at most `limit`, which is 1 to 1000.
pub fn log(revision: Option<&str>, limit: u32) -> Result<Vec<Revision>> {
    Ok(host::log(revision, limit)?)
}

/// Unified diff from where the workspace left `base` to its files as they are, at most 1 MiB.
pub fn diff(base: &str) -> Result<String> {
    Ok(host::diff(base)?)
}

/// A file as `revision` has it; `not-found` when it has none.
pub fn read(revision: &str, path: &str) -> Result<Vec<u8>> {
    Ok(host::read(revision, path)?)
}

/// Where two lines of history parted; `not-found` when they share none.
pub fn merge_base(one: &str, other: &str) -> Result<String> {
    Ok(host::merge_base(one, other)?)
}

/// Commits everything in the workspace, under the name of an agent or, for `None`, of this plugin. Gives the commit's
/// hash, and `None` when nothing changed. `denied` in a person's checkout.
pub fn commit(message: &str, author: Option<&str>) -> Result<Option<String>> {
    Ok(host::commit(message, author)?)
}

/// Merges `revision` into the workspace's branch, always with a merge commit. Where both sides changed a file and
/// `resolved` does not say what becomes of it, nothing is merged.
pub fn merge(revision: &str, message: &str, resolved: &[Resolution]) -> Result<Merged> {
    Ok(host::merge(revision, message, resolved)?)
}

/// Moves the workspace's branch back to one of its commits, and its files with it.
pub fn reset(revision: &str) -> Result<()> {
    Ok(host::reset(revision)?)
}

/// Paths that [`restore`] takes at once.
pub const MOST_RESTORED: usize = 10_000;

/// Makes files what the last commit has at their paths, modes and links included, or nothing where it has none.
/// `denied` in a person's checkout.
pub fn restore(paths: &[String]) -> Result<()> {
    Ok(host::restore(paths)?)
}

/// Moves `branch` forward to the workspace's commit; `conflict` when it is not at `expected` any more, `denied`
/// where a person merges, as `forge::about` says.
pub fn advance(branch: &str, expected: &str) -> Result<()> {
    Ok(host::advance(branch, expected)?)
}

/// A worktree with a new branch that begins at `base`. Its name, which is the branch's, is what
/// [`crate::workflows::start`] and [`crate::agents::Task::in_worktree`] take.
pub fn worktree_add(branch: &str, base: &str) -> Result<String> {
    Ok(host::worktree_add(branch, base)?)
}

/// Gives a worktree back. Its branch goes with it when all of its commits are in the branch it began at.
pub fn worktree_remove(worktree: &str) -> Result<()> {
    Ok(host::worktree_remove(worktree)?)
}

/// Pushes a branch to the remote that the operator set, never by force.
pub fn push(branch: &str) -> Result<()> {
    Ok(host::push(branch)?)
}

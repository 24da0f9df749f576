//! The repository of the run's workspace. Needs `git`, and `branches` for branches that the plugin creates or moves.
//!
//! Runs work on their own branches and in their own worktrees. Nothing that a person made is deleted or overwritten.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn save(message: &str) -> Result<Option<String>> {
//!     git::commit(message, None)
//! }
//! # let host = baton_sdk::testing::Host::new().with_repository().in_worktree("story/1").with_file("a.txt", "a");
//! # assert!(host.inside(|| save("Add a")).unwrap().is_some());
//! ```

use crate::Result;
use crate::imports::git as host;

pub use host::{Change, ChangeKind, Merged, Resolution, Revision};

impl Resolution {
    /// The file has this content after the merge.
    pub fn keep(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: Some(content.into()) }
    }

    /// The file is removed by the merge.
    pub fn remove(path: impl Into<String>) -> Self {
        Self { path: path.into(), content: None }
    }
}

/// Names the branch that is checked out in the workspace. Error: `invalid` if there is none.
pub fn branch() -> Result<String> {
    Ok(host::branch()?)
}

/// Lists what differs from the last commit, sorted by path. Untracked files are included, ignored files are not.
pub fn status() -> Result<Vec<Change>> {
    Ok(host::status()?)
}

/// Lists at most `limit` (1 to 1000) commits, newest first, starting at `revision` or at the workspace's commit.
pub fn log(revision: Option<&str>, limit: u32) -> Result<Vec<Revision>> {
    Ok(host::log(revision, limit)?)
}

/// Unified diff from where the workspace left `base` to its files as they are, at most 1 MiB.
pub fn diff(base: &str) -> Result<String> {
    Ok(host::diff(base)?)
}

/// Reads a file as of `revision`. Error: `not-found` if it does not exist there.
pub fn read(revision: &str, path: &str) -> Result<Vec<u8>> {
    Ok(host::read(revision, path)?)
}

/// Finds the merge base of two revisions. Error: `not-found` if they share no history.
pub fn merge_base(one: &str, other: &str) -> Result<String> {
    Ok(host::merge_base(one, other)?)
}

/// Commits everything in the workspace and returns the commit's hash, or `None` if nothing changed. The author is an
/// agent, or for `None` this plugin. Error: `denied` in a person's checkout.
pub fn commit(message: &str, author: Option<&str>) -> Result<Option<String>> {
    Ok(host::commit(message, author)?)
}

/// Merges `revision` into the workspace's branch, always with a merge commit. If both sides changed a file that
/// `resolved` does not resolve, nothing is merged.
///
/// ```
/// # use baton_sdk::{git::{Merged, Resolution}, prelude::*, testing::Host};
/// /// Merges `branch`; of files that conflict, its version is kept.
/// fn take_theirs(branch: &str) -> Result<String> {
///     let message = format!("Merge {branch}");
///     let conflicts = match git::merge(branch, &message, &[])? {
///         Merged::Clean(commit) => return Ok(commit),
///         Merged::Conflicts(paths) => paths,
///     };
///     let mut resolved = Vec::new();
///     for path in conflicts {
///         let theirs = git::read(branch, &path)?;
///         resolved.push(Resolution::keep(path, theirs));
///     }
///     match git::merge(branch, &message, &resolved)? {
///         Merged::Clean(commit) => Ok(commit),
///         Merged::Conflicts(paths) => Err(Error::conflict(format!("These still conflict: {}.", paths.join(", ")))),
///     }
/// }
/// # let host = Host::new().with_file("a.txt", "A").with_repository().with_commit("theirs", "a.txt", "B").in_worktree("story/1");
/// # host.inside(|| {
/// #     files::write("a.txt", "C")?;
/// #     git::commit("Change a", None)?;
/// #     take_theirs("theirs")
/// # }).unwrap();
/// # assert_eq!(host.file("a.txt").as_deref(), Some("B"));
/// ```
pub fn merge(revision: &str, message: &str, resolved: &[Resolution]) -> Result<Merged> {
    Ok(host::merge(revision, message, resolved)?)
}

/// Moves the workspace's branch back to one of its commits, or forward to one that follows its last, and its files with it.
pub fn reset(revision: &str) -> Result<()> {
    Ok(host::reset(revision)?)
}

/// Most paths of one [`restore`].
pub const MOST_RESTORED: usize = 10_000;

/// Restores files from the last commit, including modes and links, and removes those that it does not have. Error:
/// `denied` in a person's checkout.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Undoes every change outside of `src`.
/// fn keep_to_sources() -> Result<()> {
///     let elsewhere = git::status()?.into_iter().map(|change| change.path).filter(|path| !path.starts_with("src/"));
///     git::restore(&elsewhere.collect::<Vec<_>>())
/// }
/// # let host = Host::new().with_file("a.txt", "A").with_repository().in_worktree("story/1").with_file("a.txt", "B");
/// # host.inside(keep_to_sources).unwrap();
/// # assert_eq!(host.file("a.txt").as_deref(), Some("A"));
/// ```
pub fn restore(paths: &[String]) -> Result<()> {
    Ok(host::restore(paths)?)
}

/// Moves `branch` forward to the workspace's commit. Errors: `conflict` if it is not at `expected` any more, `denied` if
/// only a person may merge (see [`crate::forge::about`]).
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Brings the work of this worktree into `main`, unless `main` has moved since it began.
/// fn land(began_at: &str) -> Result<bool> {
///     match git::advance("main", began_at) {
///         Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
///         other => other.map(|()| true),
///     }
/// }
/// # let host = Host::new().with_file("a.txt", "A").with_repository().in_worktree("story/1");
/// # host.inside(|| {
/// #     let began_at = git::log(Some("main"), 1)?.remove(0).id;
/// #     files::write("a.txt", "B")?;
/// #     git::commit("Change a", None)?;
/// #     assert_eq!(land(&"0".repeat(40)), Ok(false));
/// #     assert_eq!(land(&began_at), Ok(true));
/// #     Ok::<_, Error>(())
/// # }).unwrap();
/// ```
pub fn advance(branch: &str, expected: &str) -> Result<()> {
    Ok(host::advance(branch, expected)?)
}

/// Adds a worktree with a new branch that starts at `base`. Its name, which is the branch's, goes into
/// [`ChildOptions::in_worktree`](crate::ChildOptions::in_worktree). With the branch itself as `base`, work continues on a
/// branch that an earlier run of the project made.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Has a workflow do a story in a worktree of its own.
/// fn develop(story: &str) -> Result<Value> {
///     let worktree = git::worktree_add(&format!("story/{story}"), "main")?;
///     let options = ChildOptions::new().in_worktree(&worktree);
///     let output = workflows::start_with("dev-story", &json!({ "story": story }), &options)?.wait().map(|outcome| outcome.output);
///     git::worktree_remove(&worktree)?;
///     output
/// }
/// # let host = Host::new().with_repository().with_workflow("dev-story", |_| Ok(json!(git::branch()?)));
/// # assert_eq!(host.inside(|| develop("login")), Ok(json!("story/login")));
/// ```
pub fn worktree_add(branch: &str, base: &str) -> Result<String> {
    Ok(host::worktree_add(branch, base)?)
}

/// Releases a worktree. Its branch is deleted if all its commits are in the branch it started at.
pub fn worktree_remove(worktree: &str) -> Result<()> {
    Ok(host::worktree_remove(worktree)?)
}

/// Pushes a branch to the operator's remote, never by force.
pub fn push(branch: &str) -> Result<()> {
    Ok(host::push(branch)?)
}

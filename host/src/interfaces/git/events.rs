//! What is told of repositories. Changes none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::events;

/// A run made a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Committed {
    /// Its hash.
    pub(crate) commit: String,
    /// The branch that is checked out.
    #[serde(default)]
    pub(crate) branch: String,
    /// Its author.
    pub(crate) author: String,
    /// The first line of its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<String>,
}

/// Files were left out of a commit, since they may hold a secret or are too large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LeftOut {
    /// The branch that is checked out.
    #[serde(default)]
    pub(crate) branch: String,
    /// The first of them.
    pub(crate) paths: Vec<String>,
    /// How many more there are.
    #[serde(default)]
    pub(crate) more: u64,
}

/// A run merged a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Merged {
    /// The commit.
    pub(crate) commit: String,
    /// The branch that is checked out.
    #[serde(default)]
    pub(crate) branch: String,
    /// What was merged.
    pub(crate) revision: String,
}

/// A merge has conflicts, and was not made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Conflict {
    /// The files that conflict.
    pub(crate) paths: Vec<String>,
    /// The branch that is checked out.
    #[serde(default)]
    pub(crate) branch: String,
    /// What was to be merged.
    pub(crate) revision: String,
}

/// A run moved its branch to a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Reset {
    /// The branch that is checked out.
    #[serde(default)]
    pub(crate) branch: String,
    /// The revision.
    pub(crate) revision: String,
}

/// A run restored files to their last commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Restored {
    /// The branch that is checked out.
    #[serde(default)]
    pub(crate) branch: String,
    /// The first of them.
    pub(crate) paths: Vec<String>,
    /// How many more there are.
    #[serde(default)]
    pub(crate) more: u64,
}

/// A branch was moved forward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Advanced {
    /// The branch.
    pub(crate) branch: String,
    /// The commit before.
    pub(crate) from: String,
    /// The commit from now on.
    pub(crate) to: String,
}

/// A run has a worktree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorktreeAdded {
    /// The worktree, by its branch.
    pub(crate) worktree: String,
    /// The revision it began with.
    #[serde(default)]
    pub(crate) base: String,
}

/// A worktree was released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorktreeRemoved {
    /// The worktree, by its branch.
    pub(crate) worktree: String,
}

/// A branch was pushed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Pushed {
    /// The branch.
    pub(crate) branch: String,
}

/// Folders in a worktree are no repositories of their own any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RepositoryRemoved {
    /// The first of them.
    pub(crate) folders: Vec<String>,
    /// How many more there are.
    #[serde(default)]
    pub(crate) more: u64,
}

events::payloads! {
    Committed => Git "committed" Info,
    LeftOut => Git "left_out" Warn,
    Merged => Git "merged" Info,
    Conflict => Git "conflict" Info,
    Reset => Git "reset" Info,
    Restored => Git "restored" Info,
    Advanced => Git "advanced" Info,
    WorktreeAdded => Git "worktree_added" Info,
    WorktreeRemoved => Git "worktree_removed" Info,
    Pushed => Git "pushed" Info,
    RepositoryRemoved => Git "repository_removed" Info,
}

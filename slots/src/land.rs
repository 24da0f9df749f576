//! `land`: merges reviewed stories in the worktree it is started in, tests what came of it, and moves the branch only when
//! that passes.

use serde::{Deserialize, Serialize};

use crate::run_tests;

/// What is to land.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Approved stories, in the order in which to merge them; none to look whether any could be landed.
    pub stories: Vec<Story>,
    /// Branch to move.
    #[serde(default = "crate::code_review::main_branch")]
    pub main: String,
    /// Works in a worktree of its own, which it makes.
    #[serde(default)]
    pub apart: bool,
    /// Ends where something of a person's is in the way, and does not wait for that.
    #[serde(default)]
    pub at_once: bool,
}

/// A story that was approved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Its key in the backlog.
    pub key: String,
    /// The branch it is on.
    pub branch: String,
    /// Number of its pull request, which is marked as merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u32>,
}

/// What came of it. Every story is in one of the first four lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// Merged, with passing tests.
    #[serde(default)]
    pub landed: Vec<Landed>,
    /// They changed the same as others.
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
    /// Their tests fail once merged.
    #[serde(default)]
    pub red: Vec<Red>,
    /// A person took them back.
    #[serde(default)]
    pub withdrawn: Vec<Withdrawn>,
    /// The branch's own tests, where there were no stories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<run_tests::Output>,
    /// The branch's commit now.
    #[serde(default)]
    pub main: String,
    /// Documents brought in step with the backlog.
    #[serde(default)]
    pub documents: Vec<String>,
}

/// A story that landed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Landed {
    /// Its key.
    pub key: String,
    /// The merge commit.
    pub commit: String,
}

/// A story that changed the same as another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Conflict {
    /// Its key.
    pub key: String,
    /// Where.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// A story whose tests fail on the merged tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Red {
    /// Its key.
    pub key: String,
    /// What the tests said.
    #[serde(default)]
    pub report: String,
}

/// A story that a person cancelled, moved back or gave to others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Withdrawn {
    /// Its key.
    pub key: String,
    /// Why it did not land.
    #[serde(default)]
    pub reason: String,
}

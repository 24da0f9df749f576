//! `dev-story`: has a story developed in the worktree it is started in, and leaves it committed on that worktree's branch.

use serde::{Deserialize, Serialize};

use crate::{code_review::Finding, dependency::Dependency, run_tests};

/// The story, and what is to be done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Key of the story or task in the backlog.
    pub key: String,
    /// Branch that the worktree began at, and that the story is for.
    #[serde(default = "crate::code_review::main_branch")]
    pub base: String,
    /// What is to be done.
    #[serde(default)]
    pub mode: Mode,
    /// What a review found; what is blocking is to be changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// A person is asked first, because the review requested changes too often.
    #[serde(default)]
    pub ask: bool,
    /// What the work before gave as its conversation, handed back so that the developer continues where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// What is to be done to a story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Develop it, or change it as the findings ask.
    #[default]
    Develop,
    /// Merge the base into it, where both changed the same.
    Resolve,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// Key of the story.
    #[serde(default)]
    pub key: String,
    /// Whether it is done.
    pub outcome: Outcome,
    /// Why it is not done.
    #[serde(default)]
    pub reason: String,
    /// What the developer says it did.
    #[serde(default)]
    pub summary: String,
    /// The worktree's last commit.
    #[serde(default)]
    pub commit: String,
    /// What the tests said last; none where they were not run.
    #[serde(default)]
    pub tests: Option<run_tests::Output>,
    /// What was found out about the change, for who reviews it.
    #[serde(default)]
    pub guards: Vec<String>,
    /// What lockfiles have that they did not have before, or have no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// What the developer says to each of the findings, in their order; empty where it says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<String>,
    /// What the developer wants handed back to continue where it was; of no meaning to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// How often the tests were run.
    #[serde(default)]
    pub attempts: u32,
}

/// Whether a story is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Its tests pass.
    Done,
    /// A person takes it as it is.
    Accepted,
    /// A person left it.
    Skipped,
}

//! `code-review`: judges the change in the worktree it is started in. Changes nothing.

use serde::{Deserialize, Serialize};

use crate::run_tests;

/// The story, and what is known of the change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Key of the story or task in the backlog.
    pub key: String,
    /// Branch that the story is for.
    #[serde(default = "main_branch")]
    pub base: String,
    /// What the tests said; none where they were not run.
    #[serde(default)]
    pub tests: Option<run_tests::Output>,
    /// What was found out about the change.
    #[serde(default)]
    pub guards: Vec<String>,
    /// Number of the story's pull request, which the review is written on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u32>,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// Approve, or changes.
    pub verdict: Verdict,
    /// In a sentence or two.
    #[serde(default)]
    pub summary: String,
    /// What is to be changed; none where it approves.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Whether a change is good as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is.
    Approve,
    /// It is to be changed as the findings say.
    Changes,
}

/// Something that is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Finding {
    /// The file.
    #[serde(default)]
    pub path: String,
    /// The line in it, where there is one.
    #[serde(default)]
    pub line: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// Which criterion it breaks, or what goes wrong by it.
    #[serde(default)]
    pub why: String,
}

pub(crate) fn main_branch() -> String {
    "main".to_owned()
}

//! `code-review`: judges the change in the worktree it is started in. Changes nothing.

use serde::{Deserialize, Serialize};

use crate::{dependency::Dependency, run_tests};

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
    /// What lockfiles have that they did not have before, or have no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// Findings of the reviews before, with what the developer says to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// Number of the story's pull request, which the review is written on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u32>,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// What is known of each acceptance criterion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
    /// The earlier findings, and what became of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// What was found, the most severe first. Earlier findings that are still open are among them.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// In a sentence or two.
    #[serde(default)]
    pub summary: String,
    /// Approve, or changes. Only findings that are blocking ask for changes.
    pub verdict: Verdict,
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

/// What is known of an acceptance criterion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Criterion {
    /// Its text.
    pub criterion: String,
    /// What shows that it holds or does not.
    #[serde(default)]
    pub evidence: String,
    /// The file that makes it hold.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The line in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The test that fails without it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub test: String,
    /// `yes`, `no` or `unsure`.
    pub holds: String,
}

/// Something that was found.
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
    /// One of the words of [`severity`], or one that is not known yet. Empty: blocking.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity: String,
}

impl Finding {
    /// Whether the story must not land with it. A word that is not known is taken seriously.
    pub fn is_blocking(&self) -> bool {
        self.severity != severity::MINOR
    }
}

/// The words for how severe a finding is.
pub mod severity {
    /// The story must not land with it.
    pub const BLOCKING: &str = "blocking";
    /// It should be better, and does not keep the story from landing.
    pub const MINOR: &str = "minor";
}

/// A finding of a review before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Earlier {
    /// What was found.
    pub finding: Finding,
    /// How the developer corrected it, or why it is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reply: String,
    /// One of the words of [`status`]. Empty: open.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
}

impl Earlier {
    /// Whether it still has to be looked at.
    pub fn is_open(&self) -> bool {
        !matches!(self.status.as_str(), status::FIXED | status::WITHDRAWN)
    }
}

/// The words for what became of a finding.
pub mod status {
    /// It has not been corrected, or was not looked at yet.
    pub const OPEN: &str = "open";
    /// It was corrected.
    pub const FIXED: &str = "fixed";
    /// It was wrong: the developer's reply convinced the reviewer.
    pub const WITHDRAWN: &str = "withdrawn";
}

pub(crate) fn main_branch() -> String {
    "main".to_owned()
}

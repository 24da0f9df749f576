//! What the workflows that do the work answer.

use baton_sdk::prelude::*;
use serde::Deserialize;

/// Of `dev-story`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Developed {
    pub(crate) outcome: Outcome,
    #[serde(default)]
    pub(crate) reason: String,
    /// What the developer says was done.
    #[serde(default)]
    pub(crate) summary: String,
    #[serde(default)]
    pub(crate) tests: Value,
    #[serde(default)]
    pub(crate) guards: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    #[default]
    Done,
    /// A person leaves it.
    Skipped,
    /// A person takes it without another review.
    Accepted,
}

/// Of `code-review`.
#[derive(Debug, Deserialize)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    #[serde(default)]
    pub(crate) summary: String,
    #[serde(default)]
    pub(crate) findings: Vec<Value>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Approve,
    Changes,
}

/// Of `land`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Batch {
    pub(crate) landed: Vec<Landed>,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) red: Vec<Red>,
    pub(crate) withdrawn: Vec<Withdrawn>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Landed {
    pub(crate) key: String,
    pub(crate) commit: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Conflict {
    pub(crate) key: String,
    pub(crate) paths: Vec<String>,
}

/// Somebody took it away from whoever lands it.
#[derive(Debug, Deserialize)]
pub(crate) struct Withdrawn {
    pub(crate) key: String,
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Red {
    pub(crate) key: String,
    pub(crate) report: String,
}

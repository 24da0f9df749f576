//! What is told of pull requests. Changes none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Progress, Verdict};
use crate::events;

/// A run opened a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PullRequestOpened {
    /// The number of the pull request.
    pub(crate) number: u64,
    /// The branch.
    pub(crate) branch: String,
    /// The branch it is to be merged into.
    pub(crate) into: String,
    /// Its title.
    pub(crate) title: String,
}

/// A run reviewed a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PullRequestReviewed {
    /// The number of the pull request.
    pub(crate) number: u64,
    /// What it thinks of it.
    pub(crate) verdict: Verdict,
}

/// A run reported a check of a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CheckReported {
    /// The number of the pull request.
    pub(crate) number: u64,
    /// The check.
    pub(crate) check: String,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// A run had a pull request merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PullRequestMerged {
    /// The number of the pull request.
    pub(crate) number: u64,
    /// The commit its branch ended with.
    pub(crate) head: String,
}

/// A run closed a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PullRequestClosed {
    /// The number of the pull request.
    pub(crate) number: u64,
}

events::payloads! {
    PullRequestOpened => Git "pull_request_opened" Info,
    PullRequestReviewed => Git "pull_request_reviewed" Info,
    CheckReported => Git "check_reported" Info,
    PullRequestMerged => Git "pull_request_merged" Info,
    PullRequestClosed => Git "pull_request_closed" Info,
}

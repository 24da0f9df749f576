//! `sprint`: takes ready stories from the backlog to the main branch. No slot: it asks for what fills the others.

use serde::{Deserialize, Serialize};

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Output {
    /// The branch that stories land in.
    pub branch: String,
    /// Its commit at the end.
    pub main: String,
    /// Stories that landed.
    pub landed: usize,
    /// Every story that was begun, in that order, and those that could not be.
    pub stories: Vec<Story>,
    /// Keys of others that are in progress or in review, which a sprint that was cancelled may have left so.
    pub held: Vec<String>,
    /// Why no more stories were begun, where the reason is not theirs.
    pub stopped: Option<String>,
    /// What it leaves undone of what it began, in a sentence.
    pub shortfall: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What came of a story.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Story {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// One of the words of [`outcome`].
    pub outcome: String,
    /// Why it did not land.
    pub reason: String,
    /// The merge commit.
    pub commit: Option<String>,
    /// The number of its pull request.
    pub pull_request: Option<u32>,
    /// How often a review requested changes.
    pub sent_back: u32,
    /// How often it had to be merged again with what landed before it.
    pub merged_anew: u32,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// The words for what came of a story.
pub mod outcome {
    /// It is in the branch.
    pub const LANDED: &str = "landed";
    /// It waits for a person to merge it.
    pub const PROPOSED: &str = "proposed";
    /// A person left it, or it could not be begun.
    pub const SKIPPED: &str = "skipped";
    /// A person took it away.
    pub const WITHDRAWN: &str = "withdrawn";
    /// Something has to be done about it first.
    pub const BLOCKED: &str = "blocked";
    /// It failed.
    pub const FAILED: &str = "failed";
}

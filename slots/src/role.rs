//! Roles: a task, and what the agent made of it. The contract's `task` and `report`, as they are kept.

use serde::{Deserialize, Serialize};

/// What an agent is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Task {
    /// What to achieve, in a sentence or two.
    pub goal: String,
    /// What the agent should know.
    #[serde(default)]
    pub context: String,
}

/// What it made of it. Where the task has an answer schema, the answer is JSON that satisfies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The answer.
    pub answer: String,
    /// One line that describes it.
    #[serde(default)]
    pub summary: String,
}

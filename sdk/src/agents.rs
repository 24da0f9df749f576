//! Agent roles: other components behind one call.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::imports::agents as host;
use crate::{Error, Result};

pub use host::{Outcome, Task};

impl Task {
    /// A task with a goal of a sentence or two, without context, schema or worktree.
    pub fn new(goal: impl Into<String>) -> Self {
        Self { goal: goal.into(), context: String::new(), answer_schema: None, worktree: None }
    }

    /// What the agent should know, already chosen.
    #[must_use]
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.context = context.into();
        self
    }

    /// JSON Schema the answer has to satisfy.
    #[must_use]
    pub fn with_answer_schema(mut self, schema: &Value) -> Self {
        self.answer_schema = Some(schema.to_string());
        self
    }

    /// Worktree to work in, instead of the caller's own workspace.
    #[must_use]
    pub fn in_worktree(mut self, worktree: impl Into<String>) -> Self {
        self.worktree = Some(worktree.into());
        self
    }
}

impl Outcome {
    /// An answer with one line for whoever watches. The host fills in the cost.
    pub fn new(answer: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { answer: answer.into(), summary: summary.into(), cost_usd: None }
    }
}

/// Starts a child run of the agent and waits without memory until it ends.
/// `denied` without a grant for the agent, `not-found` when none of that name is installed.
pub fn perform(agent: &str, task: &Task) -> Result<Outcome> {
    Ok(host::perform(agent, task)?)
}

/// [`perform`] for an answer that is a `T`: asks for JSON that satisfies `schema` and reads it.
pub fn answer<T: DeserializeOwned>(agent: &str, task: Task, schema: &Value) -> Result<T> {
    let outcome = perform(agent, &task.with_answer_schema(schema))?;
    let mut json = serde_json::Deserializer::from_str(&outcome.answer);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        Error::Other(format!(
            "The answer of agent `{agent}` can not be read at `{}`: {}. Start the run again, or set another model for the agent.",
            error.path(),
            error.inner()
        ))
    })
}

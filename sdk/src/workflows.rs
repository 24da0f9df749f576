//! Other workflows, as child runs.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::imports::workflows as host;

/// Id of a child run.
pub type RunId = host::RunId;

/// Starts a child run in the caller's workspace, or in a worktree, and returns at once.
pub fn start<T: Serialize + ?Sized>(workflow: &str, input: &T, worktree: Option<&str>) -> Result<RunId> {
    Ok(host::start(workflow, &serde_json::to_string(input)?, worktree)?)
}

/// Waits without memory for the child's output. A child that failed is `other` with its reason.
pub fn join<T: DeserializeOwned>(run: &str) -> Result<T> {
    Ok(serde_json::from_str(&host::join(run)?)?)
}

/// Waits for whichever of these ends first: its id, and its output or why it has none.
pub fn join_any<T: DeserializeOwned>(runs: &[RunId]) -> Result<(RunId, Result<T>)> {
    let (run, output) = host::join_any(runs)?;
    let output = match output {
        Ok(document) => serde_json::from_str(&document).map_err(Into::into),
        Err(error) => Err(error.into()),
    };
    Ok((run, output))
}

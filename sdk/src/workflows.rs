//! Other workflows, as child runs. Needs `workflows`.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn tests_pass() -> Result<bool> {
//!     let run = workflows::start("run-tests", &json!({}), None)?;
//!     let output: Value = workflows::join(&run)?;
//!     Ok(output["passed"] == true)
//! }
//! # let host = baton_sdk::testing::Host::new().with_workflow("run-tests", |_| Ok(json!({ "passed": true })));
//! # assert_eq!(host.inside(tests_pass), Ok(true));
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::imports::workflows as host;

/// Id of a child run.
pub type RunId = host::RunId;

/// Starts a child run in the caller's workspace, or in a worktree, and returns immediately.
pub fn start<T: Serialize + ?Sized>(workflow: &str, input: &T, worktree: Option<&str>) -> Result<RunId> {
    Ok(host::start(workflow, &serde_json::to_string(input)?, worktree)?)
}

/// Waits for the child's output. Error: `other` with the reason if the child failed.
pub fn join<T: DeserializeOwned>(run: &str) -> Result<T> {
    Ok(serde_json::from_str(&host::join(run)?)?)
}

/// Waits until one of the runs ends. Returns its id, and its output or error.
pub fn join_any<T: DeserializeOwned>(runs: &[RunId]) -> Result<(RunId, Result<T>)> {
    let (run, output) = host::join_any(runs)?;
    let output = match output {
        Ok(document) => serde_json::from_str(&document).map_err(Into::into),
        Err(error) => Err(error.into()),
    };
    Ok((run, output))
}

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

use crate::imports::workflows as host;
use crate::{Error, Result, options};

/// Id of a child run.
pub type RunId = host::RunId;

/// How a child ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// What it returned.
    pub output: T,
    /// A sentence on what it leaves undone, if it does.
    pub shortfall: Option<String>,
}

/// Starts a child run in the caller's workspace, or in a worktree, and returns immediately.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Two children side by side.
/// fn both() -> Result<(Value, Value)> {
///     let tests = workflows::start("run-tests", &json!({}), None)?;
///     let review = workflows::start("code-review", &json!({ "base": "main" }), None)?;
///     Ok((workflows::join(&tests)?, workflows::join(&review)?))
/// }
/// # let host = Host::new().with_workflow("run-tests", |_| Ok(json!(1))).with_workflow("code-review", |_| Ok(json!(2)));
/// # assert_eq!(host.inside(both), Ok((json!(1), json!(2))));
/// ```
pub fn start<T: Serialize + ?Sized>(workflow: &str, input: &T, worktree: Option<&str>) -> Result<RunId> {
    Ok(host::start(workflow, &serde_json::to_string(input)?, &options::in_worktree(worktree))?)
}

/// [`start`] for an item of the backlog. By its labels operators bind other plugins to slots; a child that is not told its item
/// is for that of its parent.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn review(story: &str) -> Result<Value> {
///     workflows::join(&workflows::start_for(story, "acceptance", &json!({ "of": story }), None)?)
/// }
/// # let draft = backlog::Draft::new(backlog::Kind::Story, "1-1", "Log in");
/// # let host = Host::new().with_item(draft, backlog::Status::Todo).with_workflow("acceptance", |_| Ok(json!("accepted")));
/// # assert_eq!(host.inside(|| review("1-1")), Ok(json!("accepted")));
/// ```
pub fn start_for<T: Serialize + ?Sized>(item: &str, workflow: &str, input: &T, worktree: Option<&str>) -> Result<RunId> {
    Ok(host::start(workflow, &serde_json::to_string(input)?, &options::for_item(item, worktree))?)
}

/// Waits for the child's output. Error: `child-failed` if the child failed; [`Error::of_child`] gives the child's own error.
pub fn join<T: DeserializeOwned>(run: &str) -> Result<T> {
    Ok(join_outcome(run)?.output)
}

/// [`join`] with what the child leaves undone.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn sprint() -> Result<Value> {
///     let outcome = workflows::join_outcome(&workflows::start("sprint", &json!({}), None)?)?;
///     if let Some(shortfall) = &outcome.shortfall {
///         run::warn(shortfall);
///     }
///     Ok(outcome.output)
/// }
/// # assert_eq!(Host::new().with_workflow("sprint", |_| Ok(json!("done"))).inside(sprint), Ok(json!("done")));
/// ```
pub fn join_outcome<T: DeserializeOwned>(run: &str) -> Result<Outcome<T>> {
    read(run, host::join(run)?)
}

/// Waits until one of the runs ends. Returns its id, and its output or error.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Starts all stories and returns them in the order in which they end.
/// fn develop(stories: &[&str]) -> Result<Vec<String>> {
///     let start = |story: &&str| workflows::start("dev-story", *story, None);
///     let mut open = stories.iter().map(start).collect::<Result<Vec<_>>>()?;
///     let mut ended = Vec::new();
///     while !open.is_empty() {
///         let (run, output) = workflows::join_any::<String>(&open)?;
///         open.retain(|other| *other != run);
///         ended.push(output.unwrap_or_else(|error| format!("failed: {error}")));
///     }
///     Ok(ended)
/// }
/// # let host = Host::new().with_workflow("dev-story", |story| Ok(story.clone()));
/// # assert_eq!(host.inside(|| develop(&["one", "two"])), Ok(vec!["one".to_owned(), "two".to_owned()]));
/// ```
pub fn join_any<T: DeserializeOwned>(runs: &[RunId]) -> Result<(RunId, Result<T>)> {
    let (run, ended) = host::join_any(runs)?;
    let output = ended.map_err(Error::from).and_then(|outcome| read(&run, outcome)).map(|outcome| outcome.output);
    Ok((run, output))
}

fn read<T: DeserializeOwned>(run: &str, outcome: host::Outcome) -> Result<Outcome<T>> {
    let mut json = serde_json::Deserializer::from_str(&outcome.output);
    let output = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (place, why) = (error.path(), error.inner());
        Error::other(format!("The output of run {run} does not have the form expected here, at `{place}`: {why}.")).about(run)
    })?;
    Ok(Outcome { output, shortfall: outcome.shortfall })
}

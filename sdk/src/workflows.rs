//! Other workflows, as child runs. Needs `workflows`.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn tests_pass() -> Result<bool> {
//!     let tests: Pending<workflows::Outcome<Value>> = workflows::start("run-tests", &json!({}))?;
//!     // The child works meanwhile; the run is suspended here until it has ended.
//!     Ok(tests.wait()?.output["passed"] == true)
//! }
//! # let host = baton_sdk::testing::Host::new().with_workflow("run-tests", |_| Ok(json!({ "passed": true })));
//! # assert_eq!(host.inside(tests_pass), Ok(true));
//! ```

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::imports::workflows as host;
use crate::waits::{self, Pending};
use crate::{ChildOptions, Error, Result};

/// How a child ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// What it returned.
    pub output: T,
    /// A sentence on what it leaves undone, if it does.
    pub shortfall: Option<String>,
}

/// Starts a child run in the caller's workspace and returns immediately. Its output is a `T`.
///
/// Waiting for it gives its [`Outcome`], or `child-failed` if it failed: [`Error::of_child`] gives the child's own error.
/// [`waits::any`] waits for the first of several.
///
/// Errors: `denied` without a grant for the workflow, `not-found` if none of that name is installed.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Two children side by side.
/// fn both() -> Result<(Value, Value)> {
///     let tests = workflows::start("run-tests", &json!({}))?;
///     let review = workflows::start("code-review", &json!({ "base": "main" }))?;
///     Ok((tests.wait()?.output, review.wait()?.output))
/// }
/// # let host = Host::new().with_workflow("run-tests", |_| Ok(json!(1))).with_workflow("code-review", |_| Ok(json!(2)));
/// # assert_eq!(host.inside(both), Ok((json!(1), json!(2))));
/// ```
pub fn start<T, Input>(workflow: &str, input: &Input) -> Result<Pending<Outcome<T>>>
where
    T: DeserializeOwned + 'static,
    Input: Serialize + ?Sized,
{
    start_with(workflow, input, &ChildOptions::new())
}

/// [`start`] with options: in a worktree, or for less than the caller may do.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn develop(story: &str) -> Result<Value> {
///     let worktree = git::worktree_add(&format!("story/{story}"), "main")?;
///     let options = ChildOptions::new().in_worktree(&worktree);
///     let outcome = workflows::start_with::<Value, _>("dev-story", story, &options)?.wait()?;
///     if let Some(shortfall) = &outcome.shortfall {
///         run::warn(shortfall);
///     }
///     Ok(outcome.output)
/// }
/// # let host = Host::new().with_repository().with_workflow("dev-story", |_| Ok(json!(git::branch()?)));
/// # assert_eq!(host.inside(|| develop("login")), Ok(json!("story/login")));
/// ```
pub fn start_with<T, Input>(workflow: &str, input: &Input, options: &ChildOptions) -> Result<Pending<Outcome<T>>>
where
    T: DeserializeOwned + 'static,
    Input: Serialize + ?Sized,
{
    let run = host::start(workflow, &serde_json::to_string(input)?, &options.written())?;
    Ok(Pending::new(run.clone(), move |document| ended(&run, document)))
}

/// What a ticket of a workflow gives.
#[derive(Deserialize)]
struct Arrived {
    output: Value,
    shortfall: Option<String>,
}

fn ended<T: DeserializeOwned>(run: &str, document: Value) -> Result<Outcome<T>> {
    let Arrived { output, shortfall } = waits::read_host(document)?;
    let output = waits::read(output, |place, why| {
        Error::other(format!("The output of run {run} does not have the form expected here, at `{place}`: {why}.")).about(run)
    })?;
    Ok(Outcome { output, shortfall })
}

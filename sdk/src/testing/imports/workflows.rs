//! `workflows`, answered by the test's stand-ins the moment they are started.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Contract;
use crate::bindings::host::baton::plugin::types;
pub(crate) use crate::bindings::host::baton::plugin::workflows::RunId;
use crate::testing::{installed, world::World};
use crate::{Error, Result};

const MOST_JOINED: usize = 1000;

pub(crate) fn start(workflow: &str, input: &str, worktree: Option<&str>) -> Contract<RunId> {
    let world = installed::world("workflows.start");
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Error::Invalid(format!("The input for `{}` is not JSON: {error}. Send a JSON document.", workflow.escape_debug()))
    })?;
    let request = json!({ "workflow": workflow, "input": input, "worktree": worktree });
    let begin = || begin(&world, workflow, &input, worktree);
    Ok(world.call("workflows.start", request, Some(("workflows", workflow)), begin, |child| json!(child))?)
}

pub(crate) fn join(run: &str) -> Contract<String> {
    let world = installed::world("workflows.join");
    let ended = || world.children.borrow().ending(run)?;
    let output = world.call("workflows.join", json!(run), None, ended, Value::clone)?;
    Ok(output.to_string())
}

pub(crate) fn join_any(runs: &[RunId]) -> Contract<(RunId, Contract<String>)> {
    let world = installed::world("workflows.join-any");
    if runs.is_empty() || runs.len() > MOST_JOINED {
        return Err(Error::Invalid(format!("{} runs cannot be joined; name 1 to {MOST_JOINED}.", runs.len())).into());
    }
    // All have ended, so the first in the list is the first to end.
    let first = || Ok((runs[0].clone(), world.children.borrow().ending(&runs[0])?));
    let noted = |(run, ended): &(RunId, Result<Value>)| json!([run, ended.as_ref().map_err(ToString::to_string)]);
    let (run, ended) = world.call("workflows.join-any", json!(runs), None, first, noted)?;
    Ok((run, ended.map(|output| output.to_string()).map_err(types::Error::from)))
}

fn begin(world: &World, workflow: &str, input: &Value, worktree: Option<&str>) -> Result<RunId> {
    let double = world.workflows.borrow().get(workflow).map(Rc::clone);
    let double = double.ok_or_else(|| {
        let known: Vec<_> = world.workflows.borrow().keys().map(|name| format!("`{name}`")).collect();
        not_installed("workflow", workflow, &known)
    })?;
    let ended = super::git::in_worktree(world, worktree, || Ok(double(input)))?;
    Ok(world.children.borrow_mut().add(ended))
}

pub(super) fn not_installed(kind: &str, name: &str, known: &[String]) -> Error {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Error::NotFound(format!("There is no {kind} `{}`; installed are: {known}.", name.escape_debug()))
}

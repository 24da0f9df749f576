//! `workflows`, answered by the test's stand-ins the moment they are started.

use std::rc::Rc;

use serde_json::{Value, json};

use super::Contract;
use crate::bindings::host::baton::plugin::types::{self, OptionValue};
pub(crate) use crate::bindings::host::baton::plugin::workflows::{Outcome, RunId};
use crate::testing::{installed, world::World};
use crate::{Error, Result};

const MOST_JOINED: usize = 1000;

pub(crate) fn start(workflow: &str, input: &str, options: &[OptionValue]) -> Contract<RunId> {
    let world = installed::world("workflows.start");
    let worktree = super::options::worktree(options)?;
    let worktree = worktree.as_deref();
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Error::invalid(format!("The input for `{}` is not JSON: {error}. Send a JSON document.", workflow.escape_debug()))
    })?;
    let request = json!({ "workflow": workflow, "input": input, "worktree": worktree });
    let begin = || begin(&world, workflow, &input, worktree);
    Ok(world.call("workflows.start", request, Some(("workflows", workflow)), begin, |child| json!(child))?)
}

pub(crate) fn join(run: &str) -> Contract<Outcome> {
    let world = installed::world("workflows.join");
    let ended = || world.children.borrow().ending(run)?;
    Ok(world.call("workflows.join", json!(run), None, ended, noted)?)
}

pub(crate) fn join_any(runs: &[RunId]) -> Contract<(RunId, Contract<Outcome>)> {
    let world = installed::world("workflows.join-any");
    if runs.is_empty() || runs.len() > MOST_JOINED {
        return Err(Error::invalid(format!("{} runs cannot be joined; name 1 to {MOST_JOINED}.", runs.len())).into());
    }
    // All have ended, so the first in the list is the first to end.
    let first = || Ok((runs[0].clone(), world.children.borrow().ending(&runs[0])?));
    let noted = |(run, ended): &(RunId, Result<Outcome>)| match ended {
        Ok(outcome) => json!({ "run": run, "ending": { "outcome": noted(outcome) } }),
        Err(error) => json!({ "run": run, "ending": { "error": error } }),
    };
    let (run, ended) = world.call("workflows.join-any", json!(runs), None, first, noted)?;
    Ok((run, ended.map_err(types::Error::from)))
}

fn begin(world: &World, workflow: &str, input: &Value, worktree: Option<&str>) -> Result<RunId> {
    let double = world.workflows.borrow().get(workflow).map(Rc::clone);
    let double = double.ok_or_else(|| {
        let known: Vec<_> = world.workflows.borrow().keys().map(|name| format!("`{name}`")).collect();
        not_installed("workflow", workflow, &known)
    })?;
    let ended = super::git::in_worktree(world, worktree, || Ok(double(input)))?;
    let ended = ended.map(|output| Outcome { output: output.to_string(), shortfall: None });
    Ok(world.children.borrow_mut().add(ended))
}

fn noted(outcome: &Outcome) -> Value {
    let mut noted = json!({ "output": serde_json::from_str::<Value>(&outcome.output).unwrap_or_default() });
    if let Some(shortfall) = &outcome.shortfall {
        noted["shortfall"] = json!(shortfall);
    }
    noted
}

pub(super) fn not_installed(kind: &str, name: &str, known: &[String]) -> Error {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Error::not_found(format!("There is no {kind} `{}`; installed are: {known}.", name.escape_debug()))
}

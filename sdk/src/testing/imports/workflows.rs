//! `workflows`, answered by the test's stand-ins: when they are started, or when the time is over that they take.

use serde_json::{Value, json};

use super::{Contract, options::Placing};
use crate::bindings::host::baton::plugin::types::{self, OptionValue};
pub(crate) use crate::bindings::host::baton::plugin::workflows::{Outcome, RunId};
use crate::testing::{
    children::Work,
    installed,
    world::{Timed, World},
};
use crate::{Error, Result};

const MOST_JOINED: usize = 1000;

pub(crate) fn start(workflow: &str, input: &str, options: &[OptionValue]) -> Contract<RunId> {
    let world = installed::world("workflows.start");
    let placing = Placing::read(options)?;
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Error::invalid(format!("The input for `{}` is not JSON: {error}. Send a JSON document.", workflow.escape_debug()))
    })?;
    let request = json!({ "workflow": workflow, "input": input, "worktree": placing.worktree, "item": placing.item });
    let begin = || begin(&world, workflow, &input, &placing);
    Ok(world.call("workflows.start", request, Some(("workflows", workflow)), begin, |child| json!(child))?)
}

pub(crate) fn join(run: &str) -> Contract<Outcome> {
    let world = installed::world("workflows.join");
    let join = || world.join(&[run.to_owned()])?.1;
    Ok(world.call("workflows.join", json!(run), None, join, noted)?)
}

pub(crate) fn join_any(runs: &[RunId]) -> Contract<(RunId, Contract<Outcome>)> {
    let world = installed::world("workflows.join-any");
    if runs.is_empty() || runs.len() > MOST_JOINED {
        return Err(Error::invalid(format!("{} runs cannot be joined; name 1 to {MOST_JOINED}.", runs.len())).into());
    }
    let noted = |(run, ended): &(RunId, Result<Outcome>)| match ended {
        Ok(outcome) => json!({ "run": run, "ending": { "outcome": noted(outcome) } }),
        Err(error) => json!({ "run": run, "ending": { "error": error } }),
    };
    let (run, ended) = world.call("workflows.join-any", json!(runs), None, || world.join(runs), noted)?;
    Ok((run, ended.map_err(types::Error::from)))
}

fn begin(world: &World, workflow: &str, input: &Value, placing: &Placing) -> Result<RunId> {
    super::backlog::check_item(world, placing.item.as_deref())?;
    let double = world.workflows.borrow().get(workflow).cloned();
    let Timed { takes, double } = double.ok_or_else(|| {
        let known: Vec<_> = world.workflows.borrow().keys().map(|name| format!("`{name}`")).collect();
        not_installed("workflow", workflow, &known)
    })?;
    let checkout = super::git::checkout(world, placing.worktree.as_deref())?;
    if takes > 0 {
        let work = Work { ends: world.now.get().saturating_add(takes), double, input: input.clone(), checkout };
        return Ok(world.children.borrow_mut().begin(work));
    }
    let ended = super::git::in_checkout(world, checkout.as_deref(), || double(input));
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

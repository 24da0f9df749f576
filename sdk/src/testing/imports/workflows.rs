//! `workflows`, answered by the test's stand-ins: when they are started, or when the time is over that they take.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Contract, options::StartOptions};
use crate::bindings::host::baton::plugin::types::OptionValue;
use crate::testing::{
    children::Place,
    installed,
    world::{Timed, World},
};
use crate::{Error, ErrorKind, Result};

pub(crate) fn start(workflow: &str, input: &str, options: &[OptionValue]) -> Contract<String> {
    let world = installed::world("workflows.start");
    let options = StartOptions::of(options)?;
    world.tickets.borrow().check_room()?;
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Error::invalid(format!("The input for `{}` is not JSON: {error}. Send a JSON document.", workflow.escape_debug())).about("input")
    })?;
    let request = json!(Request { workflow, input: &input, options: &options });
    let begin = || begin(&world, workflow, input, &options);
    let ticket = world.call("workflows.start", request, Some(("workflows", workflow)), begin, |child| json!(child))?;
    world.tickets.borrow_mut().hold_child(&ticket);
    Ok(ticket)
}

#[derive(Serialize)]
struct Request<'a> {
    workflow: &'a str,
    input: &'a Value,
    #[serde(flatten)]
    options: &'a StartOptions,
}

fn begin(world: &World, workflow: &str, input: Value, options: &StartOptions) -> Result<String> {
    world.check_cancelled()?;
    super::backlog::check_item(world, options.item.as_deref())?;
    let double = world.workflows.borrow().get(workflow).cloned();
    let Timed { takes, double } = double.ok_or_else(|| {
        let known: Vec<_> = world.workflows.borrow().keys().map(|name| format!("`{name}`")).collect();
        not_installed("workflow", workflow, &known)
    })?;
    let place = Place::of(world, options)?;
    Ok(world.start_child(takes, move |world, child| match world.workflow_at(place, input, |input| double(input)) {
        Ok(output) => Ok(json!({ "output": output, "shortfall": null })),
        Err(Error { kind: ErrorKind::Cancelled, .. }) => {
            Err(Error::cancelled(format!("Run {child} was cancelled. Continue without it, or return.")).about(child))
        }
        Err(error) => Err(Error::child_failed(child, error.text.clone(), &error)),
    }))
}

pub(super) fn not_installed(kind: &str, name: &str, known: &[String]) -> Error {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    Error::not_found(format!("There is no {kind} `{}`; installed are: {known}.", name.escape_debug())).about(shown)
}

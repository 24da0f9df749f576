//! `agents`, answered by the test's stand-ins.

use serde_json::{Value, json};

use super::{Contract, options::Placing};
pub use crate::bindings::host::baton::plugin::agents::{Outcome, Report, Task};
use crate::bindings::host::baton::plugin::types::OptionValue;
use crate::testing::{
    installed,
    world::{Timed, World},
};
use crate::{Error, ErrorKind, Result};

pub(crate) fn perform(agent: &str, task: &Task, options: &[OptionValue]) -> Contract<Outcome> {
    let world = installed::world("agents.perform");
    let placing = Placing::read(options)?;
    Ok(request(agent, task, &placing).and_then(|request| {
        let noted = |outcome: &Outcome| json!({ "answer": outcome.answer, "summary": outcome.summary, "cost-usd": outcome.cost_usd });
        world.call("agents.perform", request, Some(("agents", agent)), || answer(&world, agent, task, &placing), noted)
    })?)
}

fn request(agent: &str, task: &Task, placing: &Placing) -> Result<Value> {
    if task.goal.trim().is_empty() {
        return Err(Error::invalid("The task has no goal; say in a sentence what to achieve."));
    }
    let schema = task.answer_schema.as_deref().map(schema).transpose()?;
    let input = json!({ "goal": task.goal, "context": task.context, "answer-schema": schema });
    Ok(json!({ "agent": agent, "task": input, "worktree": placing.worktree, "item": placing.item }))
}

fn schema(text: &str) -> Result<Value> {
    match serde_json::from_str(text) {
        Ok(schema @ Value::Object(_)) => Ok(schema),
        Ok(_) => Err(Error::invalid("The answer's schema is no JSON object; send a JSON Schema such as {\"type\": \"object\"}.")),
        Err(error) => Err(Error::invalid(format!("The answer's schema is not JSON: {error}. Send a JSON Schema, or none for prose."))),
    }
}

fn answer(world: &World, agent: &str, task: &Task, placing: &Placing) -> Result<Outcome> {
    super::backlog::check_item(world, placing.item.as_deref())?;
    let double = world.agents.borrow().get(agent).cloned();
    let Timed { takes, double } = double.ok_or_else(|| {
        let known: Vec<_> = world.agents.borrow().keys().map(|name| format!("`{name}`")).collect();
        super::workflows::not_installed("agent", agent, &known)
    })?;
    let child = world.children.borrow().name();
    let checkout = super::git::checkout(world, placing.worktree.as_deref())?;
    world.pass(world.now.get().saturating_add(takes));
    match super::git::in_checkout(world, checkout.as_deref(), || double(task)) {
        Ok(Report { answer, summary }) => Ok(Outcome { answer, summary, cost_usd: None }),
        Err(Error { kind: ErrorKind::Cancelled, .. }) => {
            Err(Error::cancelled(format!("Agent `{agent}` was cancelled; go on without its answer, or end.")))
        }
        Err(error) => Err(Error::child_failed(&child, format!("Agent `{agent}` failed: {error}"), &error)),
    }
}

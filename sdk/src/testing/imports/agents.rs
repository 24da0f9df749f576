//! `agents`, answered by the test's stand-ins.

use serde::Serialize;
use serde_json::{Value, json};

use super::Contract;
use super::options::StartOptions;
pub use crate::bindings::host::baton::plugin::agents::{Outcome, Report, Task};
use crate::bindings::host::baton::plugin::types::OptionValue;
use crate::testing::{
    children::Place,
    installed,
    world::{AgentDouble, Role, Timed, World},
};
use crate::{Error, ErrorKind, Result};

pub(crate) fn perform(agent: &str, task: &Task, options: &[OptionValue]) -> Contract<Outcome> {
    let world = installed::world("agents.perform");
    let options = StartOptions::of_waiting(options)?;
    let request = request(agent, task, &options)?;
    Ok(world.call("agents.perform", request, Some(("agents", agent)), || answer(&world, agent, task, &options), noted)?)
}

pub(crate) fn begin(agent: &str, task: &Task, options: &[OptionValue]) -> Contract<String> {
    let world = installed::world("agents.begin");
    let options = StartOptions::of(options)?;
    let request = request(agent, task, &options)?;
    world.tickets.borrow().check_room()?;
    let begin = || {
        let (Timed { takes, double }, place) = ready(&world, agent, &options)?;
        let (agent, task) = (agent.to_owned(), task.clone());
        Ok(world.start_child(takes, move |world, child| work(world, child, &agent, &*double, &task, place).map(|outcome| noted(&outcome))))
    };
    let ticket = world.call("agents.begin", request, Some(("agents", agent)), begin, |child| json!(child))?;
    world.tickets.borrow_mut().hold_child(&ticket);
    Ok(ticket)
}

fn noted(outcome: &Outcome) -> Value {
    let conversation: Option<Value> = outcome.conversation.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({ "answer": outcome.answer, "summary": outcome.summary, "conversation": conversation, "cost-usd": outcome.cost_usd })
}

fn request(agent: &str, task: &Task, options: &StartOptions) -> Result<Value> {
    #[derive(Serialize)]
    struct Request<'a> {
        agent: &'a str,
        task: Value,
        #[serde(flatten)]
        options: &'a StartOptions,
    }
    if task.goal.trim().is_empty() {
        return Err(Error::invalid("The task has no goal; say in a sentence what to achieve.").about("goal"));
    }
    let schema = task.answer_schema.as_deref().map(schema).transpose()?;
    let conversation = conversation(task.conversation.as_deref())?;
    let mut task = json!({ "goal": task.goal, "context": task.context, "answer-schema": schema });
    if let Some(conversation) = conversation {
        task["conversation"] = conversation;
    }
    Ok(json!(Request { agent, task, options }))
}

fn schema(text: &str) -> Result<Value> {
    let wrong = |text: String| Err(Error::invalid(text).about("answer-schema"));
    match serde_json::from_str(text) {
        Ok(schema @ Value::Object(_)) => Ok(schema),
        Ok(_) => wrong("The answer's schema is not a JSON object; send a JSON Schema such as {\"type\": \"object\"}.".to_owned()),
        Err(error) => wrong(format!("The answer's schema is not JSON: {error}. Send a JSON Schema, or none for prose.")),
    }
}

/// What the contract says of a conversation.
fn conversation(text: Option<&str>) -> Result<Option<Value>> {
    const LARGEST: usize = 4 << 20;
    let wrong = |problem: String| Error::invalid(problem).about("conversation");
    match text {
        None => Ok(None),
        Some(text) if text.len() > LARGEST => {
            Err(wrong(format!("The conversation has {} bytes and may have {LARGEST}. Shorten it, or leave it out.", text.len())))
        }
        Some(text) => serde_json::from_str(text).map_err(|error| wrong(format!("The conversation is not JSON: {error}."))),
    }
}

fn answer(world: &World, agent: &str, task: &Task, options: &StartOptions) -> Result<Outcome> {
    let (Timed { takes, double }, place) = ready(world, agent, options)?;
    let child = world.tickets.borrow_mut().name_child();
    let begun = world.now.get();
    let ends = begun.saturating_add(takes);
    let overdue = options.timeout_ms.map(|timeout| begun.saturating_add(timeout.into())).filter(|at| *at < ends);
    world.wait_until(overdue.unwrap_or(ends))?;
    if overdue.is_some() {
        let text = format!("Agent `{agent}` did not finish in the time it was given, and was cancelled.");
        return Err(Error::timed_out(text).about(child));
    }
    work(world, &child, agent, &*double, task, place)
}

fn ready(world: &World, agent: &str, options: &StartOptions) -> Result<(Timed<AgentDouble>, Place)> {
    world.check_cancelled()?;
    super::backlog::check_item(world, options.item.as_deref())?;
    let double = world.agents.borrow().get(agent).cloned();
    let double = double.ok_or_else(|| {
        let known: Vec<_> = world.agents.borrow().keys().map(|name| format!("`{name}`")).collect();
        super::workflows::not_installed("agent", agent, &known)
    })?;
    Ok((double, Place::of(world, options)?))
}

fn work(world: &World, child: &str, agent: &str, double: &AgentDouble, task: &Task, place: Place) -> Result<Outcome> {
    match world.work_at(place, Role::Agent, || double(task)) {
        Ok(Report { answer, summary, conversation: given }) => {
            let given = conversation(given.as_deref())
                .map_err(|error| Error::child_failed(child, format!("Agent `{agent}` failed: {error}"), &error))?;
            Ok(Outcome { answer, summary, conversation: given.map(|document| document.to_string()), cost_usd: None })
        }
        Err(Error { kind: ErrorKind::Cancelled, .. }) => {
            Err(Error::cancelled(format!("Agent `{agent}` was cancelled. Continue without its answer, or return.")).about(child))
        }
        Err(error) => Err(Error::child_failed(child, format!("Agent `{agent}` failed: {error}"), &error)),
    }
}

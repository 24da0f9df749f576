//! Implements `agents` of the contract.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AGENTS, View, events};
use crate::{
    bindings::{Fault, agents as wit, types::OptionValue},
    errors::StorageError,
    events::Draft,
    interfaces::{
        children::{ChildError, Children, Ended, Held, Order, Role, StartOptions},
        conversations, schema_bounds,
        tickets::{Awaited, Moment},
    },
    journal::{self, Attempt, Call, CallError, Capability, Effect, Performed, RunId, Wait},
};

/// What the agent gave back, as the journal keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    answer: String,
    summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<Value>,
    cost_usd: Option<f64>,
}

/// What the agent's run ends with.
#[derive(Deserialize)]
struct Output {
    answer: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    conversation: Option<Value>,
}

impl wit::Host for View<'_> {
    async fn perform(&mut self, agent: String, task: wit::Task, options: Vec<OptionValue>) -> Result<wit::Outcome, Fault> {
        let input = input(&task)?;
        let options = StartOptions::read_waiting(options)?;
        let call = call("agents.perform", Effect::Wait, &agent, &input, &options)?;
        let (children, parent, now) = (Arc::clone(self.children), self.recorder.run().clone(), self.recorder.clock());
        let perform = |attempt: Attempt| async move {
            let overdue = options.timeout_ms.map(|timeout| attempt.asked_at.saturating_add(timeout.into()));
            let order = options.order(Role::Agent, &agent, input);
            follow(&*children, &parent, attempt.seq, order, Deadline { now, at: overdue }).await.unwrap_or_else(Performed::from)
        };
        let Outcome { answer, summary, conversation, cost_usd } = self.recorder.call(call, perform).await??;
        Ok(wit::Outcome { answer, summary, conversation: conversation.map(|document| document.to_string()), cost_usd })
    }

    async fn begin(&mut self, agent: String, task: wit::Task, options: Vec<OptionValue>) -> Result<String, Fault> {
        let input = input(&task)?;
        let options = StartOptions::read(options)?;
        self.tickets.check_room()?;
        let call = call("agents.begin", Effect::Write, &agent, &input, &options)?.beginning();
        let (children, parent, name) = (Arc::clone(self.children), self.recorder.run().clone(), agent.clone());
        let begin = |attempt: Attempt| async move {
            Performed::of(children.start(&parent, attempt.seq, options.order(Role::Agent, &name, input)).await)
        };
        let child: RunId = self.recorder.call(call, begin).await??;
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        self.tickets.hold(child.as_str(), Begun { held: Held { children, parent, child: child.clone() }, agent });
        Ok(child.to_string())
    }
}

/// Until when the agent is waited for, and what time it is, in milliseconds since 1970 UTC.
struct Deadline {
    now: u64,
    at: Option<u64>,
}

/// An agent's run that its caller holds a ticket for.
struct Begun {
    held: Held,
    agent: String,
}

#[async_trait]
impl Awaited for Begun {
    async fn look(&self, _: Moment) -> Performed<Value> {
        let Held { children, parent, child } = &self.held;
        match ending(&**children, parent, child, &self.agent).await {
            Ok(Some((answer, event))) => {
                let answer = answer.map(|Outcome { answer, summary, conversation, cost_usd }| {
                    json!({ "answer": answer, "summary": summary, "conversation": conversation, "cost-usd": cost_usd })
                });
                Performed::Answered(answer, vec![event])
            }
            Ok(None) => Performed::Waiting(self.held.wait()),
            Err(error) => error.into(),
        }
    }

    async fn give_up(&self) -> Performed<()> {
        self.held.give_up().await
    }

    fn arrives_given_up(&self) -> bool {
        true
    }
}

fn call<'a>(name: &'static str, effect: Effect, agent: &str, task: &Value, options: &StartOptions) -> Result<Call<'a>, StorageError> {
    #[derive(Serialize)]
    struct Request<'a> {
        agent: &'a str,
        task: &'a Value,
        #[serde(flatten)]
        options: &'a StartOptions,
    }
    let call = Call::new(name, effect, &Request { agent, task, options })?;
    Ok(options.needed_by(call.needing(Capability::new(AGENTS.word, agent.to_owned()))))
}

/// The task as the agent's run is given it.
fn input(task: &wit::Task) -> Result<Value, CallError> {
    if task.goal.trim().is_empty() {
        return Err(CallError::invalid("The task has no goal; say in a sentence what to achieve.").about("goal"));
    }
    let schema = task.answer_schema.as_deref().map(schema).transpose()?;
    let mut input = json!({ "goal": task.goal, "context": task.context, "answer-schema": schema });
    if let Some(conversation) = conversations::read(task.conversation.as_deref())? {
        input["conversation"] = conversation;
    }
    Ok(input)
}

fn schema(text: &str) -> Result<Value, CallError> {
    let wrong = |text: String| Err(CallError::invalid(text).about("answer-schema"));
    match serde_json::from_str(text) {
        Ok(schema @ Value::Object(_)) => match schema_bounds::accept(&schema) {
            Ok(()) => Ok(schema),
            Err(reason) => wrong(format!("The answer's schema is not accepted: {reason}. Send a simpler one.")),
        },
        Ok(_) => wrong("The answer's schema is not a JSON object; send a JSON Schema such as {\"type\": \"object\"}.".to_owned()),
        Err(error) => wrong(format!("The answer's schema is not JSON: {error}. Send a JSON Schema, or none for prose.")),
    }
}

/// Starts the agent's run, which it does once however often it is called, and looks how it ended.
async fn follow(
    children: &dyn Children,
    parent: &RunId,
    seq: u64,
    order: Order<'_>,
    deadline: Deadline,
) -> Result<Performed<Outcome>, ChildError> {
    let agent = order.plugin;
    let child = children.start(parent, seq, order).await?;
    if let Some((answer, event)) = ending(children, parent, &child, agent).await? {
        return Ok(Performed::Answered(answer, vec![event]));
    }
    match deadline.at {
        None => Ok(Performed::Waiting(Wait::Runs(vec![child]))),
        Some(at) if at > deadline.now => Ok(Performed::Waiting(Wait::Any { of: vec![journal::Awaited::Run(child)], until: Some(at) })),
        Some(_) => {
            children.cancel(parent, &child).await?;
            let text = format!("Agent `{agent}` did not finish in the time it was given, and was cancelled.");
            Ok(Performed::answer(Err(CallError::timed_out(text).about(child.as_str()))))
        }
    }
}

/// How the agent's run ended, if it has, and what watchers hear of it.
async fn ending(
    children: &dyn Children,
    parent: &RunId,
    child: &RunId,
    agent: &str,
) -> Result<Option<(Result<Outcome, CallError>, Draft)>, ChildError> {
    let Some(ended) = children.find_ended(parent, child).await? else { return Ok(None) };
    let cost_usd = children.cost(child).await?;
    let answer = answer(agent, child, ended, cost_usd);
    let (summary, error) = match &answer {
        Ok(outcome) => (Some(outcome.summary.clone()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let ended = events::Ended { agent: agent.to_owned(), run: child.clone(), summary, error, cost_usd };
    Ok(Some((answer, Draft::of_run(parent, &ended))))
}

fn answer(agent: &str, child: &RunId, ended: Ended, cost_usd: Option<f64>) -> Result<Outcome, CallError> {
    let output = match ended {
        Ended::Succeeded(outcome) => outcome.output,
        Ended::Failed(error) => {
            return Err(CallError::child_failed(child.as_str(), format!("Agent `{agent}` failed: {error}"), &error));
        }
        Ended::Cancelled => {
            let text = format!("Agent `{agent}` was cancelled. Continue without its answer, or return.");
            return Err(CallError::cancelled(text).about(child.as_str()));
        }
    };
    let read = Output::deserialize(output);
    let Output { answer, summary, conversation } = read.map_err(|error| {
        CallError::other(format!("Agent `{agent}` gave something that is not an outcome: {error}. This is a mistake of that plugin."))
    })?;
    Ok(Outcome { answer, summary, conversation, cost_usd })
}

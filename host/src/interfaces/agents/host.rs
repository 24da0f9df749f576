//! Implements `agents` of the contract.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AGENTS, View};
use crate::{
    bindings::{Fault, agents as wit, types::OptionValue},
    events::{Category, Draft},
    interfaces::{
        children::{ChildError, Children, Ended, Order, Placing, Role},
        schema_bounds,
    },
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, RunId, Wait},
};

/// What the agent gave back, as the journal keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    answer: String,
    summary: String,
    cost_usd: Option<f64>,
}

/// What the agent's run ends with.
#[derive(Deserialize)]
struct Output {
    answer: String,
    #[serde(default)]
    summary: String,
}

impl wit::Host for View<'_> {
    async fn perform(&mut self, agent: String, task: wit::Task, options: Vec<OptionValue>) -> Result<wit::Outcome, Fault> {
        let input = input(&task)?;
        let Placing { worktree, item } = Placing::read(options)?;
        let request = json!({ "agent": agent, "task": input, "worktree": worktree, "item": item });
        let call = Call::new("agents.perform", Effect::Wait, &request)?;
        let call = call.needing(Capability::new(AGENTS.word, agent.clone()));
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        let perform = |attempt: Attempt| async move {
            let order =
                Order { role: Role::Agent, plugin: &agent, input, worktree: worktree.as_deref(), item: item.as_deref(), within: None };
            follow(&*children, &parent, attempt.seq, order).await.unwrap_or_else(Performed::from)
        };
        let Outcome { answer, summary, cost_usd } = self.recorder.call(call, perform).await??;
        Ok(wit::Outcome { answer, summary, cost_usd })
    }
}

/// The task as the agent's run is given it.
fn input(task: &wit::Task) -> Result<Value, CallError> {
    if task.goal.trim().is_empty() {
        return Err(CallError::invalid("The task has no goal; say in a sentence what to achieve."));
    }
    let schema = task.answer_schema.as_deref().map(schema).transpose()?;
    Ok(json!({ "goal": task.goal, "context": task.context, "answer-schema": schema }))
}

fn schema(text: &str) -> Result<Value, CallError> {
    match serde_json::from_str(text) {
        Ok(schema @ Value::Object(_)) => match schema_bounds::accept(&schema) {
            Ok(()) => Ok(schema),
            Err(reason) => Err(CallError::invalid(format!("The answer's schema is not accepted: {reason}. Send a simpler one."))),
        },
        Ok(_) => Err(CallError::invalid("The answer's schema is no JSON object; send a JSON Schema such as {\"type\": \"object\"}.")),
        Err(error) => Err(CallError::invalid(format!("The answer's schema is not JSON: {error}. Send a JSON Schema, or none for prose."))),
    }
}

/// Starts the agent's run, which it does once however often it is called, and looks how it ended.
async fn follow(children: &dyn Children, parent: &RunId, seq: u64, order: Order<'_>) -> Result<Performed<Outcome>, ChildError> {
    let agent = order.plugin;
    let child = children.start(parent, seq, order).await?;
    let Some(ended) = children.ended(parent, &child).await? else {
        return Ok(Performed::Waiting(Wait::Runs(vec![child])));
    };
    let cost_usd = children.cost(&child).await?;
    let answer = answer(agent, &child, ended, cost_usd);
    let told = match &answer {
        Ok(outcome) => json!({ "agent": agent, "run": child, "summary": outcome.summary, "cost-usd": cost_usd }),
        Err(error) => json!({ "agent": agent, "run": child, "error": error.to_string(), "cost-usd": cost_usd }),
    };
    Ok(Performed::Answered(answer, vec![Draft::of_run(Category::Agent, "ended", parent, told)]))
}

fn answer(agent: &str, child: &RunId, ended: Ended, cost_usd: Option<f64>) -> Result<Outcome, CallError> {
    let output = match ended {
        Ended::Succeeded(outcome) => outcome.output,
        Ended::Failed(error) => {
            return Err(CallError::child_failed(child.as_str(), format!("Agent `{agent}` failed: {error}"), &error));
        }
        Ended::Cancelled => return Err(CallError::cancelled(format!("Agent `{agent}` was cancelled; go on without its answer, or end."))),
    };
    let read = Output::deserialize(output);
    let Output { answer, summary } = read.map_err(|error| {
        CallError::other(format!("Agent `{agent}` gave something that is no outcome: {error}. This is a mistake of that plugin."))
    })?;
    Ok(Outcome { answer, summary, cost_usd })
}

//! Implements `workflows` of the contract.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Value, json};

use super::{View, WORKFLOWS};
use crate::{
    bindings::{Fault, types, workflows as wit},
    interfaces::{
        children::{Ended, Held, Outcome, Role, StartOptions},
        tickets::{Awaited, Moment},
    },
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, RunId},
};

/// What a run that ended gives to the run that waits for it.
type Ending = Result<Outcome, CallError>;

impl wit::Host for View<'_> {
    async fn start(&mut self, workflow: String, input: String, options: Vec<types::OptionValue>) -> Result<String, Fault> {
        let options = StartOptions::read(options)?;
        self.tickets.check_room()?;
        let input: Value = serde_json::from_str(&input).map_err(|error| {
            let text = format!("The input for `{}` is not JSON: {error}. Send a JSON document.", workflow.escape_debug());
            CallError::invalid(text).about("input")
        })?;
        let call = Call::new("workflows.start", Effect::Write, &Request { workflow: &workflow, input: &input, options: &options })?;
        let call = options.needed_by(call.needing(Capability::new(WORKFLOWS.word, workflow.clone()))).beginning();
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        let start = |attempt: Attempt| async move {
            Performed::of(children.start(&parent, attempt.seq, options.order(Role::Workflow, &workflow, input)).await)
        };
        let child: RunId = self.recorder.call(call, start).await??;
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        self.tickets.hold(child.as_str(), Started(Held { children, parent, child: child.clone() }));
        Ok(child.to_string())
    }
}

#[derive(Serialize)]
struct Request<'a> {
    workflow: &'a str,
    input: &'a Value,
    #[serde(flatten)]
    options: &'a StartOptions,
}

/// A workflow's run that its caller holds a ticket for.
struct Started(Held);

#[async_trait]
impl Awaited for Started {
    async fn look(&self, _: Moment) -> Performed<Value> {
        let Held { children, parent, child } = &self.0;
        match children.find_ended(parent, child).await {
            Ok(Some(ended)) => Performed::answer(
                ending(child, ended).map(|Outcome { output, shortfall }| json!({ "output": output, "shortfall": shortfall })),
            ),
            Ok(None) => Performed::Waiting(self.0.wait()),
            Err(error) => error.into(),
        }
    }

    async fn give_up(&self) -> Performed<()> {
        self.0.give_up().await
    }

    fn arrives_given_up(&self) -> bool {
        true
    }
}

fn ending(run: &RunId, ended: Ended) -> Ending {
    match ended {
        Ended::Succeeded(outcome) => Ok(outcome),
        Ended::Failed(error) => Err(CallError::child_failed(run.as_str(), error.text.clone(), &error)),
        Ended::Cancelled => {
            let text = format!("Run {} was cancelled. Continue without it, or return.", run.short());
            Err(CallError::cancelled(text).about(run.as_str()))
        }
    }
}

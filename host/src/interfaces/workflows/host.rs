//! Implements `workflows` of the contract.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Value, json};

use super::{View, WORKFLOWS};
use crate::{
    bindings::{Fault, types, workflows as wit},
    interfaces::{
        children::{Children, Ended, Order, Outcome, Role, StartOptions},
        tickets::{Awaited, Moment},
    },
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, RunId, Wait},
};

/// What a run that ended gives to the run that waits for it.
type Ending = Result<Outcome, CallError>;

impl wit::Host for View<'_> {
    async fn start(&mut self, workflow: String, input: String, options: Vec<types::OptionValue>) -> Result<String, Fault> {
        let options = StartOptions::read(options)?;
        self.tickets.check_room()?;
        let input: Value = serde_json::from_str(&input).map_err(|error| {
            CallError::invalid(format!("The input for `{}` is not JSON: {error}. Send a JSON document.", workflow.escape_debug()))
        })?;
        let call = Call::new("workflows.start", Effect::Write, &Request { workflow: &workflow, input: &input, options: &options })?;
        let call = call.needing(Capability::new(WORKFLOWS.word, workflow.clone())).beginning();
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        let start = |attempt: Attempt| async move {
            let StartOptions { worktree, item, within, .. } = options;
            let (worktree, item) = (worktree.as_deref(), item.as_deref());
            let order = Order { role: Role::Workflow, plugin: &workflow, input, worktree, item, within };
            children.start(&parent, attempt.seq, order).await.map_or_else(Performed::from, |child| Performed::answer(Ok(child)))
        };
        let child: RunId = self.recorder.call(call, start).await??;
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        self.tickets.hold(child.as_str(), Started { children, parent, child: child.clone() });
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
struct Started {
    children: Arc<dyn Children>,
    parent: RunId,
    child: RunId,
}

#[async_trait]
impl Awaited for Started {
    async fn look(&self, _: Moment) -> Performed<Value> {
        match self.children.ended(&self.parent, &self.child).await {
            Ok(Some(ended)) => Performed::answer(
                ending(&self.child, ended).map(|Outcome { output, shortfall }| json!({ "output": output, "shortfall": shortfall })),
            ),
            Ok(None) => Performed::Waiting(Wait::Runs(vec![self.child.clone()])),
            Err(error) => error.into(),
        }
    }

    async fn give_up(&self) -> Performed<()> {
        self.children.cancel(&self.parent, &self.child).await.map_or_else(Performed::from, |()| Performed::answer(Ok(())))
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

//! Implements `workflows` of the contract.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{View, WORKFLOWS};
use crate::{
    bindings::{Fault, types, workflows as wit},
    interfaces::{
        children::{ChildError, Children, Ended, Order, Outcome, Role, StartOptions},
        tickets::{Awaited, Moment},
    },
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, RunId, Wait},
};

const MOST_JOINED: usize = 1000;

/// What a run that ended gives to the run that joins it.
type Ending = Result<Outcome, CallError>;

/// The first of several runs to end, as the journal keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct First {
    run: RunId,
    ending: Kept,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    Outcome(Outcome),
    Error(CallError),
}

impl From<(RunId, Ending)> for First {
    fn from((run, ending): (RunId, Ending)) -> Self {
        Self { run, ending: ending.map_or_else(Kept::Error, Kept::Outcome) }
    }
}

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

    async fn join(&mut self, run: String) -> Result<wit::Outcome, Fault> {
        check_id(&run)?;
        let call = Call::new("workflows.join", Effect::Wait, &run)?;
        let joined = run.clone();
        let (children, parent, child) = (Arc::clone(self.children), self.recorder.run().clone(), RunId::from_text(run));
        let join = |_| async move {
            match first_ended(&*children, &parent, std::slice::from_ref(&child)).await {
                Ok(Some((_, ending))) => Performed::answer(ending),
                Ok(None) => Performed::Waiting(Wait::Runs(vec![child])),
                Err(error) => error.into(),
            }
        };
        let outcome: Result<Outcome, CallError> = self.recorder.call(call, join).await?;
        self.tickets.use_up(&joined);
        Ok(outcome?.into())
    }

    async fn join_any(&mut self, runs: Vec<String>) -> Result<(String, Result<wit::Outcome, types::Error>), Fault> {
        if runs.is_empty() || runs.len() > MOST_JOINED {
            return Err(CallError::invalid(format!("{} runs cannot be joined; name 1 to {MOST_JOINED}.", runs.len())).into());
        }
        runs.iter().try_for_each(|run| check_id(run))?;
        let call = Call::new("workflows.join-any", Effect::Wait, &runs)?;
        let (children, parent) = (Arc::clone(self.children), self.recorder.run().clone());
        let runs: Vec<_> = runs.into_iter().map(RunId::from_text).collect();
        let join = |_| async move {
            match first_ended(&*children, &parent, &runs).await {
                Ok(Some(first)) => Performed::answer(Ok(First::from(first))),
                Ok(None) => Performed::Waiting(Wait::Runs(runs)),
                Err(error) => error.into(),
            }
        };
        let First { run, ending } = self.recorder.call(call, join).await??;
        self.tickets.use_up(run.as_str());
        let ending = match ending {
            Kept::Outcome(outcome) => Ok(outcome.into()),
            Kept::Error(error) => Err(error.into()),
        };
        Ok((run.to_string(), ending))
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

impl From<Outcome> for wit::Outcome {
    fn from(outcome: Outcome) -> Self {
        Self { output: outcome.output.to_string(), shortfall: outcome.shortfall }
    }
}

/// Nothing longer than an id is worth writing down.
fn check_id(run: &str) -> Result<(), CallError> {
    const LONGEST: usize = 128;
    let wrong = || CallError::not_found(format!("No run has an id of {} bytes; join by what `workflows.start` returned.", run.len()));
    if run.len() > LONGEST { Err(wrong()) } else { Ok(()) }
}

/// The first in the list that has ended.
async fn first_ended(children: &dyn Children, parent: &RunId, runs: &[RunId]) -> Result<Option<(RunId, Ending)>, ChildError> {
    for run in runs {
        if let Some(ended) = children.ended(parent, run).await? {
            return Ok(Some((run.clone(), ending(run, ended))));
        }
    }
    Ok(None)
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

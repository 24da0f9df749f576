//! Child runs of workflows, and the clock that they take time by. A child that takes none has ended the moment it was
//! started. One that takes some does its work at its end, when a run waits for it or the clock passes it. One whose
//! end the clock does not reach does nothing.

use std::rc::Rc;

use serde_json::Value;

use super::{
    imports::git,
    world::{WorkflowDouble, World},
};
use crate::bindings::host::baton::plugin::workflows::{Outcome, RunId};
use crate::{Error, ErrorKind, Result};

#[derive(Default)]
pub(super) struct Children(Vec<Child>);

enum Child {
    AtWork(Work),
    /// It does its work at this moment, so what could wait for it is a part of it.
    Ending,
    Ended(Result<Outcome>),
}

/// What a child has to do.
pub(super) struct Work {
    pub(super) ends: u64,
    pub(super) double: Rc<WorkflowDouble>,
    pub(super) input: Value,
    /// The branch that its workspace has checked out; none where that is no repository.
    pub(super) checkout: Option<String>,
}

impl Children {
    /// The id of a child that ended so.
    pub(super) fn add(&mut self, ended: Result<Value>) -> RunId {
        self.0.push(Child::Ended(ended.map(outcome)));
        format!("child-{}", self.0.len())
    }

    /// The id of a child that takes time.
    pub(super) fn begin(&mut self, work: Work) -> RunId {
        self.0.push(Child::AtWork(work));
        format!("child-{}", self.0.len())
    }

    /// The id of the next child, for one that nobody joins.
    pub(super) fn name(&self) -> RunId {
        format!("child-{}", self.0.len() + 1)
    }

    /// The first in the list that has ended, and how, as its parent is told. Else the time when the first of them ends.
    fn first(&self, runs: &[RunId]) -> Result<std::result::Result<(RunId, Result<Outcome>), u64>> {
        let mut soonest = u64::MAX;
        for run in runs {
            match self.find(run)? {
                Child::Ended(ended) => return Ok(Ok((run.clone(), ended.clone().map_err(|error| handed_up(run, &error))))),
                Child::AtWork(work) => soonest = soonest.min(work.ends),
                Child::Ending => return Err(not_yours(run)),
            }
        }
        Ok(Err(soonest))
    }

    fn find(&self, run: &str) -> Result<&Child> {
        let place = run.strip_prefix("child-").and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        place.and_then(|place| self.0.get(place)).ok_or_else(|| not_yours(run))
    }

    /// Takes the work that ends first, if it ends until then; of several the one that began first.
    fn due(&mut self, until: u64) -> Option<(usize, Work)> {
        let at_work = self.0.iter().enumerate().filter_map(|(place, child)| match child {
            Child::AtWork(work) if work.ends <= until => Some((work.ends, place)),
            _ => None,
        });
        let (_, place) = at_work.min()?;
        match std::mem::replace(&mut self.0[place], Child::Ending) {
            Child::AtWork(work) => Some((place, work)),
            _ => None,
        }
    }
}

impl World {
    /// Moves the clock forward, and has the children that end until then do their work, each at its end.
    pub(super) fn pass(&self, until: u64) {
        loop {
            let due = self.children.borrow_mut().due(until);
            let Some((place, work)) = due else { break };
            self.now.set(self.now.get().max(work.ends));
            let ended = git::in_checkout(self, work.checkout.as_deref(), || (work.double)(&work.input));
            self.children.borrow_mut().0[place] = Child::Ended(ended.map(outcome));
        }
        self.now.set(self.now.get().max(until));
    }

    /// Waits until the first of these children ends.
    pub(super) fn join(&self, runs: &[RunId]) -> Result<(RunId, Result<Outcome>)> {
        loop {
            let first = self.children.borrow().first(runs)?;
            match first {
                Ok(ended) => return Ok(ended),
                Err(soonest) => self.pass(soonest),
            }
        }
    }
}

fn outcome(output: Value) -> Outcome {
    Outcome { output: output.to_string(), shortfall: None }
}

fn handed_up(run: &str, error: &Error) -> Error {
    match error.kind {
        ErrorKind::Cancelled => Error::cancelled(format!("Run {run} was cancelled; go on without it, or end.")),
        _ => Error::child_failed(run, error.text.clone(), error),
    }
}

fn not_yours(run: &str) -> Error {
    Error::not_found(format!("Run {run} was not started by this run; only the runs that a workflow started itself can be joined."))
}

//! The clock of a test's host, which moves only when a run waits. What comes until a time comes in its order: children do
//! their work at their ends, and items are moved. What the clock does not reach does not happen.

use serde_json::{Value, json};

use super::{tickets::Awaited, world::World};
use crate::{Error, Result};

/// A ticket that arrived, and what it gave.
pub(super) type Arrived = (String, Result<Value>);

impl World {
    /// Moves the clock forward, and lets happen what does until then, each at its time.
    pub(super) fn pass(&self, until: u64) {
        loop {
            let moved = self.happenings.borrow().next_move();
            let ended = self.tickets.borrow().next_end();
            let Some(next) = moved.into_iter().chain(ended).min().filter(|at| *at <= until) else { break };
            self.now.set(self.now.get().max(next));
            if moved == Some(next) {
                let moved = self.happenings.borrow_mut().take_move();
                moved.apply(self);
                continue;
            }
            let Some((ticket, child)) = self.tickets.borrow_mut().begin_ending(next) else { break };
            let ended = (child.work)(self, &ticket);
            self.tickets.borrow_mut().end(&ticket, ended);
        }
        self.now.set(self.now.get().max(until));
    }

    /// Waits until a time, or until the run is cancelled.
    pub(super) fn wait_until(&self, at: u64) -> Result<()> {
        self.check_cancelled()?;
        let cancelled = self.happenings.borrow().cancelled;
        self.pass(cancelled.map_or(at, |cancelled| at.min(cancelled)));
        self.check_cancelled()
    }

    /// The error of whatever would go on with the work of a run that is being cancelled.
    pub(super) fn check_cancelled(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::cancelled("The run is being cancelled. Put things in order, then return."));
        }
        Ok(())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.happenings.borrow().cancelled.is_some_and(|at| at <= self.now.get())
    }

    /// Waits for the first of these tickets that arrives; of several that have, the first in the list.
    pub(super) fn first(&self, tickets: &[String], until: Option<u64>) -> Result<Option<Arrived>> {
        loop {
            self.check_cancelled()?;
            self.pass(self.now.get());
            if let Some(arrived) = tickets.iter().find_map(|ticket| Some((ticket.clone(), self.arrived(ticket)?))) {
                return Ok(Some(arrived));
            }
            let now = self.now.get();
            if until.is_some_and(|until| until <= now) {
                return Ok(None);
            }
            self.pass(self.next(now).into_iter().chain(until).min().unwrap_or_else(|| never(tickets)));
        }
    }

    /// What a ticket gives, if it has come. A signal is taken.
    fn arrived(&self, ticket: &str) -> Option<Result<Value>> {
        let now = self.now.get();
        match self.tickets.borrow().find(ticket).ok()? {
            Awaited::Child(_) | Awaited::Ending => None,
            Awaited::Ended(ended) => Some(ended.clone()),
            Awaited::Answer { at, answer } => (*at <= now).then(|| Ok(json!(answer))),
            Awaited::Timer(at) => (*at <= now).then_some(Ok(Value::Null)),
            Awaited::Signal(name) => self.happenings.borrow_mut().take_signal(name, now).map(Ok),
            Awaited::Change { key, revision } => {
                let backlog = self.backlog.borrow();
                let item = backlog.get(key).ok().filter(|_| backlog.revision(key) != *revision)?;
                let (status, assignee, branch) = (item.status.as_str(), &item.assignee, &item.branch);
                Some(Ok(json!({ "key": key, "status": status, "assignee": assignee, "branch": branch })))
            }
        }
    }

    /// When anything happens next.
    fn next(&self, now: u64) -> Option<u64> {
        let due = self.tickets.borrow().next_due(now);
        due.into_iter().chain(self.happenings.borrow().next(now)).min()
    }
}

#[expect(clippy::panic, reason = "a test fails by panicking, and this wait would have no end")]
fn never(tickets: &[String]) -> u64 {
    panic!(
        "The plugin waits for what never comes in the test: {}. Let it come, such as with `Host::with_signal_after` or \
         `Host::with_item_moved_after`, or cancel the run with `Host::with_cancel_after`.",
        tickets.join(", ")
    )
}

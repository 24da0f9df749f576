//! Child runs of workflows: each has ended the moment it was started.

use crate::bindings::host::baton::plugin::workflows::Outcome;
use crate::{Error, ErrorKind, Result};

#[derive(Default)]
pub(super) struct Children(Vec<Result<Outcome>>);

impl Children {
    /// The id of a child that ended so.
    pub(super) fn add(&mut self, ended: Result<Outcome>) -> String {
        self.0.push(ended);
        format!("child-{}", self.0.len())
    }

    /// The id of the next child, for one that nobody joins.
    pub(super) fn name(&self) -> String {
        format!("child-{}", self.0.len() + 1)
    }

    /// How a child ended, as whoever joins it hears.
    pub(super) fn ending(&self, run: &str) -> Result<Result<Outcome>> {
        let place = run.strip_prefix("child-").and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        let ended = place.and_then(|place| self.0.get(place));
        let ended = ended.ok_or_else(|| {
            Error::not_found(format!("Run {run} was not started by this run; only the runs that a workflow started itself can be joined."))
        })?;
        Ok(ended.clone().map_err(|error| match error {
            Error { kind: ErrorKind::Cancelled, .. } => Error::cancelled(format!("Run {run} was cancelled; go on without it, or end.")),
            other => Error::child_failed(run, other.text.clone(), &other),
        }))
    }
}

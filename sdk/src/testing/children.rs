//! Child runs of workflows: each has ended the moment it was started.

use serde_json::Value;

use crate::{Error, Result};

#[derive(Default)]
pub(super) struct Children(Vec<Result<Value>>);

impl Children {
    /// The id of a child that ended so.
    pub(super) fn add(&mut self, ended: Result<Value>) -> String {
        self.0.push(ended);
        format!("child-{}", self.0.len())
    }

    /// How a child ended, as whoever joins it hears.
    pub(super) fn ending(&self, run: &str) -> Result<Result<Value>> {
        let place = run.strip_prefix("child-").and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        let ended = place.and_then(|place| self.0.get(place));
        let ended = ended.ok_or_else(|| {
            Error::NotFound(format!("Run {run} was not started by this run; only the runs that a workflow started itself can be joined."))
        })?;
        Ok(ended.clone().map_err(|error| match error {
            Error::Cancelled(_) => Error::Cancelled(format!("Run {run} was cancelled; go on without it, or end.")),
            other => Error::Other(other.to_string()),
        }))
    }
}

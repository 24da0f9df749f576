//! Sends signals to runs on behalf of operators. Knows nothing of how a run waits for one.

use serde_json::Value;

use super::{Kernel, KernelError};
use crate::{
    actor::Actor,
    errors::Reason,
    interfaces::signals::{SignalError, Signals},
    journal::RunId,
};

impl Kernel {
    /// Sends a signal to a run, without the operator's secrets in its value. `by`: who sends it.
    pub async fn signal(&self, run: &RunId, name: &str, value: Value, by: &Actor) -> Result<(), KernelError> {
        let value = self.parts.redactor.value(value);
        self.signals().send(run, name, &value, by).await.map_err(|error| match error {
            SignalError::Ended { .. } | SignalError::Cancelling(_) => KernelError::WrongState(Reason::of(&error)),
            error => KernelError::Signal(error),
        })?;
        self.changed();
        Ok(())
    }

    /// What operators sent to runs.
    pub fn signals(&self) -> &dyn Signals {
        self.services.signals.as_ref()
    }
}

//! Calls a plugin outside of any run: nothing is granted and nothing is kept. For a plugin's account of itself, and to
//! measure what a call costs.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{
    Kernel, KernelError, Order,
    execution::{Ending, Gate},
    registry::Plugin,
    run::Run,
};
use crate::journal::{Authority, CallError, Capability, Denial, Entry, Halt, Journal, JournalError, RunId, Write};

/// A plugin about to be called outside of any run, as often as one likes.
pub struct Trial {
    run: Run,
    plugin: Arc<Plugin>,
}

impl Kernel {
    /// Finds the plugin and the workspace of a trial.
    pub fn trial(&self, order: Order) -> Result<Trial, KernelError> {
        let (run, plugin) = self.ordered(order)?;
        Ok(Trial { run, plugin })
    }

    /// What the plugin answers, on a fresh instance, when it may look at its own assets and settings and at nothing
    /// else. There is no run afterwards, no journal and no event. A limit or a trap is an error of the call.
    pub async fn try_out(&self, trial: &Trial) -> Result<Value, CallError> {
        let gate =
            Gate { history: Vec::new(), halt: Halt::default(), journal: Arc::new(Nowhere), authority: Arc::new(Nobody), closed: false };
        match self.execute(&trial.run, &trial.plugin, gate).await {
            Ending::Succeeded(outcome) => Ok(outcome.output),
            Ending::Failed(error) | Ending::Trapped(error) => Err(error),
            Ending::Interrupted(interrupt) => Err(CallError::other(interrupt.to_string())),
        }
    }
}

/// Forgets what it is given.
struct Nowhere;

#[async_trait]
impl Journal for Nowhere {
    async fn write(&self, _writes: Vec<Write>) -> Result<(), JournalError> {
        Ok(())
    }

    async fn enqueue(&self, _write: Write) -> Result<(), JournalError> {
        Ok(())
    }

    async fn entries_after(&self, _run: &RunId, _after: u64) -> Result<Vec<Entry>, JournalError> {
        Ok(Vec::new())
    }
}

/// Allows nothing.
struct Nobody;

impl Authority for Nobody {
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial> {
        let Capability { kind, value } = capability;
        Err(Denial {
            reason: format!("`{kind}` of `{value}` was asked for outside of a run, where nothing is granted. Start a run instead."),
        })
    }
}

//! Calls a plugin outside of any run: nothing is granted and nothing is kept. For a plugin's account of itself, and to
//! measure what a call costs.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use baton_slots::Slot;
use serde_json::{Value, json};

use super::{
    Kernel, KernelError, Order,
    execution::{Ending, Gate},
    registry::Plugin,
    run::Run,
    slots::{Unfit, output_misfit, samples},
    starting::new_run,
};
use crate::{
    errors::StorageError,
    journal::{Authority, CallError, Capability, Denial, Entry, ErrorKind, Halt, Journal, RunId, Write},
};

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

    /// What comes of each sample of a slot when a plugin that need not be installed is given it, as in [`Self::try_out`]. A
    /// plugin that asks for what nothing is granted cannot be held against it so.
    pub async fn try_as(&self, plugin: &Arc<Plugin>, slot: &'static Slot, workspace: &Path) -> Result<Vec<Sampled>, Unfit> {
        let mut sampled = Vec::new();
        for (number, input) in samples(slot).into_iter().enumerate() {
            let (now, sample) = (self.now(), number + 1);
            let id = RunId::at(now, (self.parts.random)());
            let workspace = workspace.to_owned();
            let project_settings = Some(json!({}));
            let run = Run { workspace, project_settings, input: input.clone(), seed: id.to_string(), ..new_run(id, plugin, now) };
            let answer = self.try_out(&Trial { run, plugin: Arc::clone(plugin) }).await;
            let name = || plugin.name().to_owned();
            sampled.push(match answer {
                Ok(output) => match output_misfit(slot, &input, &output) {
                    None => Sampled::Fits,
                    Some(misfit) => return Err(Unfit::Output { plugin: name(), slot: slot.name, misfit }),
                },
                Err(error) if matches!(error.kind, ErrorKind::Invalid | ErrorKind::Trapped) => {
                    return Err(Unfit::Sample { plugin: name(), slot: slot.name, sample, reason: error.to_string() });
                }
                Err(error) => Sampled::NotTried(error.to_string()),
            });
        }
        Ok(sampled)
    }

    /// What the plugin answers, on a fresh instance, when it may look at its own assets and settings and at nothing
    /// else. There is no run afterwards, no journal and no event. A limit or a trap is an error of the call.
    pub async fn try_out(&self, trial: &Trial) -> Result<Value, CallError> {
        let gate = Gate {
            history: Vec::new(),
            halt: Halt::default(),
            journal: Arc::new(Nowhere),
            authority: Arc::new(NoAuthority),
            closed: false,
        };
        match self.execute(&trial.run, &trial.plugin, gate).await {
            Ending::Succeeded(outcome) => Ok(outcome.output),
            Ending::Failed(error) | Ending::Trapped(error) => Err(error),
            Ending::Interrupted(interrupt) => Err(CallError::other(interrupt.to_string())),
        }
    }
}

/// What came of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sampled {
    /// The answer fits the slot.
    Fits,
    /// The plugin did not get so far, for this reason.
    NotTried(String),
}

/// Forgets what it is given.
struct Nowhere;

#[async_trait]
impl Journal for Nowhere {
    async fn write(&self, _writes: Vec<Write>) -> Result<(), StorageError> {
        Ok(())
    }

    async fn enqueue(&self, _write: Write) -> Result<(), StorageError> {
        Ok(())
    }

    async fn entries_after(&self, _run: &RunId, _after: u64) -> Result<Vec<Entry>, StorageError> {
        Ok(Vec::new())
    }
}

/// Allows nothing.
struct NoAuthority;

impl Authority for NoAuthority {
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial> {
        let Capability { kind, value } = capability;
        Err(Denial {
            reason: format!("`{kind}` of `{value}` was asked for outside of a run, where nothing is granted. Start a run instead."),
        })
    }
}

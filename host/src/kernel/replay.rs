//! Executes a plugin against a recording: every call is answered from it, and the first that is not there ends the
//! execution. Writes nothing, asks nobody, touches no workspace.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{
    Kernel, KernelError,
    authority::RunAuthority,
    execution::{self, Gate},
    recording::{Ending, Recording},
    registry::Plugin,
    run::Run,
    starting::replayable,
};
use crate::{
    errors::{Reason, StorageError},
    journal::{Divergence, Entry, Halt, Interrupt, Journal, PauseKind, RunId, Write},
};

/// What came of a replay.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The plugin asked for the same and ended the same way.
    Same,
    /// It asked for something else.
    Diverged(Divergence),
    /// It asked for the same and ended otherwise.
    EndedOtherwise(Ending),
    /// It was ended before it could answer, for this reason.
    Stopped(String),
}

impl Kernel {
    /// The run with its journal and the settings it goes by now, as a recording.
    pub async fn record(&self, run: &Run) -> Result<Recording, KernelError> {
        replayable(run)?;
        let journal = self.parts.journal.entries_after(&run.id, run.journal_from).await?;
        // Where the workspace is gone, the run's own settings have to do.
        let project = self.settings_of(run).await.unwrap_or_else(|_| json!({}));
        Ok(Recording::of(run, journal, &[project, run.settings.clone()]))
    }

    /// The installed plugin a recording is of, in whatever version.
    pub fn recorded_plugin(&self, recording: &Recording) -> Result<Arc<Plugin>, KernelError> {
        self.plugin(&recording.plugin, recording.kind)
    }

    /// Executes `plugin` against `recording`.
    pub async fn replay(&self, recording: &Recording, plugin: Arc<Plugin>) -> Result<Verdict, KernelError> {
        let kind = plugin.package.manifest.kind;
        if kind != recording.kind {
            let (wanted, name) = (recording.kind, plugin.name());
            return Err(KernelError::WrongState(
                Reason::new(format!("The recording is of a plugin of the kind {wanted}, and `{name}` is of the kind {kind}."))
                    .advise("Give one of the same kind."),
            ));
        }
        let ending = self.execute_closed(recording.clone(), recording.journal(), plugin).await?;
        Ok(verdict(recording, ending))
    }

    /// Executes `plugin` as the run of a recording, answered by `history` alone.
    pub(super) async fn execute_closed(
        &self,
        recording: Recording,
        history: Vec<Entry>,
        plugin: Arc<Plugin>,
    ) -> Result<execution::Ending, KernelError> {
        let Some(kernel) = self.itself.upgrade() else { return Ok(pause_replay("The host is stopping.".to_owned())) };
        let executed = self.parts.guests.spawn(async move { kernel.execute_nowhere(&recording, history, plugin).await }).await;
        executed.unwrap_or_else(|error| Ok(pause_replay(format!("The replay crashed: {error}. Report this."))))
    }

    async fn execute_nowhere(
        &self,
        recording: &Recording,
        history: Vec<Entry>,
        plugin: Arc<Plugin>,
    ) -> Result<execution::Ending, KernelError> {
        let nowhere = tempfile::tempdir();
        let nowhere =
            nowhere.map_err(|error| KernelError::Workspace { path: std::env::temp_dir(), reason: format!("cannot be used ({error})") })?;
        let run = recording.run(nowhere.path());
        let gate = Gate {
            history,
            halt: Halt::default(),
            journal: Arc::new(Sealed),
            authority: Arc::new(RunAuthority::unbounded(&plugin, &run, Arc::clone(&self.parts.clock))),
            closed: true,
        };
        Ok(self.execute(&run, &plugin, gate).await)
    }
}

fn pause_replay(reason: String) -> execution::Ending {
    execution::paused(PauseKind::Operator, reason)
}

fn verdict(recording: &Recording, ending: execution::Ending) -> Verdict {
    let now = match ending {
        execution::Ending::Succeeded(outcome) => Ending::Succeeded(outcome),
        execution::Ending::Failed(error) | execution::Ending::Trapped(error) => Ending::Failed(error),
        execution::Ending::Interrupted(Interrupt::Diverged(divergence)) => {
            let went_on = divergence.recorded.is_none() && recording.ending == Ending::Unfinished;
            return if went_on { Verdict::Same } else { Verdict::Diverged(*divergence) };
        }
        execution::Ending::Interrupted(other) => return Verdict::Stopped(other.to_string()),
    };
    if now == recording.ending { Verdict::Same } else { Verdict::EndedOtherwise(now) }
}

/// A journal that takes nothing, should anything ever get as far.
struct Sealed;

impl Sealed {
    fn refuse() -> StorageError {
        StorageError::write("the journal", "A replay writes nothing.").of_run()
    }
}

#[async_trait]
impl Journal for Sealed {
    async fn write(&self, _: Vec<Write>) -> Result<(), StorageError> {
        Err(Self::refuse())
    }

    async fn enqueue(&self, _: Write) -> Result<(), StorageError> {
        Err(Self::refuse())
    }

    async fn entries_after(&self, _: &RunId, _: u64) -> Result<Vec<Entry>, StorageError> {
        Ok(Vec::new())
    }
}

//! Serves the commands that the host's own tools execute from the sandbox: the one place that knows both interfaces.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use baton_sdk::{sandbox as contract, tools::text};

use super::{
    numbers::to_u32,
    sandbox::{CommandContext, Ending, IMAGES, Job, Key, Outcome, Sandbox, SetupRequest},
    tools::{self, Command},
};
use crate::journal::{Attempt, CallError, Capability, Halt, Performed, RunId};

/// Commands in one workspace.
pub(super) struct Commands {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) workspace: PathBuf,
    /// What there is beside the commands of the project.
    pub(super) wanted: SetupRequest,
}

#[async_trait]
impl tools::Commands for Commands {
    fn executing(&self, image: &str) -> Capability<'static> {
        Capability::new(IMAGES.word, image.to_owned())
    }

    async fn execute(&self, run: RunId, command: Command, attempt: &Attempt, halt: Halt) -> Performed<(String, bool)> {
        let job =
            match Job::new(Some(command.image), command.arguments, Vec::new(), command.timeout.map(|seconds| seconds.saturating_mul(1000)))
            {
                Ok(job) => job,
                Err(error) => return Performed::answer(Err(error)),
            };
        let place = CommandContext { run, workspace: self.workspace.clone(), halt };
        self.sandbox.execute(place, job, &self.wanted, attempt).await.map(|answer| answer.map(|outcome| show(&outcome)))
    }

    async fn output(&self, run: &RunId, name: &str) -> Result<String, CallError> {
        self.sandbox.output(run, name).await
    }

    fn answered(&self, run: RunId, seq: u64) {
        self.sandbox.forget(Key { run, seq });
    }
}

/// How the command ended and what it wrote, as text; and whether it did not do what it was to.
fn show(outcome: &Outcome) -> (String, bool) {
    let ending = match outcome.ending {
        Ending::Exited => contract::Ending::Exited,
        Ending::TimedOut => contract::Ending::TimedOut,
        Ending::OutOfMemory => contract::Ending::OutOfMemory,
        Ending::Killed => contract::Ending::Killed,
    };
    let ended = text::say_ended(ending, outcome.exit_code, to_u32(outcome.took_ms));
    let mut shown = text::show_streams(&ended, &outcome.stdout, &outcome.stderr, text::SHOWN_OUTPUT);
    if let Some(name) = &outcome.output {
        shown.push_str(&text::say_kept(name));
    }
    (shown, outcome.ending != Ending::Exited || outcome.exit_code != 0)
}

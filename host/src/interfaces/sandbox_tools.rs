//! Serves the commands that the host's own tools execute from the sandbox: the one place that knows both interfaces.

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use async_trait::async_trait;

use super::{
    sandbox::{Ending, IMAGES, Job, Key, Outcome, Place, Sandbox},
    tools::{self, Command},
};
use crate::journal::{Attempt, Capability, Halt, Performed, RunId};

/// Bytes of each stream that a model is shown: the end, where what matters is told.
const SHOWN: usize = 16 << 10;

/// Commands in one workspace.
pub(super) struct Commands {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) workspace: PathBuf,
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
        let place = Place { run, workspace: self.workspace.clone(), halt };
        self.sandbox.execute(place, job, attempt).await.map(|answer| answer.map(|outcome| shown(&outcome)))
    }

    fn answered(&self, run: RunId, seq: u64) {
        self.sandbox.forget(Key { run, seq });
    }
}

/// How the command ended and what it wrote, as text; and whether it did not do what it was to.
fn shown(outcome: &Outcome) -> (String, bool) {
    let seconds = outcome.took_ms.div_ceil(1000);
    let mut text = match outcome.ending {
        Ending::Exited => format!("The command ended with exit code {} after {seconds} s.\n", outcome.exit_code),
        Ending::TimedOut => format!("The command was stopped after {seconds} s, because its time was over.\n"),
        Ending::OutOfMemory => "The command was stopped because it used up its memory.\n".to_owned(),
        Ending::Killed => "Something other than Baton stopped the command.\n".to_owned(),
    };
    for (name, written) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        let end = &written[written.ceil_char_boundary(written.len().saturating_sub(SHOWN))..];
        let cut = if end.len() < written.len() { ", of which the beginning is left out" } else { "" };
        if !end.is_empty() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "--- {name}{cut}\n{}", end.trim_end_matches('\n'));
        }
    }
    (text, outcome.ending != Ending::Exited || outcome.exit_code != 0)
}

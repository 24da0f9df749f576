//! Implements `sandbox` of the contract.

use std::sync::{Arc, OnceLock};

use baton_sdk::tools::text;
use serde_json::json;

use super::{
    IMAGES, View,
    engine::Key,
    job::{Ending, Job, Outcome},
    service::CommandContext,
    setup::SetUp,
};
use crate::{
    bindings::{Fault, files, sandbox as wit},
    interfaces::{blocking::blocking, excerpts, numbers::to_u32},
    journal::{Attempt, Call, CallError, Capability, Effect, Performed},
};

impl wit::Host for View<'_> {
    async fn execute(&mut self, job: wit::Job) -> Result<wit::Execution, Fault> {
        let wit::Job { image, command, env, timeout_ms } = job;
        let job = Job::new(image, command, env, timeout_ms)?;
        // A command is found again by its call, so that doing the call twice is doing it once.
        let call = Call::new("sandbox.execute", Effect::Write, &job)?.needing(Capability::new(IMAGES.word, job.image.clone()));
        let place = CommandContext { run: self.recorder.run().clone(), workspace: self.workspace.to_owned(), halt: self.recorder.halt() };
        let (sandbox, run, executed) = (Arc::clone(self.sandbox), place.run.clone(), Arc::new(OnceLock::new()));
        let (noted, wanted) = (Arc::clone(&executed), self.wanted.clone());
        let perform = |attempt: Attempt| async move {
            let _ = noted.set(attempt.seq);
            sandbox.execute(place, job, &wanted, &attempt).await
        };
        let outcome = self.recorder.call(call, perform).await?;
        if let Some(seq) = executed.get() {
            self.sandbox.forget(Key { run, seq: *seq });
        }
        Ok(outcome?.into())
    }

    async fn set_up(&mut self) -> Result<wit::SetupOutcome, Fault> {
        let call = Call::new("sandbox.set-up", Effect::Write, &json!({}))?.needing(Capability::new(IMAGES.word, self.wanted.image.clone()));
        let place = CommandContext { run: self.recorder.run().clone(), workspace: self.workspace.to_owned(), halt: self.recorder.halt() };
        let (sandbox, run, asked) = (Arc::clone(self.sandbox), place.run.clone(), Arc::new(OnceLock::new()));
        let (noted, wanted) = (Arc::clone(&asked), self.wanted.clone());
        let perform = |attempt: Attempt| async move {
            let _ = noted.set(attempt.seq);
            sandbox.set_up(place, wanted, &attempt).await
        };
        let setup: SetUp = self.recorder.call(call, perform).await??;
        if let Some(seq) = asked.get()
            && setup.was_executed()
        {
            self.sandbox.forget(Key { run, seq: *seq });
        }
        Ok(setup.into())
    }

    async fn renew_lockfiles(&mut self) -> Result<wit::SetupOutcome, Fault> {
        let image = Capability::new(IMAGES.word, self.wanted.image.clone());
        let call = Call::new("sandbox.renew-lockfiles", Effect::Write, &json!({}))?.needing(image);
        let place = CommandContext { run: self.recorder.run().clone(), workspace: self.workspace.to_owned(), halt: self.recorder.halt() };
        let (sandbox, wanted) = (Arc::clone(self.sandbox), self.wanted.clone());
        let perform = |attempt: Attempt| async move { sandbox.renew_lockfiles(place, wanted, &attempt).await };
        let renewed: SetUp = self.recorder.call(call, perform).await??;
        Ok(renewed.into())
    }

    async fn read_output(&mut self, output: String, first: u32, count: u32, most_bytes: u32) -> Result<files::Excerpt, Fault> {
        excerpts::check_first(first)?;
        let request = json!({ "output": output, "first": first, "count": count, "most-bytes": most_bytes });
        let call = Call::new("sandbox.read-output", Effect::Read, &request)?;
        let (sandbox, run) = (Arc::clone(self.sandbox), self.recorder.run().clone());
        let read = |_| async move {
            let whole = match sandbox.output(&run, &output).await {
                Ok(whole) => whole,
                Err(error) => return Performed::answer(Err(error)),
            };
            let cut = blocking(move |_| excerpts::Kept::from(text::excerpt(&whole, first, count, most_bytes.min(excerpts::LONGEST)))).await;
            Performed::answer(cut.map_err(|error| CallError::other(format!("The host failed to read the output: {error}. Report it."))))
        };
        let kept: excerpts::Kept = self.recorder.call(call, read).await??;
        Ok(kept.into())
    }
}

impl From<SetUp> for wit::SetupOutcome {
    fn from(setup: SetUp) -> Self {
        let SetUp { state, command, report, reached, denied, took_ms } = setup;
        Self { state, command, report, reached, denied, took_ms: to_u32(took_ms) }
    }
}

impl From<Outcome> for wit::Execution {
    fn from(outcome: Outcome) -> Self {
        let Outcome { ending, exit_code, stdout, stderr, output, took_ms } = outcome;
        let ending = match ending {
            Ending::Exited => wit::Ending::Exited,
            Ending::TimedOut => wit::Ending::TimedOut,
            Ending::OutOfMemory => wit::Ending::OutOfMemory,
            Ending::Killed => wit::Ending::Killed,
        };
        Self { ending, exit_code, stdout, stderr, output, took_ms: to_u32(took_ms) }
    }
}

//! Implements `sandbox` of the contract.

use std::sync::{Arc, OnceLock};

use super::{
    IMAGES, View,
    engine::Key,
    job::{Ending, Job, Outcome},
    service::Place,
};
use crate::{
    bindings::{Fault, sandbox as wit},
    interfaces::numbers::to_u32,
    journal::{Attempt, Call, Capability, Effect},
};

impl wit::Host for View<'_> {
    async fn execute(&mut self, job: wit::Job) -> Result<wit::Execution, Fault> {
        let wit::Job { image, command, env, timeout_ms } = job;
        let job = Job::new(image, command, env, timeout_ms)?;
        // A command is found again by its call, so that doing the call twice is doing it once.
        let call = Call::new("sandbox.execute", Effect::Write, &job)?.needing(Capability::new(IMAGES.word, job.image.clone()));
        let place = Place { run: self.recorder.run().clone(), workspace: self.workspace.to_owned(), halt: self.recorder.halt() };
        let (sandbox, run, executed) = (Arc::clone(self.sandbox), place.run.clone(), Arc::new(OnceLock::new()));
        let noted = Arc::clone(&executed);
        let perform = |attempt: Attempt| async move {
            let _ = noted.set(attempt.seq);
            sandbox.execute(place, job, &attempt).await
        };
        let outcome = self.recorder.call(call, perform).await?;
        if let Some(seq) = executed.get() {
            self.sandbox.forget(Key { run, seq: *seq });
        }
        Ok(outcome?.into())
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

//! Implements `tools` of the contract.

use std::sync::{Arc, OnceLock};

use serde_json::json;

use super::{
    TOOLS, View, arguments,
    shelf::{Ready, Shelf},
    toolset::{Arguments, Outcome, Usage},
};
use crate::{
    bindings::{Fault, llm, tools as wit},
    events::{Category, Draft},
    interfaces::toolboxes::{Declared, Effects},
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, RunId},
};

impl wit::Host for View<'_> {
    async fn available(&mut self) -> wasmtime::Result<Vec<wit::Offer>> {
        let call = Call::new("tools.available", Effect::Read, &())?;
        let (shelf, authority) = (Arc::clone(&self.shelf), self.recorder.authority());
        let look = |_| async move {
            match shelf.available(&*authority).await {
                Ok(tools) => Performed::answer(Ok(tools)),
                Err(pause) => Performed::Paused { pause, happened: false },
            }
        };
        let tools: Vec<Declared> = self.recorder.call(call, look).await?.map_err(wasmtime::Error::new)?;
        Ok(tools.into_iter().map(wit::Offer::from).collect())
    }

    async fn call(&mut self, name: String, arguments: String) -> Result<wit::ToolOutcome, Fault> {
        let arguments = arguments::read(&arguments)?;
        let found = self.look_up(&name, &arguments).await;
        let mut call = Call::new("tools.call", found.effect, &json!({ "name": name, "arguments": arguments }))?;
        if found.is_there {
            call = call.needing(Capability::new(TOOLS.word, name.clone()));
        }
        if let Some(reached) = found.reaches {
            call = call.needing(reached);
        }
        let (run, effect, authority) = (self.recorder.run().clone(), found.effect, self.recorder.authority());
        let (told, halt) = (run.clone(), self.recorder.halt());
        let (called, ready) = (Arc::new(OnceLock::new()), found.ready.as_ref().ok().cloned());
        let noted = Arc::clone(&called);
        let perform = |attempt: Attempt| async move {
            let _ = noted.set(attempt.seq);
            let performed = match found.ready {
                Ok(Ready { toolset, tool }) => toolset.call(Usage { tool: &tool, arguments, run, attempt, effect, authority, halt }).await,
                Err(performed) => performed,
            };
            told_of(performed, &told, &name)
        };
        let outcome = self.recorder.call(call, perform).await?;
        if let (Some(seq), Some(Ready { toolset, tool })) = (called.get(), ready) {
            toolset.answered(&tool, self.recorder.run().clone(), *seq);
        }
        let outcome = outcome?;
        Ok(wit::ToolOutcome { content: outcome.content, failed: outcome.failed })
    }
}

/// What is known of a call before it goes through the gate.
struct Found {
    effect: Effect,
    /// A tool of this name may be there. What is not there is said to be, whether it would be granted or not.
    is_there: bool,
    reaches: Option<Capability<'static>>,
    /// The tool, or what comes of a call without one.
    ready: Result<Ready, Performed<Outcome>>,
}

impl View<'_> {
    /// A call that the journal holds is as it was written, whatever its tool says of itself today, and was checked then.
    /// One that will be denied starts no server.
    async fn look_up(&self, name: &str, arguments: &Arguments) -> Found {
        let unready = |is_there, performed| Found { effect: Effect::Read, is_there, reaches: None, ready: Err(performed) };
        let refused = |is_there, error| unready(is_there, Performed::answer(Err(error)));
        if let Some(effect) = self.recorder.recorded() {
            let ready = self.shelf.locate(name);
            return Found { effect, is_there: true, reaches: ready.toolset.reaches(&ready.tool, arguments), ready: Ok(ready) };
        }
        if is_short(name, arguments)
            && let Some(error) = self.shelf.absent(name).await
        {
            return refused(false, error);
        }
        if let Err(denial) = self.recorder.authority().decide(&Capability::new(TOOLS.word, name)) {
            return refused(true, CallError::denied(denial.reason));
        }
        match check(&self.shelf, name, arguments).await {
            Ok((ready, effect)) => {
                Found { effect, is_there: true, reaches: ready.toolset.reaches(&ready.tool, arguments), ready: Ok(ready) }
            }
            Err(performed) => unready(true, performed),
        }
    }
}

/// Whether the journal can keep the request of a call that needs no grant: a plugin without any must not fill the disk.
fn is_short(name: &str, arguments: &Arguments) -> bool {
    const MOST: usize = 2048;
    name.len() < MOST && serde_json::to_string(arguments).is_ok_and(|arguments| arguments.len() < MOST)
}

async fn check(shelf: &Shelf, name: &str, given: &Arguments) -> Result<(Ready, Effect), Performed<Outcome>> {
    let ready = shelf.locate(name);
    let declared = shelf.declared(name, &ready).await?;
    arguments::check(name, &declared.parameters, given).await.map_err(|error| Performed::answer(Err(error)))?;
    let effect = ready.toolset.effect(&declared);
    Ok((ready, effect))
}

/// Watchers hear which tool was called and whether it did what it was asked.
fn told_of(performed: Performed<Outcome>, run: &RunId, tool: &str) -> Performed<Outcome> {
    match performed {
        Performed::Answered(answer, mut events) => {
            let failed = answer.as_ref().map_or(true, |outcome| outcome.failed);
            events.push(Draft::of_run(Category::Tool, "called", run, json!({ "tool": tool, "failed": failed })));
            Performed::Answered(answer, events)
        }
        other => other,
    }
}

impl From<Declared> for wit::Offer {
    fn from(declared: Declared) -> Self {
        let Declared { name, description, parameters, effects } = declared;
        Self { tool: llm::Tool { name, description, parameters: parameters.to_string() }, effects: effects.into() }
    }
}

impl From<Effects> for wit::Effects {
    fn from(effects: Effects) -> Self {
        let flag = |set, flag| if set { flag } else { Self::empty() };
        flag(effects.read_only, Self::READ_ONLY) | flag(effects.destructive, Self::DESTRUCTIVE) | flag(effects.idempotent, Self::IDEMPOTENT)
    }
}

//! Implements `tools` of the contract.

use std::sync::{Arc, OnceLock};

use serde_json::json;

use super::{
    TOOLS, View, arguments,
    events::Called,
    shelf::{Ready, Shelf},
    toolset::{Arguments, Outcome, Usage},
};
use crate::{
    bindings::{Fault, llm, tools as wit, types},
    errors::StorageError,
    events::Draft,
    interfaces::toolboxes::{Declared, Effects},
    journal::{Attempt, Authority, Call, CallError, Capability, Effect, Halt, Performed, Recorder, RunId},
};

/// Calls that one `call-all` may carry.
const MOST_TOGETHER: usize = 16;

impl wit::Host for View<'_> {
    async fn available(&mut self) -> wasmtime::Result<Vec<wit::Offer>> {
        let call = Call::new("tools.available", Effect::Read, &())?;
        let (shelf, authority) = (Arc::clone(&self.shelf), self.recorder.authority());
        let look = |_| async move {
            match shelf.available(&*authority).await {
                Ok(tools) => Performed::answer(Ok(tools)),
                Err(performed) => performed,
            }
        };
        let tools: Vec<Declared> = self.recorder.call(call, look).await?.map_err(wasmtime::Error::new)?;
        Ok(tools.into_iter().map(wit::Offer::from).collect())
    }

    async fn call(&mut self, name: String, arguments: String) -> Result<wit::ToolOutcome, Fault> {
        let asked = self.ask(name, &arguments).await?;
        let (call, kept) = (asked.call()?, asked.kept());
        let (context, called) = (Context::of(self.recorder), Arc::new(OnceLock::new()));
        let noted = Arc::clone(&called);
        let perform = |attempt: Attempt| async move {
            let _ = noted.set(attempt.seq);
            asked.perform(attempt, context).await
        };
        let outcome = self.recorder.call(call, perform).await?;
        if let Some(seq) = called.get() {
            kept.answered(self.recorder.run(), *seq);
        }
        Ok(outcome?.into())
    }

    async fn call_all(&mut self, calls: Vec<wit::ToolRequest>) -> wasmtime::Result<Vec<Result<wit::ToolOutcome, types::Error>>> {
        if calls.len() > MOST_TOGETHER {
            let refusal =
                CallError::invalid(format!("{} calls at once are more than the {MOST_TOGETHER} allowed; send them in parts.", calls.len()));
            return Ok(calls.iter().map(|_| Err(refusal.clone().into())).collect());
        }
        let calls = calls.into_iter().map(|call| (call.name, call.arguments)).collect();
        let answers = self.call_together(calls).await.map_err(wasmtime::Error::new)?;
        Ok(answers.into_iter().map(|answer| answer.map(wit::ToolOutcome::from).map_err(types::Error::from)).collect())
    }
}

/// What calls need of the session beside the gate.
#[derive(Clone)]
pub(super) struct Context {
    run: RunId,
    authority: Arc<dyn Authority>,
    halt: Halt,
}

impl Context {
    pub(super) fn of(recorder: &Recorder) -> Self {
        Self { run: recorder.run().clone(), authority: recorder.authority(), halt: recorder.halt() }
    }
}

/// A call that was looked up and has no place in the order yet.
pub(super) struct Asked {
    name: String,
    arguments: Arguments,
    found: ResolvedCall,
}

impl Asked {
    /// The call as it goes through the gate.
    pub(super) fn call(&self) -> Result<Call<'static>, StorageError> {
        let ResolvedCall { effect, is_there, reaches, .. } = &self.found;
        let mut call = Call::new("tools.call", *effect, &json!({ "name": self.name, "arguments": self.arguments }))?;
        if *is_there {
            call = call.needing(Capability::new(TOOLS.word, self.name.clone()));
        }
        Ok(match reaches {
            Some(reached) => call.needing(reached.clone()),
            None => call,
        })
    }

    /// Whether it may be made beside others of which the same holds.
    pub(super) fn is_free(&self) -> bool {
        self.found.is_free
    }

    /// What has to be told once the call is answered.
    pub(super) fn kept(&self) -> Kept {
        Kept(self.found.ready.as_ref().ok().cloned())
    }

    /// Makes the call.
    pub(super) async fn perform(self, attempt: Attempt, context: Context) -> Performed<Outcome> {
        let Self { name, arguments, found } = self;
        let Context { run, authority, halt } = context;
        let told = run.clone();
        let performed = match found.ready {
            Ok(Ready { toolset, tool }) => {
                toolset.call(Usage { tool: &tool, arguments, run, attempt, effect: found.effect, authority, halt }).await
            }
            Err(performed) => performed,
        };
        add_call_event(performed, &told, &name)
    }
}

/// The tool of a call whose answer is in the journal.
pub(super) struct Kept(Option<Ready>);

impl Kept {
    pub(super) fn answered(&self, run: &RunId, seq: u64) {
        if let Some(Ready { toolset, tool }) = &self.0 {
            toolset.answered(tool, run.clone(), seq);
        }
    }
}

/// What is known of a call before it goes through the gate.
struct ResolvedCall {
    effect: Effect,
    /// It may be made beside others of which the same holds.
    is_free: bool,
    /// A tool of this name may be there. What is not there is said to be, whether it would be granted or not.
    is_there: bool,
    reaches: Option<Capability<'static>>,
    /// The tool, or what comes of a call without one.
    ready: Result<Ready, Performed<Outcome>>,
}

impl View<'_> {
    /// Looks a call up. Where it has its place is decided next, before anything else is looked up.
    pub(super) async fn ask(&self, name: String, arguments: &str) -> Result<Asked, CallError> {
        let arguments = arguments::read(arguments)?;
        let found = self.look_up(&name, &arguments).await;
        Ok(Asked { name, arguments, found })
    }

    /// A call that the journal holds is as it was written, whatever its tool says of itself today, and was checked then.
    /// One that will be denied starts no server.
    async fn look_up(&self, name: &str, arguments: &Arguments) -> ResolvedCall {
        let unready =
            |is_there, performed| ResolvedCall { effect: Effect::Read, is_free: true, is_there, reaches: None, ready: Err(performed) };
        let refused = |is_there, error| unready(is_there, Performed::answer(Err(error)));
        if let Some(effect) = self.recorder.recorded() {
            let ready = self.shelf.locate(name);
            let (is_free, reaches) = (effect == Effect::Read, ready.toolset.reaches(&ready.tool, arguments));
            return ResolvedCall { effect, is_free, is_there: true, reaches, ready: Ok(ready) };
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
            Ok((ready, declared)) => {
                let (effect, effects) = (ready.toolset.effect(&declared), declared.effects);
                // What a toolbox does is done by a run of its own.
                let is_free = effect == Effect::Read || effect == Effect::Wait && (effects.read_only || effects.idempotent);
                ResolvedCall { effect, is_free, is_there: true, reaches: ready.toolset.reaches(&ready.tool, arguments), ready: Ok(ready) }
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

async fn check(shelf: &Shelf, name: &str, given: &Arguments) -> Result<(Ready, Declared), Performed<Outcome>> {
    let ready = shelf.locate(name);
    let declared = shelf.declared(name, &ready).await?;
    arguments::check(name, &declared.parameters, given).await.map_err(|error| Performed::answer(Err(error)))?;
    Ok((ready, declared))
}

/// Watchers hear which tool was called and whether it did what it was asked.
fn add_call_event(performed: Performed<Outcome>, run: &RunId, tool: &str) -> Performed<Outcome> {
    match performed {
        Performed::Answered(answer, mut events) => {
            let failed = answer.as_ref().map_or(true, |outcome| outcome.failed);
            events.push(Draft::of_run(run, &Called { tool: tool.to_owned(), failed }));
            Performed::Answered(answer, events)
        }
        other => other,
    }
}

impl From<Outcome> for wit::ToolOutcome {
    fn from(outcome: Outcome) -> Self {
        Self { content: outcome.content, failed: outcome.failed }
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

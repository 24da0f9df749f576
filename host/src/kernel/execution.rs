//! One execution of one run: an instance from start to answer, and what became of it. Moves no run from state to state.

use std::{borrow::Cow, collections::BTreeSet, path::PathBuf, sync::Arc};

use serde_json::Value;
use wasmtime::{Store, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::{
    Kernel, backtrace,
    guest::Guest,
    limits::{Exceeded, Limits},
    package::Kind,
    registry::Plugin,
    run::Run,
};
use crate::{
    errors::Hint,
    interfaces::{
        About, Exports, Session, SessionContext,
        children::{Outcome, Role},
        project::Project,
    },
    journal::{self, Authority, CallError, Divergence, Entry, ErrorKind, Halt, Interrupt, Journal, Pause, PauseKind, Ports, Recorder},
};

/// How an execution ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// With an outcome.
    Succeeded(Outcome),
    /// The guest said so itself.
    Failed(CallError),
    /// The guest broke down: a mistake of its own, which the host had to end.
    Trapped(CallError),
    /// From outside.
    Interrupted(Interrupt),
}

/// What the calls of one execution are answered from, written to and allowed by.
pub(super) struct Gate {
    pub(super) history: Vec<Entry>,
    pub(super) halt: Halt,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) authority: Arc<dyn Authority>,
    /// Nothing but the history answers.
    pub(super) closed: bool,
}

impl Kernel {
    /// Executes `run` on a fresh instance until it answers or is interrupted. The instance is gone afterwards.
    pub(super) async fn execute(&self, run: &Run, plugin: &Arc<Plugin>, gate: Gate) -> Ending {
        let exports = match self.code(plugin).await {
            Ok(exports) => exports,
            Err(ending) => return ending,
        };
        let limits = self.parts.policy.limits(&run.plugin);
        let session = match self.session(run, plugin, gate, limits).await {
            Ok(session) => session,
            Err(reason) => return paused(PauseKind::Operator, reason),
        };
        let halt = session.recorder.halt();
        let mut store = Guest::store(self.parts.engine.inner(), session, &run.execution_seed(), limits);
        let called = tokio::select! {
            called = tokio::time::timeout(limits.wall_time, exports.call(&mut store, &run.input)) => called,
            () = halt.stalled() => return Ending::Interrupted(Interrupt::Stopped),
        };
        match called {
            Err(_) => limit(Exceeded::WallTime(limits.wall_time)),
            Ok(Err(error)) => classify_stop(&store, error, limits),
            Ok(Ok(answer)) => end_by_answer(&store, answer),
        }
    }

    /// The plugin's code. Only the first who wants it changes threads, to compile.
    pub(super) async fn code(&self, plugin: &Arc<Plugin>) -> Result<Arc<Exports<Guest>>, Ending> {
        if let Some(exports) = plugin.compiled() {
            return Ok(exports);
        }
        let compiling = (Arc::clone(plugin), self.itself.upgrade());
        let exports = tokio::task::spawn_blocking(move || compiling.1.map(|kernel| compiling.0.exports(&kernel.parts.engine))).await;
        match exports {
            Ok(Some(Ok(exports))) => Ok(exports),
            Ok(Some(Err(error))) if error.is_of_host() => Err(of_host(&error.explain())),
            Ok(Some(Err(error))) => Err(fail(error.explain())),
            Ok(None) => Err(Ending::Interrupted(Interrupt::Stopped)),
            Err(_) => Err(fail(format!("Compiling the plugin `{}` crashed; try another build of it.", plugin.name()))),
        }
    }

    /// All that the execution can reach, or a sentence that says why it cannot begin.
    async fn session(&self, run: &Run, plugin: &Plugin, gate: Gate, limits: Limits) -> Result<Session, String> {
        let settings = self.settings_of(run).await?;
        let defaults = self.parts.defaults.settings(&run.project).await?;
        let recorder = Recorder::new(
            run.id.clone(),
            gate.history,
            run.started_at,
            journal::Limits { payload: limits.payload, calls: limits.calls },
            gate.halt,
            Ports { journal: gate.journal, clock: Arc::clone(&self.parts.clock), authority: gate.authority },
        );
        let recorder = recorder.continued_from(run.journal_from).redacting(self.parts.redactor.clone());
        let recorder = if gate.closed { recorder.closed() } else { recorder };
        let layers = [defaults, settings, run.settings.clone()];
        let place = SessionContext { workspace: &run.workspace, settings: &layers, assets: Arc::clone(&plugin.assets) };
        let project = self.identity_of(&run.project).await.map_err(|error| error.explain())?;
        Session::open(recorder, about(run, project), place, Arc::clone(&self.services))
    }
}

impl Kernel {
    /// The settings of a run without its own: the operator's as they are now, and those of its workspace as they were when
    /// its root began. A run could otherwise have itself a remote to push to, other tests or another model.
    pub(super) async fn settings_of(&self, run: &Run) -> Result<Value, String> {
        let kept = match run.root == run.id {
            true => run.project_settings.clone(),
            false => self.run(&run.root).await.map_err(|error| error.explain())?.project_settings,
        };
        let of_workspace = match kept {
            Some(kept) => kept,
            None => self.parts.policy.workspace_settings(&self.settled_in(run).await?)?,
        };
        Ok(self.parts.policy.settings(&of_workspace))
    }

    /// The keys of the workspace's settings that have another value now than when the root began, or a sentence that says why
    /// those of now cannot be read.
    pub async fn settings_since(&self, root: &Run) -> Result<Vec<String>, String> {
        let Some(kept) = &root.project_settings else { return Ok(Vec::new()) };
        let folder = self.settled_in(root).await?;
        Ok(list_changed_keys(kept, &self.parts.policy.workspace_settings(&folder)?, ""))
    }

    /// The folder whose settings a run goes by: the project's, also for one that works in a worktree. What is written there
    /// is not settled yet, and an agent that could say what its tests are would need none to pass.
    pub(super) async fn settled_in(&self, run: &Run) -> Result<PathBuf, String> {
        let mut run = Cow::Borrowed(run);
        while self.parts.worktrees.holds(&run.workspace) {
            let above = if run.root == run.id { run.forked_from.as_ref().map(|(source, _)| source) } else { Some(&run.root) };
            let Some(above) = above else { break };
            run = Cow::Owned(self.run(above).await.map_err(|error| error.explain())?);
        }
        Ok(run.workspace.clone())
    }
}

/// The dotted keys by which two documents differ, in their order.
fn list_changed_keys(before: &Value, now: &Value, path: &str) -> Vec<String> {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
            let below = |key: &String| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                list_changed_keys(before.get(key).unwrap_or(&Value::Null), now.get(key).unwrap_or(&Value::Null), &path)
            };
            keys.into_iter().flat_map(below).collect()
        }
        (Value::Object(one), Value::Null) | (Value::Null, Value::Object(one)) if !one.is_empty() => {
            one.keys().map(|key| if path.is_empty() { key.clone() } else { format!("{path}.{key}") }).collect()
        }
        _ if before == now => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

/// An ending that an operator has to see to.
pub(super) fn paused(kind: PauseKind, reason: String) -> Ending {
    Ending::Interrupted(Pause::new(kind, reason).into())
}

/// An ending that is no fault of the plugin: nothing is held against it, and the run loses nothing.
fn of_host(cause: &str) -> Ending {
    let cause = cause.trim_end_matches('.');
    paused(
        PauseKind::Operator,
        format!("The host could not execute the run: {cause}. The plugin is not at fault: fix the cause, then resume the run."),
    )
}

/// Whether the system refused something, such as memory: whatever a guest does wrong has another cause.
fn is_of_host(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.is::<std::io::Error>() || is_errno(cause))
}

#[cfg(unix)]
fn is_errno(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<rustix::io::Errno>()
}

#[cfg(not(unix))]
fn is_errno(_cause: &(dyn std::error::Error + 'static)) -> bool {
    false
}

fn fail(reason: String) -> Ending {
    Ending::Failed(CallError::other(reason))
}

fn about(run: &Run, project: Project) -> About {
    About {
        role: role(run.kind),
        parent: run.parent.as_ref().map(|(id, _)| id.to_string()),
        root: run.root.clone(),
        project,
        pin: run.pin.clone(),
        plugin: run.plugin.clone(),
        plugin_version: run.plugin_version.clone(),
    }
}

fn role(kind: Kind) -> Role {
    match kind {
        Kind::Workflow => Role::Workflow,
        Kind::Agent => Role::Agent,
        Kind::Toolbox => Role::Toolbox,
    }
}

fn end_by_answer(store: &Store<Guest>, answer: Result<Outcome, CallError>) -> Ending {
    let recorder = &store.data().session().recorder;
    if let Some(divergence) = recorder.left_behind() {
        return Ending::Interrupted(Interrupt::Diverged(Box::new(divergence)));
    }
    match answer {
        Ok(outcome) => Ending::Succeeded(outcome),
        Err(error) => Ending::Failed(error),
    }
}

/// Sorts out why the guest's execution ended: an interrupt of ours, a limit, or a mistake of its own.
fn classify_stop(store: &Store<Guest>, error: wasmtime::Error, limits: Limits) -> Ending {
    if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
        return limit(*exceeded);
    }
    let line = error.downcast_ref::<WasmBacktrace>().and_then(backtrace::line);
    let error = match error.downcast::<Interrupt>() {
        Ok(Interrupt::Diverged(divergence)) => {
            return Ending::Interrupted(Interrupt::Diverged(Box::new(Divergence { line, ..*divergence })));
        }
        Ok(interrupt) => return Ending::Interrupted(interrupt),
        Err(error) => error,
    };
    if let Some(exceeded) = store.data().meter.memory_exceeded() {
        return limit(exceeded);
    }
    // The engine has no type for this one.
    if error.root_cause().to_string().contains("fuel allocated for hostcalls") {
        return limit(Exceeded::Payload(limits.payload));
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        let reason = format!("The plugin ended itself with exit status {} instead of answering. This is a mistake of the plugin.", exit.0);
        return Ending::Trapped(CallError::new(ErrorKind::Trapped, reason));
    }
    if is_of_host(&error) {
        return of_host(&first_cause(&error));
    }
    let trap = error.downcast_ref::<Trap>().copied();
    let reason = match trap {
        Some(Trap::StackOverflow) => "The plugin recursed until its stack was used up. This is a mistake of the plugin.".to_owned(),
        Some(Trap::UnreachableCodeReached) => {
            "The plugin ended itself by a trap, most likely a panic; its message is in the run's journal. This is a mistake of the plugin."
                .to_owned()
        }
        Some(trap) => format!("The plugin trapped: {trap}. This is a mistake of the plugin."),
        None => format!("The plugin could not continue: {:#}.", first_cause(&error)),
    };
    // Without a trap it may be the host's own fault after all, which is not counted against the plugin.
    if trap.is_some() { Ending::Trapped(CallError::new(ErrorKind::Trapped, reason)) } else { fail(reason) }
}

fn limit(exceeded: Exceeded) -> Ending {
    paused(PauseKind::Limit, exceeded.to_string())
}

/// The cause below the backtrace that wasmtime puts on top.
fn first_cause(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_changed_are_named_by_their_keys() {
        let before = json!({ "git": { "remote": "a" }, "test": { "command": "x", "image": "y" }, "same": [1] });
        let now = json!({ "git": {}, "test": { "command": "z", "image": "y" }, "same": [1], "models": { "default": "a/b" } });
        assert_eq!(list_changed_keys(&before, &now, ""), ["git.remote", "models.default", "test.command"]);
        assert_eq!(list_changed_keys(&before, &before, ""), [""; 0]);
    }
}

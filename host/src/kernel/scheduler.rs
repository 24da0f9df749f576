//! Takes queued runs, executes them within the slots there are, and moves each to the state its execution ended in.
//! Wakes what waits. Starts no runs itself.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use tokio::task::{JoinError, JoinSet};

use super::{
    Kernel, KernelError,
    events::{Cancelled, Executing, Failed, Paused, Queued as QueuedAgain, Succeeded, Waiting},
    execution::{Ending, Gate, paused},
    pausing::Pausing,
    registry::Origin,
    run::{Queued, Run, State},
    starting::{replayable, startable},
};
use crate::{
    errors::{FailureScope, Hint, StorageError},
    events::Draft,
    journal::{CallError, Halt, Interrupt, Pause, PauseKind, RunId},
};

/// How often requests from other processes are looked at while runs are executed.
const LOOK: Duration = Duration::from_millis(250);

/// A run that is being executed.
pub(super) struct Active {
    /// Name of its plugin.
    plugin: String,
    /// Ends it.
    pub(super) halt: Halt,
    /// For whom it is paused once its execution has ended.
    pub(super) pausing: Option<Arc<Pausing>>,
}

impl Active {
    /// Name of its plugin.
    pub(super) fn plugin(&self) -> &str {
        &self.plugin
    }
}

/// What became of a queued run that was to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    Yes,
    /// Its plugin has as many executions as it may have, or the run's own last execution has not ended yet.
    Held,
    /// Another driver took it, or its state has changed.
    Gone,
}

/// Which runs to drive, and until when.
#[derive(Clone, Debug, Default)]
pub struct Drive {
    /// Only the tree under this run.
    pub root: Option<RunId>,
    /// Return when nothing is queued or being executed and nothing waits for a time; else continue for ever.
    pub until_idle: bool,
}

impl Kernel {
    /// Executes runs until none is left that can continue, or until `stop`.
    /// Fails when the store fails: then nothing more can be kept, so nothing more is done.
    pub async fn drive(&self, drive: &Drive, stop: &Halt) -> Result<(), KernelError> {
        let mut executions = JoinSet::new();
        let mut looked = Instant::now();
        loop {
            // Also where work never lets it rest.
            if looked.elapsed() >= LOOK {
                self.honour_requests().await?;
                self.look_for_needs_at_times(drive.root.as_ref()).await?;
                looked = Instant::now();
            }
            while let Some(ended) = executions.try_join_next() {
                propagate_panic(ended);
            }
            let (due, held) = if stop.interrupt().is_none() {
                (self.wake_due(drive).await?, self.fill(drive, &mut executions).await?)
            } else {
                self.stop();
                (None, false)
            };
            if let Some(error) = self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(error);
            }
            if executions.is_empty() {
                let idle = drive.until_idle && due.is_none() && !held;
                // A run that has just ended may have left others to be cancelled.
                if stop.interrupt().is_some() || (idle && !self.are_cancelled_left(drive.root.as_ref()).await?) {
                    return Ok(());
                }
            }
            self.rest(due, looked, &mut executions, stop).await;
        }
    }

    /// Queues the runs whose time has come and says when the next one is due.
    async fn wake_due(&self, drive: &Drive) -> Result<Option<u64>, KernelError> {
        let (root, now) = (drive.root.as_ref(), self.parts.clock.now());
        let due = self.parts.runs.next_due(root).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(due);
        }
        self.parts.runs.wake_due(root, now).await?;
        Ok(self.parts.runs.next_due(root).await?)
    }

    /// Starts executions while there are queued runs and free slots. Returns whether runs stay queued because their
    /// plugin is at its limit.
    async fn fill(&self, drive: &Drive, executions: &mut JoinSet<()>) -> Result<bool, KernelError> {
        let free = self.free(executions);
        let queued = self.parts.runs.queued(drive.root.as_ref(), None, free).await?;
        let all_seen = queued.len() < free as usize;
        let mut full = HashSet::new();
        for run in queued {
            let plugin = run.plugin.clone();
            if !full.contains(&plugin) && self.begin(run, executions).await? == Begun::Held {
                full.insert(plugin);
            }
        }
        if !full.is_empty() && !all_seen {
            self.fill_past(drive, executions).await?;
        }
        Ok(!full.is_empty())
    }

    /// Continues with the runs that are queued behind those of plugins at their limit, however many these are.
    async fn fill_past(&self, drive: &Drive, executions: &mut JoinSet<()>) -> Result<(), KernelError> {
        let mut queued = Vec::new();
        for plugin in self.parts.runs.queued_plugins(drive.root.as_ref()).await? {
            let room = self.free(executions).min(self.room(&plugin));
            if room > 0 {
                queued.extend(self.parts.runs.queued(drive.root.as_ref(), Some(&plugin), room).await?);
            }
        }
        queued.sort();
        for run in queued {
            if self.free(executions) == 0 {
                break;
            }
            self.begin(run, executions).await?;
        }
        Ok(())
    }

    async fn begin(&self, run: Queued, executions: &mut JoinSet<()>) -> Result<Begun, KernelError> {
        let Queued { id, plugin, .. } = run;
        let halt = Halt::default();
        let begun = self.take_room(&id, plugin, &halt);
        if begun != Begun::Yes {
            return Ok(begun);
        }
        let event = vec![Draft::of_run(&id, &Executing {})];
        let moved = self.parts.runs.transition(&id, &["queued"], State::Running, None, event).await;
        let (true, Some(kernel)) = (matches!(moved, Ok(true)), self.itself.upgrade()) else {
            self.leave_room(&id);
            return Ok(moved.map(|_| Begun::Gone)?);
        };
        executions.spawn_on(async move { kernel.see_through(id, halt).await }, &self.parts.guests);
        Ok(Begun::Yes)
    }

    /// Slots of a driver that are free.
    fn free(&self, executions: &JoinSet<()>) -> u32 {
        u32::try_from(self.parts.at_once.saturating_sub(executions.len())).unwrap_or(u32::MAX)
    }

    /// Executions that a plugin may have beside those it has, whoever drives them.
    fn room(&self, plugin: &str) -> u32 {
        let Some(most) = self.parts.policy.limits(plugin).concurrent_runs else { return u32::MAX };
        let active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        u32::try_from(most.saturating_sub(executed(&active, plugin))).unwrap_or(u32::MAX)
    }

    /// Counts the run as executed, if its plugin may have one more.
    fn take_room(&self, id: &RunId, plugin: String, halt: &Halt) -> Begun {
        let most = self.parts.policy.limits(&plugin).concurrent_runs;
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        if active.contains_key(id) {
            return Begun::Held;
        }
        if most.is_some_and(|most| executed(&active, &plugin) >= most) {
            return Begun::Held;
        }
        active.insert(id.clone(), Active { plugin, halt: halt.clone(), pausing: None });
        Begun::Yes
    }

    fn leave_room(&self, id: &RunId) {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Waits until something changed, an execution ended, a time has come, or it is time to look around.
    async fn rest(&self, due: Option<u64>, looked: Instant, executions: &mut JoinSet<()>, stop: &Halt) {
        let until_due = due.map_or(LOOK, |due| Duration::from_millis(due.saturating_sub(self.parts.clock.now())));
        let look = until_due.min(LOOK.saturating_sub(looked.elapsed()));
        tokio::select! {
            () = self.changed.notified() => {}
            () = stop.raised(), if stop.interrupt().is_none() => {}
            Some(ended) = executions.join_next() => propagate_panic(ended),
            () = tokio::time::sleep(look) => {}
        }
    }

    /// Does what other processes asked for, also while no host executed: applies decisions on plugins, cancels runs.
    pub async fn honour_requests(&self) -> Result<(), KernelError> {
        self.look_at_grants().await?;
        self.see_to_cancelled().await?;
        Ok(())
    }

    /// Executes one run once and moves it on.
    async fn see_through(self: Arc<Self>, id: RunId, halt: Halt) {
        let ended = self.try_execution(&id, halt.clone()).await;
        let moved = match ended {
            // However the plugin ended it.
            Ok(ending) if halt.is_cancelling() && !goes_on(&ending) => self.end_execution_cancelled(&id).await,
            Ok(Ending::Trapped(error)) => self.move_on_from_trap(&id, error).await,
            Ok(Ending::Interrupted(Interrupt::Continued(continuation))) => self.begin_again(&id, &continuation).await,
            Ok(ending) => self.move_on(&id, ending).await,
            Err(error) => Err(error),
        };
        let moved = match moved {
            Ok(()) => self.pause_after_execution(&id).await,
            failed => failed,
        };
        // Only now, so that the next of its plugin does not begin before a trap is counted and this end is told.
        self.leave_room(&id);
        // This execution does not use a worktree any more.
        if halt.is_cancelling() || matches!(halt.interrupt(), Some(Interrupt::Cancelled)) {
            self.tidy_after(&id).await;
        } else if self.parts.worktrees.may_own(&id) {
            self.tidy_when_ended(&id).await;
        }
        if let Err(error) = moved {
            self.break_down(error);
        }
        self.changed();
    }

    async fn tidy_after(&self, id: &RunId) {
        if let Ok(run) = self.run(id).await {
            self.tidy_when_ended(&run.root).await;
        }
    }

    async fn try_execution(&self, id: &RunId, halt: Halt) -> Result<Ending, KernelError> {
        let run = match self.run(id).await {
            Ok(run) => run,
            // It may be this run's row alone; where it is the store, the pause cannot be written either.
            Err(error) => return Ok(paused(PauseKind::Operator, error.explain())),
        };
        if let Err(error) = replayable(&run) {
            return Ok(Ending::Interrupted(Pause::new(PauseKind::JournalForm, error.explain()).forked_at(run.first_call()).into()));
        }
        let Some(plugin) = self.version_of(&run.plugin, &run.plugin_hash).await? else {
            return Ok(paused(PauseKind::Plugin, other_version(&run)));
        };
        if let Err(error) = startable(&plugin) {
            return Ok(paused(PauseKind::Plugin, format!("{} Then resume the run.", error.explain())));
        }
        // Kept versions are not an exception: a key that is removed from the settings is not trusted for runs either.
        if plugin.origin != Origin::Bundled
            && let Err(reason) = self.parts.policy.trusts(&plugin.package)
        {
            return Ok(paused(PauseKind::Plugin, untrusted(&run, &reason)));
        }
        let history = match self.parts.journal.entries_after(&run.id, run.journal_from).await {
            Ok(history) => history,
            Err(error) => return Ok(paused(PauseKind::Operator, error.explain())),
        };
        let (authority, journal) = match self.authority_of(&run, &plugin).await {
            Ok((authority, journal)) => (Arc::new(authority), journal),
            Err(error) => return Ok(paused(PauseKind::Operator, error.explain())),
        };
        if run.cancelling.is_some() {
            halt.begin_cancelling();
        }
        let gate = Gate { history, halt: halt.clone(), journal, authority, closed: false };
        tokio::select! {
            ending = self.execute(&run, &plugin, gate) => Ok(ending),
            () = halt.cancelled() => Ok(Ending::Interrupted(Interrupt::Cancelled)),
        }
    }

    async fn end_execution_cancelled(&self, id: &RunId) -> Result<(), KernelError> {
        let run = self.run(id).await?;
        let event = vec![Draft::of_run(id, &Cancelled::of(run.cancelling))];
        self.parts.runs.transition(id, &["running"], State::Cancelled, None, event).await?;
        Ok(())
    }

    /// The trap is counted once the run has failed by it: what is not kept is not held against its plugin.
    async fn move_on_from_trap(&self, id: &RunId, error: CallError) -> Result<(), KernelError> {
        let reason = error.to_string();
        self.move_on(id, Ending::Trapped(error)).await?;
        self.count_trap(&self.run(id).await?, &reason).await
    }

    /// Moves a run from `running` to where its execution ended.
    async fn move_on(&self, id: &RunId, ending: Ending) -> Result<(), KernelError> {
        let (state, output) = match ending {
            Ending::Succeeded(outcome) => (State::Succeeded, Some(outcome)),
            Ending::Failed(error) | Ending::Trapped(error) => (State::Failed { error }, None),
            Ending::Interrupted(Interrupt::Suspended(wait)) => (State::Waiting { wait }, None),
            Ending::Interrupted(Interrupt::Paused(pause)) => (State::Paused { pause }, None),
            Ending::Interrupted(Interrupt::Diverged(divergence)) => {
                let reason = format!("{divergence}\nThe plugin is not deterministic.");
                let pause = Pause::new(PauseKind::Mismatch, reason).forked_at(divergence.seq);
                (State::Paused { pause }, None)
            }
            // One that continues does not come here: it is queued with its new input, all at once.
            Ending::Interrupted(Interrupt::Stopped | Interrupt::Continued(_)) => (State::Queued, None),
            Ending::Interrupted(Interrupt::Cancelled) => (State::Cancelled, None),
            Ending::Interrupted(Interrupt::Journal(error)) if error.scope == FailureScope::Run => {
                // What cannot be written of one run says nothing about others. Where it is the store after all, the pause cannot
                // be written either.
                let pause = Pause::new(PauseKind::Operator, unwritten(&error));
                (State::Paused { pause }, None)
            }
            Ending::Interrupted(Interrupt::Journal(error)) => return Err(error.into()),
        };
        let event = vec![describe_state(id, &state)];
        if let State::Failed { error } = &state {
            let failing = Run { state: state.clone(), ..self.run(id).await? };
            let call = self.failed_call(&failing).await?;
            self.parts.runs.fail(id, error.clone(), call.as_ref(), event).await?;
        } else {
            self.parts.runs.transition(id, &["running"], state, output, event).await?;
        }
        Ok(())
    }
}

/// Whether an execution ended for reasons of the host, so that its run is executed again.
fn goes_on(ending: &Ending) -> bool {
    matches!(ending, Ending::Interrupted(Interrupt::Stopped | Interrupt::Journal(_)))
}

/// The event of a run that comes into a state.
fn describe_state(id: &RunId, state: &State) -> Draft {
    match state {
        State::Queued => Draft::of_run(id, &QueuedAgain {}),
        State::Running => Draft::of_run(id, &Executing {}),
        State::Waiting { wait } => Draft::of_run(id, &Waiting { wait: wait.into() }),
        State::Paused { pause } => Draft::of_run(id, &Paused { kind: pause.kind, reason: pause.reason.clone() }),
        State::Succeeded => Draft::of_run(id, &Succeeded {}),
        State::Failed { error } => Draft::of_run(id, &Failed { kind: error.kind.clone(), reason: error.text.clone() }),
        State::Cancelled => Draft::of_run(id, &Cancelled::of(None)),
    }
}

/// A defect of the host in one execution ends the host with its own words, rather than leaving a run that is not executed.
fn propagate_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

fn executed(active: &HashMap<RunId, Active>, plugin: &str) -> usize {
    active.values().filter(|active| active.plugin == plugin).count()
}

fn unwritten(error: &StorageError) -> String {
    format!("{} Only this run is paused. Remove the cause, then resume the run.", error.explain())
}

fn untrusted(run: &Run, reason: &str) -> String {
    let (plugin, version) = (&run.plugin, &run.plugin_version);
    format!("Version {version} of `{plugin}`, which the run began with, is not trusted any more. {reason} Then resume the run.")
}

fn other_version(run: &Run) -> String {
    format!(
        "The run began with version {version} of `{plugin}` (sha256 {hash}), which is not installed now. Install that file again, then \
         resume the run.",
        version = run.plugin_version,
        plugin = run.plugin,
        hash = run.plugin_hash.get(..12).unwrap_or(&run.plugin_hash),
    )
}

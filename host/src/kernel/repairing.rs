//! Moves a stuck run to the current version of its plugin, once that version has replayed the run's journal. Does nothing
//! that the journal holds a second time, and rejects a run whose end nothing waits for.

use std::sync::Arc;

use serde_json::json;

use super::{
    Kernel, KernelError,
    events::{GivenUp, Repinned, VersionHash},
    execution::Ending,
    recording::Recording,
    registry::{Origin, Plugin},
    run::{Repin, Run, State},
    starting::{replayable, resumed},
};
use crate::{
    actor::Actor,
    errors::{Reason, StorageError},
    events::Draft,
    journal::{CallError, Divergence, Effect, Entry, EntryState, Inspected, Interrupt, RunId},
};

/// What came of moving a run to the current version of its plugin.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// The run is queued with it.
    Queued(Repaired),
    /// The version makes another call than the journal holds.
    Diverged(Divergence),
    /// The version makes the calls of the journal, and then fails.
    Fails(CallError),
    /// The version was ended before it had made them, for this reason.
    Stopped(String),
}

/// A run with another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The version it has now.
    pub version: String,
    /// The version it had.
    pub before: String,
    /// Calls whose answers it keeps.
    pub kept: u64,
    /// Calls that it makes again.
    pub given_up: u64,
}

/// The calls of a journal, as they are before anything is changed.
struct Calls {
    /// Those that the version has to make again.
    kept: Vec<Entry>,
    /// The first that is given up: behind the last, where none is.
    given_up_from: u64,
    given_up: u64,
}

impl Kernel {
    /// Pins `run` to the current version of its plugin and queues it, once that version has made the calls of its journal in
    /// a replay that does nothing. Call `at` and those after it are given up. `by` is who decided.
    pub async fn repair(&self, run: &Run, at: Option<u64>, by: &Actor) -> Result<Repair, KernelError> {
        self.check_continuing(run).await?;
        let _resuming = self.resuming.lock().await;
        replayable(run)?;
        repairable(run)?;
        let parent = self.waiting_parent(run).await?;
        let plugin = self.approved(run)?;
        if at.is_none() && plugin.package.hash == run.plugin_hash {
            return Err(already_current(run));
        }
        let journal = self.replayed_calls(run).await?;
        let mut calls = Calls::of(run, &journal, at)?;
        let mut refusal = self.replay_kept(run, &plugin, &calls).await?;
        if let (None, Some(Repair::Diverged(divergence))) = (at, &refusal)
            && are_last_words(&journal, divergence.seq)
        {
            calls = Calls::of(run, &journal, Some(divergence.seq))?;
            refusal = self.replay_kept(run, &plugin, &calls).await?;
        }
        if let Some(refusal) = refusal {
            return Ok(refusal);
        }
        self.keep(&plugin).await?;
        self.repin(run, parent.as_ref(), &plugin, &calls, by).await
    }

    /// The current version of the run's plugin, if a run may begin with it.
    fn approved(&self, run: &Run) -> Result<Arc<Plugin>, KernelError> {
        let plugin = self.plugin(&run.plugin, run.kind)?;
        if plugin.origin != Origin::Bundled {
            self.parts.policy.trusts(&plugin.package).map_err(|reason| KernelError::WrongState(Reason::new(reason)))?;
        }
        Ok(plugin)
    }

    /// The run that waits for the end of `run`. One that has got it already, or that has ended itself, is no use: whatever
    /// the repaired run gave would go nowhere.
    async fn waiting_parent(&self, run: &Run) -> Result<Option<Run>, KernelError> {
        let Some((parent, seq)) = &run.parent else { return Ok(None) };
        let parent = self.run(parent).await?;
        let (child, id) = (run.id.short(), parent.id.short());
        let instead = || format!("Make the call that started it again: `baton runs resume {id} --on current --at {seq}`.");
        let lost = |how: &str| {
            Reason::new(format!("Run {id}, which started run {child}, has {how}, so nothing would receive the answer of run {child}."))
        };
        match parent.state {
            State::Succeeded | State::Cancelled => Err(KernelError::WrongState(lost("ended").advise("Start a new run."))),
            State::Failed { .. } => Err(KernelError::WrongState(lost("failed").advise(instead()))),
            _ if !matches!(run.state, State::Failed { .. }) => Ok(Some(parent)),
            State::Running => Err(KernelError::WrongState(
                Reason::new(format!("Run {child} has failed, and run {id}, which started it, is executed now and may get that result."))
                    .advise(format!("Try again when run {id} waits.")),
            )),
            _ if self.has_result(&parent, *seq, &run.id).await? => Err(KernelError::WrongState(
                Reason::new(format!("Run {child} has failed, and run {id}, which started it, has continued with that result."))
                    .advise(instead()),
            )),
            _ => Ok(Some(parent)),
        }
    }

    /// Whether an answer in the journal of `parent` is how `child`, which call `seq` started, has failed.
    async fn has_result(&self, parent: &Run, seq: u64, child: &RunId) -> Result<bool, KernelError> {
        if seq <= parent.journal_from {
            return Ok(true);
        }
        let journal = self.parts.journal.inspect(&parent.id).await?;
        let answered = journal.into_iter().map(|found| found.entry).filter(|entry| entry.state == EntryState::Done && entry.seq >= seq);
        Ok(answered.into_iter().any(|entry| match entry.seq == seq {
            // What only started it was answered with its id.
            true => entry.error().is_some(),
            false => entry.answer.is_some_and(|answer| answer.contains(child.as_str())),
        }))
    }

    /// Replays the calls that are kept. Returns why the version does not help, if it does not.
    async fn replay_kept(&self, run: &Run, plugin: &Arc<Plugin>, calls: &Calls) -> Result<Option<Repair>, KernelError> {
        // Where the workspace is gone, the run's own settings have to do.
        let project = self.settings_of(run).await.unwrap_or_else(|_| json!({}));
        let recording = Recording::of(run, Vec::new(), &[project, run.settings.clone()]);
        let ending = self.execute_closed(recording, calls.kept.clone(), Arc::clone(plugin)).await?;
        Ok(match ending {
            Ending::Succeeded(_) => None,
            Ending::Failed(error) | Ending::Trapped(error) => Some(Repair::Fails(error)),
            // It makes a call that the journal does not answer: from there on it is the run's own.
            Ending::Interrupted(Interrupt::Diverged(divergence)) if divergence.recorded.is_none() => None,
            Ending::Interrupted(Interrupt::Diverged(divergence)) => Some(Repair::Diverged(*divergence)),
            Ending::Interrupted(other) => Some(Repair::Stopped(other.to_string())),
        })
    }

    async fn repin(&self, run: &Run, parent: Option<&Run>, plugin: &Plugin, calls: &Calls, by: &Actor) -> Result<Repair, KernelError> {
        let version = plugin.package.manifest.version.to_string();
        let (hash, given_up_from) = (&*plugin.package.hash, calls.given_up_from);
        let reopened = self.cancelled_with(run, given_up_from).await?;
        let repin = Repin { run, parent, version: &version, hash, given_up_from, reopened: &reopened };
        let queued = [&run.id].into_iter().chain(reopened.iter().map(|(id, _)| id)).map(resumed);
        let events = [repinned(run, plugin, calls, by)].into_iter().chain(queued).collect();
        if !self.parts.runs.repin(repin, events).await? {
            let id = run.id.short();
            return Err(KernelError::WrongState(
                Reason::new(format!("Run {id} has changed in the meantime. Baton has done nothing."))
                    .advise(format!("`baton runs show {id}` shows it; then try again.")),
            ));
        }
        // What the calls that were given up started.
        self.see_to_cancelled().await?;
        self.changed();
        let (kept, given_up) = (calls.answering(), calls.given_up);
        Ok(Repair::Queued(Repaired { version, before: run.plugin_version.clone(), kept, given_up }))
    }

    /// The runs that were cancelled because `run` failed, without those below its calls from `from` on.
    async fn cancelled_with(&self, run: &Run, from: u64) -> Result<Vec<(RunId, u64)>, KernelError> {
        if !matches!(run.state, State::Failed { .. }) {
            return Ok(Vec::new());
        }
        let cancelled = self.ended_with(run, &[]).await?;
        let mut continuing = Vec::new();
        for (id, seq) in cancelled {
            let above = self.run(&id).await?.parent;
            let is_kept = |(parent, call): &(RunId, u64)| match *parent == run.id {
                true => *call < from,
                false => continuing.iter().any(|(id, _)| id == parent),
            };
            if above.as_ref().is_some_and(is_kept) {
                continuing.push((id, seq));
            }
        }
        Ok(continuing)
    }
}

impl Calls {
    fn of(run: &Run, journal: &[Inspected], at: Option<u64>) -> Result<Self, KernelError> {
        let (first, behind) = (run.first_call(), journal.last().map_or(run.journal_from, |found| found.entry.seq) + 1);
        let given_up_from = at.unwrap_or(behind);
        if !(first..=behind).contains(&given_up_from) {
            let id = run.id.short();
            return Err(KernelError::WrongState(
                Reason::new(format!("Run {id} cannot give up calls from {given_up_from} on."))
                    .advise(format!("Give `--at` {first} to {behind}.")),
            ));
        }
        let (kept, given_up): (Vec<_>, Vec<_>) = journal.iter().partition(|found| found.entry.seq < given_up_from);
        if let Some(damage) = kept.iter().filter(|found| is_valid(found)).find_map(|found| found.damage.clone()) {
            return Err(StorageError::read("the journal", damage).of_run().into());
        }
        let kept = kept.into_iter().map(|found| found.entry.clone()).collect();
        let given_up = given_up.into_iter().filter(|found| is_valid(found)).count() as u64;
        Ok(Self { kept, given_up_from, given_up })
    }

    /// How many of the calls that are kept answer the version.
    fn answering(&self) -> u64 {
        self.kept.iter().filter(|entry| entry.state != EntryState::GivenUp).count() as u64
    }
}

/// Whether an entry was not given up before.
fn is_valid(found: &Inspected) -> bool {
    found.entry.state != EntryState::GivenUp
}

/// Whether call `seq` and all after it only told something, as a plugin does that panics: no other version says the same, and
/// none was answered.
fn are_last_words(journal: &[Inspected], seq: u64) -> bool {
    journal.iter().filter(|found| found.entry.seq >= seq && is_valid(found)).all(|found| found.entry.effect == Effect::Emit)
}

/// Whether a run stands so that it can have another version, or why not.
fn repairable(run: &Run) -> Result<(), KernelError> {
    let id = run.id.short();
    Err(KernelError::WrongState(match run.state {
        State::Paused { .. } | State::Waiting { .. } | State::Failed { .. } if run.cancelling.is_some() => {
            Reason::new(format!("Run {id} is being cancelled and cannot be resumed.")).advise("Start a new run.")
        }
        State::Paused { .. } | State::Waiting { .. } | State::Failed { .. } => return Ok(()),
        State::Queued | State::Running => Reason::new(format!("Run {id} is {} and is not stuck.", run.state.as_str()))
            .advise("A run can have another version when it is paused, waits or has failed."),
        State::Succeeded => Reason::new(format!("Run {id} has succeeded and cannot be resumed.")).advise("Start a new run."),
        State::Cancelled => Reason::new(format!("Run {id} was cancelled and cannot be resumed.")).advise("Start a new run."),
    }))
}

fn already_current(run: &Run) -> KernelError {
    let (id, plugin, version) = (run.id.short(), &run.plugin, &run.plugin_version);
    KernelError::WrongState(
        Reason::new(format!("Run {id} has the current version of `{plugin}`, {version}, already."))
            .advise("Install the repaired plugin first, or give the calls up that go wrong with `--at SEQ`."),
    )
}

fn repinned(run: &Run, plugin: &Plugin, calls: &Calls, by: &Actor) -> Draft {
    let repinned = Repinned {
        plugin: run.plugin.clone(),
        from: VersionHash { version: run.plugin_version.clone(), hash: run.plugin_hash.clone() },
        to: VersionHash { version: plugin.package.manifest.version.to_string(), hash: plugin.package.hash.clone() },
        given_up: (calls.given_up > 0).then_some(GivenUp { from: calls.given_up_from, calls: calls.given_up }),
    };
    Draft::of_run(&run.id, &repinned).by(by)
}

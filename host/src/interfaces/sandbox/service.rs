//! Executes jobs for runs: finds the image in the operator's list, has the engine execute, and makes an answer of what came
//! of it. Decides no permission; whoever calls has passed the gate.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    answers::{RUNNING, may_run, not_started, paused, shorten_command, unavailable},
    collector::{Artifacts, Collected, Teller},
    engine::{Ended, Engine, EngineError, Extra, Key, PriorCommand, Task, User},
    events::{self, Executed},
    job::{Job, Outcome},
    leftovers::{Covers, Leftovers, Prepared, REPOSITORY, Swept},
    room::{Room, lacking},
    services::Active,
    settings::{EngineKind, Image, Settings},
    setup::{SetupParts, SetupRequest, Setups},
    watching::{Watched, watch_work},
};
use crate::{
    errors::{Hint, StorageError},
    events::{Draft, EventLog},
    interfaces::{
        environments::Environments,
        folder_locks::{FolderLock, FolderLocks, Work},
        used_by_git::UsedByGit,
    },
    journal::{Attempt, CallError, Halt, NeedKind, Performed, Redactor, RunId, Wait},
};

/// Pieces of output that may wait to be taken in.
const PIECES: usize = 64;
/// How long the end of the process waits for containers to be removed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long until an engine is asked again that did not end a command.
const AGAIN: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(5) };
/// Seconds that a command may take that asks for none, where the operator does not allow less.
const USUAL_TIMEOUT: u32 = 600;
/// How often a command is executed that is ended with its engine each time.
const TRIES: usize = 3;

/// What the sandbox is made of; `app` hands it in.
pub struct Parts {
    /// Executes.
    pub engine: Arc<dyn Engine>,
    /// What the operator set.
    pub settings: Settings,
    /// Is told while commands run.
    pub events: Arc<dyn EventLog>,
    /// Keeps long outputs.
    pub artifacts: Arc<dyn Artifacts>,
    /// Knows what no event may hold.
    pub redactor: Redactor,
    /// Where the host keeps its own, absolute and without links: no container gets a workspace that holds any of it.
    pub own: Vec<PathBuf>,
    /// Where worktrees of Baton's lie, and nothing of a person's.
    pub worktrees: PathBuf,
    /// Where it is noted what commands may leave, and where that is moved to.
    pub leftovers: PathBuf,
    /// Keeps commands and git apart.
    pub folders: Arc<FolderLocks>,
    /// Knows what a person's git executes in a workspace.
    pub git: Arc<dyn UsedByGit>,
    /// Knows the image of a run's project.
    pub environments: Arc<dyn Environments>,
    /// Tells what the disk of a folder has left.
    pub room: fn(&Path) -> Option<Room>,
}

/// Where commands of all runs are executed.
pub struct Sandbox {
    pub(super) parts: Arc<Parts>,
    pub(super) setups: Setups,
    pub(super) active: Arc<Active>,
    permits: Semaphore,
    leftovers: Arc<Leftovers>,
    /// Removes containers.
    removing: Mutex<JoinSet<()>>,
    /// The folders in which commands run, or may still run.
    entered: Mutex<HashMap<Key, Entered>>,
}

/// A folder in which a command runs, or may still run.
struct Entered {
    _lock: FolderLock,
    /// An earlier host started the command, and nobody has asked for it since.
    is_left: bool,
}

/// Whose command it is, and the folder it works in.
#[derive(Clone, Debug)]
pub struct CommandContext {
    /// The run.
    pub run: RunId,
    /// The folder.
    pub workspace: PathBuf,
    /// Tells why nobody waits any more.
    pub halt: Halt,
}

impl Sandbox {
    /// A sandbox of these parts.
    pub fn new(parts: Parts, setup: SetupParts) -> Self {
        let permits = Semaphore::new(parts.settings.at_once.min(Semaphore::MAX_PERMITS));
        let leftovers = Arc::new(Leftovers::new(parts.leftovers.clone(), Arc::clone(&parts.git)));
        let setups = Setups::new(setup);
        Self {
            parts: Arc::new(parts),
            setups,
            active: Arc::default(),
            permits,
            leftovers,
            removing: Mutex::default(),
            entered: Mutex::default(),
        }
    }

    /// Executes a job, or finds the one of this call again. A future that is dropped takes its command with it. So does a host
    /// that is told to stop, unless the command ends by itself in time; then the call is made again when the run goes on.
    /// What the project has beside its tests is there for it.
    pub async fn execute(&self, place: CommandContext, job: Job, wanted: &SetupRequest, attempt: &Attempt) -> Performed<Outcome> {
        if let Err(error) = self.check(&job) {
            return Performed::answer(Err(error));
        }
        let image = match self.image(&job.image, &place.run).await {
            Ok(image) => image,
            Err(hindered) => return hindered,
        };
        let mut extra = self.setups.extra(&place.workspace, &image);
        let _services = match self.add_services(&place, &job, (wanted, &image), &mut extra).await {
            Ok(held) => held,
            Err(hindered) => return hindered,
        };
        self.execute_in(&place, &job, (image, extra), attempt).await
    }

    /// Executes a job in an image as it is described here, and with more than others see.
    pub(super) async fn execute_in(
        &self,
        place: &CommandContext,
        job: &Job,
        (image, extra): (Image, Extra),
        attempt: &Attempt,
    ) -> Performed<Outcome> {
        if self.holds_own(&place.workspace) {
            return Performed::answer(Err(CallError::invalid(
                "The workspace holds what Baton keeps for itself, which no container may see; work in a folder of the project.".to_owned(),
            )));
        }
        let Ok(_permit) = self.permits.acquire().await else { return unavailable("The host stops; execute the command again later.") };
        let key = Key { run: place.run.clone(), seq: attempt.seq };
        if let Err(error) = self.enter(&key, &place.workspace).await {
            return Performed::answer(Err(error));
        }
        let performed = self.execute_alone(place, job, (&image, &extra), attempt, &key).await;
        // Where it may be going on, git stays out until it is found again or forgotten.
        if !may_run(&performed) {
            self.entered().remove(&key);
        }
        performed
    }

    /// What is used up on the disk of a workspace, a sentence.
    fn lacking(&self, place: &CommandContext) -> Option<String> {
        lacking((self.parts.room)(&place.workspace), self.parts.settings.keep_free)
    }

    /// Executes a job while git does nothing in its workspace.
    async fn execute_alone(
        &self,
        place: &CommandContext,
        job: &Job,
        (image, extra): (&Image, &Extra),
        attempt: &Attempt,
        key: &Key,
    ) -> Performed<Outcome> {
        self.clear_planted(&place.workspace);
        let before = if attempt.again { Teller::count_told(&*self.parts.events, key).await } else { [0; 2] };
        let teller = Teller {
            key: key.clone(),
            events: Arc::clone(&self.parts.events),
            redactor: self.parts.redactor.clone(),
            before,
            image: job.image.clone(),
            command: shorten_command(&job.command.join(" ")),
        };
        let mut is_found = match attempt.again {
            true => match self.parts.engine.holds(key).await {
                Ok(is_found) => is_found,
                Err(EngineError::Absent(reason)) => return Performed::Waiting(Wait::needed(NeedKind::Engine, RUNNING, reason)),
                Err(error) => return paused(format!("A command cannot be found again: {error} Then resume the run."), true),
            },
            false => false,
        };
        for _ in 0..TRIES {
            let begun = Begun { key, image, extra, is_found, asked_at: attempt.asked_at };
            match self.execute_once(place, job, begun, &teller).await {
                Some(performed) => return performed,
                None => is_found = false,
            }
        }
        paused(
            format!("A command was ended {TRIES} times together with its container engine. Check the engine, then resume the run."),
            false,
        )
    }

    /// Keeps git out of a workspace until the command is over. One that may be running already is not waited for again.
    async fn enter(&self, key: &Key, workspace: &Path) -> Result<(), CallError> {
        if let Some(entered) = self.entered().get_mut(key) {
            entered.is_left = false;
            return Ok(());
        }
        let lock = self.parts.folders.lock(workspace, Work::Command, &key.run).await?;
        self.entered().insert(key.clone(), Entered { _lock: lock, is_left: false });
        Ok(())
    }

    fn entered(&self) -> MutexGuard<'_, HashMap<Key, Entered>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The commands that keep git out of their workspace.
    pub fn unfinished(&self) -> Vec<Key> {
        self.entered().keys().cloned().collect()
    }

    /// None where the command was cut off with its engine and can be executed again.
    async fn execute_once(&self, place: &CommandContext, job: &Job, begun: Begun<'_>, teller: &Teller) -> Option<Performed<Outcome>> {
        let Begun { key, image, extra, is_found, asked_at } = begun;
        let (Prepared { covers, lost }, user) = match self.prepare(place, key, is_found).await {
            Ok(prepared) => prepared,
            Err(performed) => return Some(performed),
        };
        let task = Task {
            key: key.clone(),
            image: image.clone(),
            command: job.command.clone(),
            env: extra.env.clone().into_iter().chain(job.env.clone()).collect(),
            workspace: place.workspace.clone(),
            timeout_ms: job.timeout_ms.unwrap_or_else(|| self.longest(&job.image).min(USUAL_TIMEOUT).saturating_mul(1000)),
            asked_at,
            covers: covers.clone(),
            mounts: extra.mounts.clone(),
            network: extra.network.clone(),
            user,
            found: is_found.then_some(PriorCommand { lost }),
        };
        let mut abandoned = Abandoned { sandbox: self, command: Some((key.clone(), covers)) };
        let (sender, receiver) = tokio::sync::mpsc::channel(PIECES);
        let mut collected = Collected::default();
        let work = async { tokio::join!(self.parts.engine.execute(&task, sender), collected.listen(receiver, teller)).0 };
        let watched = match watch_work(work, place, || self.lacking(place)).await {
            // It may have used up the disk since the last look, and have failed for that.
            Watched::Ended(Ok(ended)) if ended.exit_code != 0 => match self.lacking(place) {
                Some(reason) => Watched::UsedUp(reason),
                None => Watched::Ended(Ok(ended)),
            },
            watched => watched,
        };
        let performed = match watched {
            Watched::Ended(Ok(ended)) => Some(self.swept_up(ended, &collected, teller).await),
            Watched::Ended(Err(EngineError::Lost(reason))) => {
                // It may be going on; then this is done again at its end.
                let _ = self.leftovers.sweep(key).await;
                self.leftovers.note_lost(key, task.covers.clone()).await;
                Some(Performed::Waiting(Wait::needed(NeedKind::Engine, RUNNING, reason)))
            }
            Watched::Ended(Err(EngineError::CutOff)) => self.end(key, &task.covers).await.err(),
            Watched::Ended(Err(error)) if is_found => Some(paused(format!("{error} Then resume the run."), true)),
            Watched::Ended(Err(error)) => {
                // It is not running, so nothing depends on whether the engine answers now.
                let _ = self.parts.engine.discard(key).await;
                sweep_up(&self.leftovers, &self.parts, key).await;
                Some(not_started(error))
            }
            Watched::UsedUp(reason) => Some(match self.end(key, &task.covers).await {
                Ok(()) => paused(format!("Baton ended a command. {reason} Then resume the run, which executes the command again."), false),
                Err(paused) => paused,
            }),
            Watched::Cancelled => Some(match self.end(key, &task.covers).await {
                Ok(()) => Performed::answer(Err(CallError::cancelling())),
                Err(paused) => paused,
            }),
            Watched::Stopped => {
                let _ = self.end(key, &task.covers).await;
                abandoned.command = None;
                drop(task);
                // The call has no answer. Whoever waits for it gives up now.
                std::future::pending().await
            }
        };
        abandoned.command = None;
        performed
    }

    /// What is known of the workspace before the command, or why it is not executed.
    async fn prepare(&self, place: &CommandContext, key: &Key, is_found: bool) -> Result<(Prepared, Option<User>), Performed<Outcome>> {
        let isolates = self.parts.settings.engine == EngineKind::Docker;
        if is_found {
            let recalled = self.leftovers.recall(key, &place.workspace, isolates).await;
            let recalled =
                recalled.map_err(|reason| paused(format!("A command cannot be found again: {reason} Then resume the run."), true));
            return Ok((recalled?, None));
        }
        // A try that does not count may have left something.
        if let Err(reason) = self.leftovers.finish(key).await {
            return Err(unavailable(&reason));
        }
        if let Some(reason) = self.lacking(place) {
            return Err(paused(format!("A command cannot be executed. {reason} Then resume the run."), false));
        }
        // Before it is noted what is there, since it changes that.
        let user = self.parts.engine.admit(&place.workspace).await.map_err(not_started)?;
        let prepared = self.leftovers.prepare(key, &place.workspace, isolates).await.map_err(|reason| {
            self.leftovers.leave(key);
            unavailable(&reason)
        });
        Ok((prepared?, user))
    }

    /// Ends a command, sweeps up after it and forgets it. Where it may still be running its run is paused, and git stays out
    /// of its folder until it is found again.
    async fn end(&self, key: &Key, covers: &Covers) -> Result<(), Performed<Outcome>> {
        if let Err(error) = self.parts.engine.discard(key).await {
            let _ = self.leftovers.sweep(key).await;
            self.leftovers.note_lost(key, covers.clone()).await;
            return Err(paused(format!("A command cannot be ended, so it may still be running. {error}"), true));
        }
        sweep_up(&self.leftovers, &self.parts, key).await;
        Ok(())
    }

    /// Sweeps up after a command that has ended, and answers. Nobody sees the workspace as the command left it.
    async fn swept_up(&self, ended: Ended, collected: &Collected, teller: &Teller) -> Performed<Outcome> {
        match self.leftovers.sweep_ended(&teller.key).await {
            Ok(swept) => self.answer(ended, &swept, collected, teller).await,
            Err(reason) => {
                self.leftovers.leave(&teller.key);
                paused(format!("What a command left in the workspace cannot be checked. {reason} Then resume the run."), true)
            }
        }
    }

    /// No repository lies in a worktree of Baton's, so a link by that name is what an earlier command left. A container may not
    /// have it, and nobody should have to come and remove it.
    fn clear_planted(&self, workspace: &Path) {
        let link = workspace.join(REPOSITORY);
        let is_ours = workspace.starts_with(&self.parts.worktrees);
        if is_ours && link.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
            // Where it stays, the engine refuses the workspace with its name.
            let _ = std::fs::remove_file(link);
        }
    }

    fn holds_own(&self, workspace: &Path) -> bool {
        let Ok(workspace) = workspace.canonicalize() else { return false };
        // `.baton` is covered in every container.
        let covered = workspace.join(".baton");
        self.parts.own.iter().any(|own| own.starts_with(&workspace) && !own.starts_with(&covered))
    }

    /// All that a command of this run printed, by the name that its outcome gave. The name alone lets no other run read it.
    pub async fn output(&self, run: &RunId, name: &str) -> Result<String, CallError> {
        if !self.has_output(run, name).await? {
            let name = name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            return Err(CallError::not_found(format!(
                "No command of this run has an output `{name}`; use a name that an outcome gave, or execute the command again."
            )));
        }
        self.parts.artifacts.load(name).await.map_err(|error| CallError::not_found(error.explain()))
    }

    async fn has_output(&self, run: &RunId, name: &str) -> Result<bool, CallError> {
        const PAGE: u32 = 1_000;
        let unread = |error: StorageError| CallError::unavailable(error.explain());
        let mut cursor = 0;
        loop {
            let page = self.parts.events.after(cursor, Some(run), PAGE).await.map_err(unread)?;
            let Some(last) = page.last() else { return Ok(false) };
            cursor = last.cursor;
            let is_named = |draft: &Draft| draft.payload::<Executed>().is_some_and(|executed| executed.output.as_deref() == Some(name));
            if page.iter().any(|event| is_named(&event.draft)) {
                return Ok(true);
            }
        }
    }

    /// What executes, and its version.
    pub async fn about(&self) -> Result<String, EngineError> {
        self.parts.engine.about().await
    }

    /// Forgets a command whose answer is in the journal, or that is over: ends it, and sweeps up after it.
    pub fn forget(&self, key: Key) {
        self.forget_holding(key, Covers::none());
    }

    /// What covers something in the container is there as long as the container is.
    fn forget_holding(&self, key: Key, covers: Covers) {
        let (leftovers, parts) = (Arc::clone(&self.leftovers), Arc::clone(&self.parts));
        let entered = self.entered().remove(&key);
        let mut removing = self.removing.lock().unwrap_or_else(PoisonError::into_inner);
        while removing.try_join_next().is_some() {}
        removing.spawn(async move {
            discard_surely(&parts, &key).await;
            drop(covers);
            sweep_up(&leftovers, &parts, &key).await;
            drop(entered);
        });
    }

    /// The commands that no host has forgotten.
    pub async fn list_left(&self) -> Vec<Key> {
        let mut left = self.parts.engine.list_left().await.unwrap_or_else(|error| {
            // Without an engine there is nothing to clean up, and whoever needs one will be told.
            tracing::debug!(%error, "containers are not looked for");
            Vec::new()
        });
        left.extend(self.leftovers.keys().into_iter().filter(|key| !left.contains(key)).collect::<Vec<_>>());
        left
    }

    /// Sweeps the workspaces of commands that a host left which is gone. Before anything else is done in them. Their
    /// containers may still run, so git stays out of them until each is found again, forgotten or known to have ended.
    pub async fn sweep_left(&self) {
        self.leftovers.sweep_left().await;
        let left = self.leftovers.workspaces().into_iter();
        self.entered().extend(left.map(|(key, workspace)| {
            let lock = self.parts.folders.lock_for_running(&workspace, &key.run);
            (key, Entered { _lock: lock, is_left: true })
        }));
    }

    /// Lets git into the checkouts of people where a command that an earlier host left has ended. Its run may be resumed much
    /// later. A worktree belongs to that run alone.
    pub async fn release_ended(&self) {
        let left: Vec<_> = self.entered().iter().filter(|(_, entered)| entered.is_left).map(|(key, _)| key.clone()).collect();
        for (key, workspace) in self.leftovers.workspaces().into_iter().filter(|(key, _)| left.contains(key)) {
            if workspace.starts_with(&self.parts.worktrees) || !matches!(self.parts.engine.is_running(&key).await, Ok(false)) {
                continue;
            }
            // What it made since the sweep at the start.
            if let Err(reason) = self.leftovers.sweep(&key).await {
                tracing::warn!(command = %key, reason, "what a command left is not swept; its run tries again");
                continue;
            }
            let mut entered = self.entered();
            if entered.get(&key).is_some_and(|entered| entered.is_left) {
                entered.remove(&key);
            }
        }
    }

    /// Lets what is being removed be removed, for a while.
    pub async fn close(&self) {
        let removing = std::mem::take(&mut *self.removing.lock().unwrap_or_else(PoisonError::into_inner));
        let closed = async {
            tokio::join!(removing.join_all(), self.end_services());
            self.parts.engine.close().await;
        };
        if tokio::time::timeout(PATIENCE, closed).await.is_err() {
            tracing::warn!("containers are still being removed; the next start removes what is left");
        }
    }

    async fn answer(&self, ended: Ended, swept: &Swept, collected: &Collected, teller: &Teller) -> Performed<Outcome> {
        let redactor = &self.parts.redactor;
        let output = match collected.whole(redactor) {
            None => None,
            Some(whole) => match self.parts.artifacts.keep(whole).await {
                Ok(name) => Some(name),
                Err(error) => {
                    self.leftovers.leave(&teller.key);
                    return paused(format!("{} Then resume the run.", error.explain()), true);
                }
            },
        };
        let mut stderr = collected.stderr(redactor);
        if let Some(remark) = swept.remark() {
            stderr.push_str(&format!("\n[{remark}]\n"));
        }
        let Ended { ending, exit_code, took } = ended;
        let executed = Executed {
            seq: teller.key.seq,
            image: teller.image.clone(),
            command: teller.command.clone(),
            ending,
            exit_code,
            took_ms: took,
            output: output.clone(),
        };
        let event = Draft::of_run(&teller.key.run, &executed);
        let outcome = Outcome { ending, exit_code, stdout: collected.stdout(redactor), stderr, output, took_ms: took };
        Performed::Answered(Ok(outcome), [event].into_iter().chain(describe_sweep(&teller.key, swept)).collect())
    }
}

/// A command that is about to be executed.
struct Begun<'a> {
    key: &'a Key,
    image: &'a Image,
    extra: &'a Extra,
    /// An earlier host has started it.
    is_found: bool,
    asked_at: u64,
}

/// Ends a command that nobody waits for any more: its run was cancelled, or is out of time.
struct Abandoned<'a> {
    sandbox: &'a Sandbox,
    command: Option<(Key, Covers)>,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        // Without a runtime the process ends, and the command is found again by the next.
        if let (Some((key, covers)), Ok(_)) = (self.command.take(), tokio::runtime::Handle::try_current()) {
            self.sandbox.forget_holding(key, covers);
        }
    }
}

/// Ends a command that nobody waits for. An engine that does not answer is asked again, for as long as this host lives.
async fn discard_surely(parts: &Parts, key: &Key) {
    let mut is_told = false;
    while let Err(error) = parts.engine.discard(key).await {
        if !is_told {
            tracing::warn!(command = %key, %error, "a command cannot be ended, so git stays out of its folder until it is");
            is_told = true;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Sweeps up after a command that is gone, and tells watchers; where that fails, whoever works there next tries again first.
async fn sweep_up(leftovers: &Arc<Leftovers>, parts: &Parts, key: &Key) {
    let told = match leftovers.finish(key).await {
        Ok(swept) => describe_sweep(key, &swept),
        Err(reason) => {
            tracing::warn!(command = %key, reason, "what a command left in the workspace is not swept");
            None
        }
    };
    if let Some(event) = told {
        let event = event.map(|data| parts.redactor.value(data));
        if let Err(error) = parts.events.append(vec![event]).await {
            tracing::warn!(%error, "watchers are not told what was swept");
        }
    }
}

/// What watchers are told of what a command left; nothing where it left nothing that matters.
fn describe_sweep(key: &Key, swept: &Swept) -> Option<Draft> {
    let swept = (!swept.is_empty()).then(|| events::Swept { seq: key.seq, traces: swept.traces.clone(), more: swept.more as u64 })?;
    Some(Draft::of_run(&key.run, &swept))
}

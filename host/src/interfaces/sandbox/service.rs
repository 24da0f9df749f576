//! Executes jobs for runs: finds the image in the operator's list, has the engine execute, and makes an answer of what came
//! of it. Decides no permission; whoever calls has passed the gate.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    collector::{Artifacts, Collected, Teller},
    engine::{Ended, Engine, EngineError, Key, Task},
    job::{Job, Outcome},
    settings::{Image, Settings},
};
use crate::{
    events::{Category, Draft, EventLog},
    journal::{Attempt, CallError, Halt, Interrupt, Pause, PauseKind, Performed, Redactor, RunId},
};

/// Pieces of output that may wait to be taken in.
const PIECES: usize = 64;
/// How long the end of the process waits for containers to be removed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds that a command may take that asks for none, where the operator does not allow less.
const USUAL_TIMEOUT: u32 = 600;
/// Bytes of a command that are told.
const LONGEST_COMMAND: usize = 500;

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
}

/// Where commands of all runs are executed.
pub struct Sandbox {
    parts: Parts,
    permits: Semaphore,
    /// Removes containers.
    removing: Mutex<JoinSet<()>>,
}

/// Whose command it is, and the folder it works in.
#[derive(Clone, Debug)]
pub struct Place {
    /// The run.
    pub run: RunId,
    /// The folder.
    pub workspace: PathBuf,
    /// Tells why nobody waits any more.
    pub halt: Halt,
}

impl Sandbox {
    /// A sandbox of these parts.
    pub fn new(parts: Parts) -> Self {
        let permits = Semaphore::new(parts.settings.at_once.min(Semaphore::MAX_PERMITS));
        Self { parts, permits, removing: Mutex::default() }
    }

    /// Executes a job, or finds the one of this call again. A future that is dropped takes its command with it, unless the host
    /// was told to stop: then the command goes on, and is found when the run does.
    pub async fn execute(&self, place: Place, job: Job, attempt: &Attempt) -> Performed<Outcome> {
        let image = match self.image(&job) {
            Ok(image) => image.clone(),
            Err(error) => return Performed::answer(Err(error)),
        };
        if self.holds_own(&place.workspace) {
            return Performed::answer(Err(CallError::Invalid(
                "The workspace holds what Baton keeps for itself, which no container may see; work in a folder of the project.".to_owned(),
            )));
        }
        self.clear_planted(&place.workspace);
        let Ok(_permit) = self.permits.acquire().await else {
            return Performed::answer(Err(CallError::Unavailable("The host stops; execute the command again later.".to_owned())));
        };
        let key = Key { run: place.run, seq: attempt.seq };
        let before = if attempt.again { Teller::told_before(&*self.parts.events, &key).await } else { [0; 2] };
        let teller = Teller {
            key: key.clone(),
            events: Arc::clone(&self.parts.events),
            redactor: self.parts.redactor.clone(),
            before,
            image: job.image.clone(),
            command: shortened(&job.command.join(" ")),
        };
        let task = Task {
            key,
            image,
            command: job.command,
            env: job.env,
            workspace: place.workspace,
            timeout: if job.timeout == 0 { self.longest(&job.image).min(USUAL_TIMEOUT) } else { job.timeout },
            asked_at: attempt.asked_at,
            keep_free: self.parts.settings.keep_free,
        };
        let mut abandoned = Abandoned { sandbox: self, key: Some(task.key.clone()), halt: place.halt };
        let (sender, receiver) = tokio::sync::mpsc::channel(PIECES);
        let mut collected = Collected::default();
        let (ended, ()) = tokio::join!(self.parts.engine.execute(&task, sender), collected.listen(receiver, &teller));
        abandoned.key = None;
        match ended {
            Ok(ended) => self.answer(ended, &collected, &teller).await,
            Err(EngineError::Unavailable(reason)) => Performed::answer(Err(CallError::Unavailable(reason))),
            Err(EngineError::Lost(reason)) => Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: true },
        }
    }

    /// No repository lies in a worktree of Baton's, so a link by that name is what an earlier command left. A container may not
    /// have it, and nobody should have to come and remove it.
    fn clear_planted(&self, workspace: &Path) {
        let link = workspace.join(".git");
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

    /// Seconds that a command may take at most in an image of this name.
    pub fn longest(&self, image: &str) -> u32 {
        self.parts.settings.images.get(image).map_or(u32::MAX, |image| image.timeout)
    }

    /// What executes, and its version.
    pub async fn about(&self) -> Result<String, EngineError> {
        self.parts.engine.about().await
    }

    /// The images in the operator's list that are not on this machine, each by the operator's name and as the engine knows it.
    pub async fn missing_images(&self) -> Result<Vec<(String, String)>, EngineError> {
        let mut missing = Vec::new();
        for (name, image) in &self.parts.settings.images {
            if !self.parts.engine.has_image(&image.reference).await? {
                missing.push((name.clone(), image.reference.clone()));
            }
        }
        Ok(missing)
    }

    /// Forgets a command whose answer is in the journal.
    pub fn forget(&self, key: Key) {
        let engine = Arc::clone(&self.parts.engine);
        let mut removing = self.removing.lock().unwrap_or_else(PoisonError::into_inner);
        while removing.try_join_next().is_some() {}
        removing.spawn(async move { engine.discard(&key).await });
    }

    /// The commands that no host has forgotten.
    pub async fn left(&self) -> Vec<Key> {
        self.parts.engine.left().await.unwrap_or_else(|error| {
            // Without an engine there is nothing to clean up, and whoever needs one will be told.
            tracing::debug!(%error, "containers are not looked for");
            Vec::new()
        })
    }

    /// Lets what is being removed be removed, for a while.
    pub async fn close(&self) {
        let removing = std::mem::take(&mut *self.removing.lock().unwrap_or_else(PoisonError::into_inner));
        let closed = async {
            removing.join_all().await;
            self.parts.engine.close().await;
        };
        if tokio::time::timeout(PATIENCE, closed).await.is_err() {
            tracing::warn!("containers are still being removed; the next start removes what is left");
        }
    }

    fn image(&self, job: &Job) -> Result<&Image, CallError> {
        let images = &self.parts.settings.images;
        let image = images.get(&job.image).ok_or_else(|| {
            let name = job.image.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            let known: Vec<_> = images.keys().map(|name| format!("`{name}`")).collect();
            CallError::NotFound(format!(
                "The operator named no image `{name}`; there are {}. Another is added under [sandbox.images.NAME] in the user's settings.",
                known.join(", ")
            ))
        })?;
        if job.timeout > image.timeout {
            return Err(CallError::Invalid(format!(
                "A timeout of {} s is more than the {} s that the operator allows in `{}`; ask for less, or raise `timeout-s` of the image.",
                job.timeout, image.timeout, job.image
            )));
        }
        Ok(image)
    }

    async fn answer(&self, ended: Ended, collected: &Collected, teller: &Teller) -> Performed<Outcome> {
        let redactor = &self.parts.redactor;
        let output = match collected.whole(redactor) {
            None => None,
            Some(whole) => match self.parts.artifacts.keep(whole).await {
                Ok(name) => Some(name),
                Err(error) => {
                    let reason = format!("The output of a command cannot be kept: {error} Then resume the run.");
                    return Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: true };
                }
            },
        };
        let mut stderr = collected.stderr(redactor);
        if let Some(remark) = &ended.remark {
            stderr.push_str(&format!("\n[{remark}]\n"));
        }
        let Ended { ending, exit_code, took, .. } = ended;
        let event = json!({
            "seq": teller.key.seq, "image": teller.image, "command": teller.command,
            "ending": ending, "exit-code": exit_code, "took": took, "output": output,
        });
        let event = Draft::of_run(Category::Sandbox, "executed", &teller.key.run, event);
        let outcome = Outcome { ending, exit_code, stdout: collected.stdout(redactor), stderr, output, took };
        Performed::Answered(Ok(outcome), vec![event])
    }
}

/// Ends a command that nobody waits for any more: its run was cancelled, or is out of time.
struct Abandoned<'a> {
    sandbox: &'a Sandbox,
    key: Option<Key>,
    halt: Halt,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if matches!(self.halt.interrupt(), Some(Interrupt::Stopped)) {
            return;
        }
        // Without a runtime the process ends, and the command is found again by the next.
        if let (Some(key), Ok(_)) = (self.key.take(), tokio::runtime::Handle::try_current()) {
            self.sandbox.forget(key);
        }
    }
}

fn shortened(command: &str) -> String {
    match command.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{}…", &command[..end]),
        None => command.to_owned(),
    }
}

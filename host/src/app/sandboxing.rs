//! Puts together what executes commands, and removes at the start what a dead host left of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{Access, AppError, SystemClock, worktrees};
use crate::{
    config::Config,
    interfaces::{
        folder_locks::FolderLocks,
        keys::Keys,
        sandbox::{Docker, Engine, EngineKind, Key, Parts, Processes, Sandbox, SetupParts, forget_noted, measure_room, noted},
        used_by_git::UsedByGit,
    },
    journal::EntryState,
    kernel::{Kernel, run::Runs},
    store::{Store, StoreError},
};

/// The file that holds the name by which containers of a data directory are known.
const NAME_FILE: &str = "sandbox.id";
/// The folder of what commands may have left.
const LEFTOVERS: &str = "sandbox";
/// The folder of setups.
const SETUPS: &str = "setup";
/// How long the end of the process waits for an engine that says nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the run of a command that keeps git out of a worktree has ended.
const LOOK: Duration = Duration::from_secs(2);

/// Where the commands of this host's runs are executed.
pub(super) fn sandbox(
    config: &Config,
    store: &Arc<Store>,
    access: Access,
    (folders, git): (Arc<FolderLocks>, Arc<dyn UsedByGit>),
    keys: Arc<dyn Keys>,
) -> Result<Sandbox, AppError> {
    let setup = SetupParts { folder: setups(&config.data_dir), settings: config.setup.clone(), approvals: Arc::clone(store) as _, keys };
    let parts = Parts {
        engine: engine(config, &owner(&config.data_dir, access)?),
        settings: config.sandbox.clone(),
        events: Arc::clone(store) as _,
        artifacts: Arc::clone(store) as _,
        redactor: config.redactor.clone(),
        own: config.own_places(),
        worktrees: worktrees(&config.data_dir),
        leftovers: config.data_dir.join(LEFTOVERS),
        folders,
        git,
        environments: Arc::clone(store) as _,
        room: measure_room,
    };
    Ok(Sandbox::new(parts, setup))
}

/// Where setups work, and where it is kept what they left: by a path that the engine knows.
fn setups(data_dir: &Path) -> PathBuf {
    let folder = data_dir.canonicalize().or_else(|_| std::path::absolute(data_dir));
    folder.unwrap_or_else(|_| data_dir.to_owned()).join(SETUPS)
}

/// What the operator chose, for the containers that bear `owner`.
pub fn engine(config: &Config, owner: &str) -> Arc<dyn Engine> {
    match config.sandbox.engine {
        EngineKind::Docker => {
            Arc::new(Docker::new(config.sandbox.socket.clone(), owner.to_owned(), Arc::new(SystemClock), Arc::new(rand::random)))
        }
        EngineKind::Process => Arc::new(Processes { search: config.sandbox.search.clone(), worktrees: worktrees(&config.data_dir) }),
    }
}

/// Removes the records of commands that no run of this host made in that workspace: they came with the data directory, and
/// nothing is moved out of a folder on their word.
pub(super) async fn forget_foreign(data_dir: &Path, runs: &dyn Runs) {
    let folder = data_dir.join(LEFTOVERS);
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for (key, workspace) in noted(&folder) {
        let Ok(run) = runs.find(&key.run).await else { continue };
        let is_setup = run.is_some() && workspace.starts_with(setups(data_dir).join("work").join(key.to_string()));
        if !is_setup && run.is_none_or(|run| whole(&run.workspace) != whole(&workspace)) {
            tracing::warn!(command = %key, "the record of a command that no run of this host made is removed");
            forget_noted(&folder, &key);
        }
    }
}

/// Containers that a dead host left, while they are looked at.
pub(super) struct Leftovers(JoinHandle<Vec<Key>>);

/// Removes containers whose answer is known, or whose run has ended. Those of calls without an answer stay: their runs find
/// them. Needs no one to wait for it, since a call that is answered is never made again.
pub(super) fn clean_up(sandbox: &Arc<Sandbox>, kernel: &Arc<Kernel>) -> Leftovers {
    let (sandbox, kernel) = (Arc::clone(sandbox), Arc::clone(kernel));
    Leftovers(tokio::spawn(async move {
        let left = sandbox.list_left().await;
        let kept = forget_over(&sandbox, &kernel, left).await;
        sandbox.end_services_left(&kept).await;
        kept
    }))
}

impl Leftovers {
    /// Removes those whose run has ended since, as by being cancelled before anybody resumed it.
    pub(super) async fn clean_up(self, sandbox: &Sandbox, kernel: &Kernel) {
        // Where the engine is silent, the next start looks again.
        if let Ok(Ok(kept)) = tokio::time::timeout(PATIENCE, self.0).await {
            let _needed = forget_over(sandbox, kernel, kept).await;
        }
    }
}

/// A task that ends when this is dropped.
pub(super) struct Releasing(JoinHandle<()>);

impl Drop for Releasing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Forgets commands whose run ends before anyone finds them again, so that git is not kept out of their folders.
pub(super) fn release_folders(sandbox: &Arc<Sandbox>, kernel: &Arc<Kernel>) -> Releasing {
    let (sandbox, kernel) = (Arc::clone(sandbox), Arc::clone(kernel));
    Releasing(tokio::spawn(async move {
        // A command that began meanwhile is looked at twice: while its run ends, it may still be about to be started.
        let mut known = sandbox.unfinished();
        loop {
            sandbox.release_ended().await;
            let unfinished = sandbox.unfinished();
            for key in unfinished.iter().filter(|key| known.contains(key)) {
                if has_ended(&kernel, key).await {
                    sandbox.forget(key.clone());
                }
            }
            known = unfinished;
            tokio::time::sleep(LOOK).await;
        }
    }))
}

/// Gives those that are still needed.
async fn forget_over(sandbox: &Sandbox, kernel: &Kernel, left: Vec<Key>) -> Vec<Key> {
    let mut kept = Vec::new();
    for key in left {
        match is_over(kernel, &key).await {
            true => sandbox.forget(key),
            false => kept.push(key),
        }
    }
    kept
}

/// Of what cannot be looked up nothing is removed.
async fn is_over(kernel: &Kernel, key: &Key) -> bool {
    let run = match kernel.runs().find(&key.run).await {
        Ok(Some(run)) => run,
        Ok(None) => return true,
        Err(_) => return false,
    };
    let answered = || async {
        let entries = kernel.journal().inspect(&key.run).await.unwrap_or_default();
        let is_over = |state| matches!(state, EntryState::Done | EntryState::GivenUp);
        entries.iter().any(|found| found.entry.seq == key.seq && is_over(found.entry.state))
    };
    run.state.is_final() || answered().await
}

/// Whether the run of a command has ended. Unlike [`is_over`], it reads no journal.
async fn has_ended(kernel: &Kernel, key: &Key) -> bool {
    kernel.runs().find(&key.run).await.is_ok_and(|run| run.is_none_or(|run| run.state.is_final()))
}

/// A name that no other data directory has, also not one in the same place on another machine with the same engine.
fn owner(data_dir: &Path, access: Access) -> Result<String, AppError> {
    let path = data_dir.join(NAME_FILE);
    match read_regular(&path) {
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(&path, &error)),
        _ => {}
    }
    let name = uuid::Uuid::from_bytes(rand::random()).simple().to_string();
    if access == Access::Execute {
        keep(data_dir, &path, &name).map_err(|error| unusable(&path, &error))?;
    }
    Ok(name)
}

/// Never waits for the other end of a pipe, nor follows a link.
fn read_regular(path: &Path) -> io::Result<String> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed(),
    );
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    io::read_to_string(file)
}

/// Puts a whole file in its place, and in that of a link.
fn keep(data_dir: &Path, path: &Path, name: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
    io::Write::write_all(&mut file, name.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> AppError {
    StoreError::Directory { path: path.to_owned(), reason: error.to_string() }.into()
}

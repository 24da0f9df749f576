//! What commands leave in a workspace: noted before, swept after, whoever ends first, the command or its host. Executes
//! nothing, and trusts nothing that appeared while a command ran.

mod copies;
mod covers;
mod findings;
mod guards;
mod names;
mod records;
mod snapshot;
mod sweep;
mod swept;
#[cfg(test)]
mod tests;
mod walk;

use std::{
    collections::HashMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub use covers::{Covered, Covers};
pub(super) use names::REPOSITORY;
pub(super) use swept::Swept;
pub(crate) use swept::{Deed, Trace};

use super::engine::Key;
use crate::interfaces::used_by_git::{Used, UsedByGit};
use covers::Held;
use findings::Before;
use guards::Guards;
use records::Record;
use snapshot::{Repository, Snapshot};

/// The folder of records.
const RECORDS: &str = "commands";

/// Looks after the workspaces of commands.
pub(super) struct Leftovers {
    /// Where records lie, and what was moved away.
    folder: PathBuf,
    /// Commands of this host that are not forgotten.
    active: Mutex<HashMap<Key, Active>>,
    /// One command at a time notes what is there: the next is to know of it.
    noting: Mutex<()>,
    held: Held,
    git: Arc<dyn UsedByGit>,
}

/// A command of this host.
#[derive(Default)]
struct Active {
    is_swept: bool,
    /// What a container still needs that may be going on without this host.
    covers: Option<Covers>,
}

/// What is known before a command is executed.
pub(super) struct Prepared {
    /// What a container has to cover.
    pub(super) covers: Covers,
    /// The engine went away while an earlier host waited for the command.
    pub(super) lost: bool,
}

/// Ends work on another thread once nobody waits for it.
struct Stopper(Arc<AtomicBool>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Leftovers {
    pub(super) fn new(folder: PathBuf, git: Arc<dyn UsedByGit>) -> Self {
        Self { folder, active: Mutex::default(), noting: Mutex::default(), held: Held::default(), git }
    }

    /// Notes what is in a workspace before a command that has not been started, after sweeping it for those that ended
    /// before. `isolates`: a container executes it, and covers what it must not see. An error is a sentence.
    pub(super) async fn prepare(self: &Arc<Self>, key: &Key, workspace: &Path, isolates: bool) -> Result<Prepared, String> {
        let (this, key, workspace) = (Arc::clone(self), key.clone(), workspace.to_owned());
        self.active().insert(key.clone(), Active::default());
        blocking(move |stopped| this.note(&key, &workspace, isolates, stopped)).await
    }

    /// What was noted before a command that an earlier host has started.
    pub(super) async fn recall(self: &Arc<Self>, key: &Key, workspace: &Path, isolates: bool) -> Result<Prepared, String> {
        let (this, found, workspace) = (Arc::clone(self), key.clone(), workspace.to_owned());
        // What covers its container stays until it is held anew.
        let _before = self.active().insert(key.clone(), Active::default());
        blocking(move |stopped| match this.read(&found)? {
            Some(record) => Ok(Prepared { covers: this.covers(&workspace, isolates)?, lost: record.lost }),
            None => this.note(&found, &workspace, isolates, stopped),
        })
        .await
    }

    /// Sweeps the workspace of a command. An error is a sentence, and leaves the command unswept.
    pub(super) async fn sweep(self: &Arc<Self>, key: &Key) -> Result<Swept, String> {
        let (this, key) = (Arc::clone(self), key.clone());
        blocking(move |stopped| this.sweep_one(&key, stopped)).await
    }

    /// Sweeps the workspace of a command that has ended: what appears there from now on is not its work.
    pub(super) async fn sweep_ended(self: &Arc<Self>, key: &Key) -> Result<Swept, String> {
        let swept = self.sweep(key).await?;
        if let Some(active) = self.active().get_mut(key) {
            active.is_swept = true;
        }
        Ok(swept)
    }

    /// Forgets a command that has ended, once its workspace is swept.
    pub(super) async fn finish(self: &Arc<Self>, key: &Key) -> Result<Swept, String> {
        let is_swept = self.active().get(key).is_some_and(|active| active.is_swept);
        let swept = if is_swept { Ok(Swept::default()) } else { self.sweep(key).await };
        // In this order: a record without its command would be swept once more.
        if swept.is_ok() {
            Record::remove(&self.records(), key);
        }
        self.active().remove(key);
        swept
    }

    /// Sweeps the workspaces of the commands of a host that is gone, and removes what it made for them.
    pub(super) async fn sweep_left(self: &Arc<Self>) {
        let this = Arc::clone(self);
        let swept = blocking(move |stopped| {
            let keys = this.keys();
            for key in &keys {
                if let Err(reason) = this.sweep_one(key, stopped) {
                    tracing::warn!(command = %key, reason, "what a command left is not swept; its run tries again");
                }
            }
            let needed: Vec<_> = this.workspaces().into_iter().map(|(_, workspace)| workspace).collect();
            covers::remove_left(&this.notes(), &needed);
            if needed.is_empty() {
                // What stays is in nobody's way.
                let _ = std::fs::remove_dir_all(this.copies());
            }
            Ok(())
        });
        let _ = swept.await;
    }

    /// Notes that the engine went away while the command ran, whose container may go on and needs what covers it.
    pub(super) async fn note_lost(self: &Arc<Self>, key: &Key, covers: Covers) {
        let (this, key) = (Arc::clone(self), key.clone());
        self.active().insert(key.clone(), Active { is_swept: false, covers: Some(covers) });
        let noted = blocking(move |_| {
            let Some(mut record) = this.read(&key)? else { return Ok(()) };
            record.lost = true;
            this.write(&record, &key)
        });
        if let Err(reason) = noted.await {
            tracing::warn!(reason, "it is not noted that the engine went away");
        }
    }

    /// Another host, or this one later, goes on with the command.
    pub(super) fn leave(&self, key: &Key) {
        self.active().remove(key);
    }

    /// The commands that are not forgotten.
    pub(super) fn keys(&self) -> Vec<Key> {
        records::keys(&self.records())
    }

    /// The commands that are noted, each with its workspace.
    pub(super) fn workspaces(&self) -> Vec<(Key, PathBuf)> {
        self.keys().into_iter().filter_map(|key| self.read(&key).ok()?.map(|record| (key, record.workspace()))).collect()
    }

    fn note(&self, key: &Key, workspace: &Path, isolates: bool, stopped: &AtomicBool) -> Result<Prepared, String> {
        self.sweep_others(workspace, stopped)?;
        let places = if isolates { Some(self.held.of(workspace, &self.notes())?) } else { None };
        let _noting = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, guarded) = self.before(key, workspace)?;
        let Snapshot { known, repositories, .. } = Snapshot::take(workspace, before, stopped).map_err(|error| error.to_string())?;
        let used = self.list_used(workspace, &repositories)?;
        let guards = Guards::note(workspace, used, &guarded, stopped).map_err(|error| error.to_string())?;
        let shown = if isolates { covers::executed(workspace, &guards, &self.copies())? } else { Vec::new() };
        self.write(&Record::new(workspace, known, guards), key)?;
        let covers = match places {
            Some(places) => Covers::new(places, &repositories, shown)?,
            None => Covers::none(),
        };
        Ok(Prepared { covers, lost: false })
    }

    /// What a container that runs needs is there for as long as it does.
    fn covers(&self, workspace: &Path, isolates: bool) -> Result<Covers, String> {
        if isolates { Covers::new(self.held.of(workspace, &self.notes())?, &[], Vec::new()) } else { Ok(Covers::none()) }
    }

    /// What was in the workspace before the other commands that may run there: what one of them left meanwhile was not there
    /// before this one either, so that the last one to end sweeps what the first would have.
    fn before(&self, key: &Key, workspace: &Path) -> Result<(Vec<Before>, Vec<Guards>), String> {
        let is_swept = |key: &Key| self.active().get(key).is_some_and(|active| active.is_swept);
        let others = self.keys().into_iter().filter(|other| other != key && !is_swept(other));
        let records = others.filter_map(|other| self.read(&other).transpose());
        let overlapping = records.filter(|record| record.as_ref().map_or(true, |record| overlap(&record.workspace(), workspace)));
        overlapping.map(|record| record.map(|record| (Before::new(&record.workspace(), record.known), record.guards))).collect()
    }

    /// What a person's git executes, by the settings of the repository that the workspace is or lies in, and of those in it.
    fn list_used(&self, workspace: &Path, repositories: &[Repository]) -> Result<Vec<Used>, String> {
        let Ok(root) = workspace.canonicalize() else { return Ok(Vec::new()) };
        let above = root.ancestors().find(|folder| folder.join(REPOSITORY).symlink_metadata().is_ok()).map(Path::to_owned);
        let inside = repositories.iter().map(|found| root.join(OsStr::from_bytes(&found.path)));
        let inside = inside.filter(|path| path.file_name() == Some(OsStr::new(REPOSITORY)));
        let mut checkouts: Vec<_> = inside.filter_map(|path| path.parent().map(Path::to_owned)).chain(above.clone()).collect();
        checkouts.sort();
        checkouts.dedup();
        let mut used = Vec::new();
        for checkout in checkouts {
            match self.git.list_used(&checkout) {
                Ok(found) => used.extend(found),
                // Git executes nothing in a repository whose settings it cannot read, such as a fixture of tests.
                Err(reason) if above.as_ref() != Some(&checkout) => {
                    tracing::warn!(reason, "a repository inside a workspace is passed over")
                }
                Err(reason) => return Err(reason),
            }
        }
        Ok(used)
    }

    /// What is in the way of whoever works here next.
    fn sweep_others(&self, workspace: &Path, stopped: &AtomicBool) -> Result<(), String> {
        for key in self.keys() {
            let is_active = self.active().get(&key).is_some_and(|active| active.covers.is_none());
            if !is_active && self.read(&key)?.is_some_and(|record| overlap(&record.workspace(), workspace)) {
                self.sweep_one(&key, stopped)?;
            }
        }
        Ok(())
    }

    fn sweep_one(&self, key: &Key, stopped: &AtomicBool) -> Result<Swept, String> {
        let Some(mut record) = self.read(key)? else { return Ok(Swept::default()) };
        let away = self.folder.join("moved").join(key.to_string());
        let swept = sweep::sweep(&record.workspace(), &record.known, &record.guards, &away, stopped).map_err(|error| error.to_string())?;
        if !swept.is_empty() {
            record.swept.take_in(swept);
            self.write(&record, key)?;
        }
        Ok(record.swept)
    }

    fn read(&self, key: &Key) -> Result<Option<Record>, String> {
        let place = self.records();
        Record::read(&place, key).map_err(|error| {
            format!("What was noted before a command cannot be read from {}: {error}. Make the data directory readable.", place.display())
        })
    }

    fn write(&self, record: &Record, key: &Key) -> Result<(), String> {
        let place = self.records();
        record.write(&place, key).map_err(|error| {
            format!("What is in the workspace cannot be noted in {}: {error}. Make room in the data directory.", place.display())
        })
    }

    fn records(&self) -> PathBuf {
        self.folder.join(RECORDS)
    }

    fn copies(&self) -> PathBuf {
        self.folder.join("shown")
    }

    fn notes(&self) -> PathBuf {
        self.folder.join("covered")
    }

    fn active(&self) -> MutexGuard<'_, HashMap<Key, Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The commands whose records lie below a folder of leftovers, each with its workspace.
pub fn noted(folder: &Path) -> Vec<(Key, PathBuf)> {
    let records = folder.join(RECORDS);
    let read = |key: Key| Some((key.clone(), Record::read(&records, &key).ok()??.workspace()));
    records::keys(&records).into_iter().filter_map(read).collect()
}

/// Removes the record of a command, and sweeps nothing.
pub fn forget_noted(folder: &Path, key: &Key) {
    Record::remove(&folder.join(RECORDS), key);
}

/// Whether one of two workspaces is the other, or lies in it where its commands reach: not in its `.git` or `.baton`.
fn overlap(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (one, other) = (whole(one), whole(other));
    let Ok(inside) = one.strip_prefix(&other).or_else(|_| other.strip_prefix(&one)) else { return false };
    !inside.components().any(|name| names::is_hosts(name.as_os_str().as_bytes()))
}

/// Works where it is no harm to wait, and ends early once nobody waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce(&AtomicBool) -> Result<T, String> + Send + 'static) -> Result<T, String> {
    let stopped = Arc::new(AtomicBool::new(false));
    let _stopper = Stopper(Arc::clone(&stopped));
    let done = tokio::task::spawn_blocking(move || work(&stopped)).await;
    done.unwrap_or_else(|error| Err(format!("The host failed at the workspace: {error}. Report it.")))
}

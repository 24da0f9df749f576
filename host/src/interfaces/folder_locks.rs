//! Keeps commands and git operations apart that work in the same folder: a command could replace a folder by a link while
//! git or Baton goes by its path. `app` builds it and hands it to `git` and `sandbox`, which do not know each other.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::journal::{CallError, RunId};

/// How long an operation waits for the others in its folder.
pub const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// A wait that the operator is told of.
const LONG_WAIT: Duration = Duration::from_secs(10);

/// What works in a folder. Operations of one kind work side by side; operations of different kinds wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A command of the sandbox.
    Command,
    /// An operation of git or of Baton that reads or writes files by their paths.
    Git,
}

/// The folders in which commands and git operations work or wait to work.
pub struct FolderLocks {
    shared: Arc<Shared>,
    /// No command that works outside of this folder can reach into it.
    worktrees: PathBuf,
    longest_wait: Duration,
}

/// The right to work in a folder, until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    shared: Arc<Shared>,
    number: u64,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Notify,
}

/// In the order of their arrival: a ticket waits for each ticket before it that conflicts with it, so none is overtaken.
#[derive(Debug, Default)]
struct Queue {
    tickets: Vec<Ticket>,
    last: u64,
}

#[derive(Debug)]
struct Ticket {
    number: u64,
    work: Work,
    folder: PathBuf,
    is_worktree: bool,
    /// Of which run it is.
    run: RunId,
}

impl FolderLocks {
    /// Locks for a host whose worktrees lie below `worktrees`, a canonical path.
    pub fn new(worktrees: PathBuf) -> Self {
        Self { shared: Arc::default(), worktrees, longest_wait: LONGEST_WAIT }
    }

    /// Waits until no work of the other kind is done in the folder, above it or below it. A future that is dropped stops
    /// waiting. Fails with `conflict` after 10 minutes, and says which run is in the way.
    pub async fn lock(&self, folder: &Path, work: Work, run: &RunId) -> Result<FolderLock, CallError> {
        let lock = self.add(folder, work, false, run);
        let told = async {
            tokio::time::sleep(LONG_WAIT).await;
            if let Some((work, holder)) = lock.waits_for() {
                tracing::info!(%run, holder = holder.short(), folder = %folder.display(), "waits until {work} has ended");
            }
            std::future::pending::<()>().await
        };
        let granted = async {
            tokio::select! {
                () = lock.granted() => {}
                () = told => {}
            }
        };
        match tokio::time::timeout(self.longest_wait, granted).await {
            Ok(()) => Ok(lock),
            Err(_) => Err(busy(folder, lock.waits_for())),
        }
    }

    /// Locks a folder for a command that is perhaps running there already. Does not wait.
    pub fn lock_for_running(&self, folder: &Path, run: &RunId) -> FolderLock {
        self.add(folder, Work::Command, true, run)
    }

    fn add(&self, folder: &Path, work: Work, first: bool, run: &RunId) -> FolderLock {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let is_worktree = folder.starts_with(&self.worktrees);
        let mut queue = self.shared.queue();
        queue.last += 1;
        let number = queue.last;
        let place = if first { 0 } else { queue.tickets.len() };
        queue.tickets.insert(place, Ticket { number, work, folder, is_worktree, run: run.clone() });
        FolderLock { shared: Arc::clone(&self.shared), number }
    }
}

impl FolderLock {
    /// The first work that is in the way, and of which run it is.
    fn waits_for(&self) -> Option<(Work, RunId)> {
        let queue = self.shared.queue();
        queue.in_the_way(self.number).map(|before| (before.work, before.run.clone()))
    }

    async fn granted(&self) {
        let mut changed = std::pin::pin!(self.shared.changed.notified());
        loop {
            // Before the look, so that no change after it is missed.
            changed.as_mut().enable();
            if self.shared.queue().is_granted(self.number) {
                return;
            }
            changed.as_mut().await;
            changed.set(self.shared.changed.notified());
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        self.shared.queue().tickets.retain(|ticket| ticket.number != self.number);
        self.shared.changed.notify_waiters();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_granted(&self, number: u64) -> bool {
        self.in_the_way(number).is_none()
    }

    fn in_the_way(&self, number: u64) -> Option<&Ticket> {
        let place = self.tickets.iter().position(|ticket| ticket.number == number)?;
        let ticket = &self.tickets[place];
        self.tickets[..place].iter().find(|before| before.conflicts_with(ticket))
    }
}

impl Ticket {
    fn conflicts_with(&self, other: &Self) -> bool {
        let overlap = self.folder.starts_with(&other.folder) || other.folder.starts_with(&self.folder);
        self.work != other.work && self.is_worktree == other.is_worktree && overlap
    }
}

impl fmt::Display for Work {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Command => "a command",
            Self::Git => "a git operation",
        })
    }
}

/// What an operation that has waited for too long is told.
pub fn busy(folder: &Path, holder: Option<(Work, RunId)>) -> CallError {
    let folder = folder.display().to_string().chars().take(300).flat_map(char::escape_debug).collect::<String>();
    let (work, of) = match &holder {
        Some((work, run)) => (work.to_string(), format!(" of run {}", run.short())),
        None => ("another operation".to_owned(), String::new()),
    };
    let advice = holder.map_or_else(String::new, |(_, run)| format!(", or cancel that run with `baton runs cancel {}`", run.short()));
    CallError::conflict(format!("`{folder}` is still in use by {work}{of} after 10 minutes; try again when it has ended{advice}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ErrorKind;

    struct Bench {
        locks: FolderLocks,
        home: tempfile::TempDir,
    }

    impl Bench {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            for folder in ["work/sub", "workshop", "work/.baton/worktrees/one"] {
                std::fs::create_dir_all(home.path().join(folder)).unwrap();
            }
            std::os::unix::fs::symlink("work", home.path().join("link")).unwrap();
            let worktrees = home.path().canonicalize().unwrap().join("work/.baton/worktrees");
            Self { locks: FolderLocks { longest_wait: Duration::from_millis(20), ..FolderLocks::new(worktrees) }, home }
        }

        async fn lock(&self, folder: &str, work: Work) -> Result<FolderLock, CallError> {
            self.locks.lock(&self.home.path().join(folder), work, &RunId::from_text("0123-4567-89abcdef")).await
        }

        async fn is_free(&self, folder: &str, work: Work) -> bool {
            self.lock(folder, work).await.is_ok()
        }
    }

    #[tokio::test]
    async fn a_command_and_git_exclude_each_other_in_overlapping_folders() {
        for (one, other) in [(Work::Command, Work::Git), (Work::Git, Work::Command)] {
            let bench = Bench::new();
            let held = bench.lock("work", one).await.unwrap();
            for folder in ["work", "work/sub", ".", "link", "link/sub"] {
                assert!(!bench.is_free(folder, other).await, "{folder}");
                assert!(bench.is_free(folder, one).await, "{folder}");
            }
            assert!(bench.is_free("workshop", other).await);
            assert!(bench.is_free("work/.baton/worktrees/one", other).await, "a worktree is out of reach of the workspace");
            drop(held);
            assert!(bench.is_free("work/sub", other).await);
        }
    }

    #[tokio::test]
    async fn the_failure_names_the_folder() {
        let bench = Bench::new();
        let _held = bench.lock("work", Work::Command).await.unwrap();
        let error = bench.lock("work", Work::Git).await.unwrap_err();
        let CallError { kind: ErrorKind::Conflict, text, .. } = error else { panic!("{error:?}") };
        assert!(text.contains("/work` is still in use by a command of run 89abcdef"), "{text}");
        assert!(text.contains("`baton runs cancel 89abcdef`"), "{text}");
    }

    #[tokio::test]
    async fn waiters_are_not_overtaken_and_those_that_give_up_block_nobody() {
        let bench = Bench::new();
        let held = bench.lock("work", Work::Command).await.unwrap();
        let path = bench.home.path().join("work");
        let run = RunId::from_text("r");
        let mut git = Box::pin(bench.locks.lock(&path, Work::Git, &run));
        assert!(futures::poll!(&mut git).is_pending());
        let mut next = Box::pin(bench.locks.lock(&path, Work::Command, &run));
        assert!(futures::poll!(&mut next).is_pending(), "a command does not overtake git");
        drop(git);
        let beside = next.await.unwrap();
        drop((held, beside));
        assert!(bench.is_free("work", Work::Git).await);
    }

    #[tokio::test]
    async fn a_waiter_is_woken_when_the_last_of_the_others_has_ended() {
        let bench = Bench::new();
        let locks = FolderLocks { longest_wait: LONGEST_WAIT, ..bench.locks };
        let path = bench.home.path().join("work");
        let run = RunId::from_text("r");
        let first = locks.lock(&path, Work::Command, &run).await.unwrap();
        let second = locks.lock_for_running(&path, &run);
        let mut git = Box::pin(locks.lock(&path, Work::Git, &run));
        assert!(futures::poll!(&mut git).is_pending());
        drop(first);
        assert!(futures::poll!(&mut git).is_pending());
        drop(second);
        git.await.unwrap();
    }
}

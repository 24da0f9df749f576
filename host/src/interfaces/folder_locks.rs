//! Keeps commands and git operations apart that work in the same folder: a command could replace a folder by a link while
//! git or Baton goes by its path. `app` builds it and hands it to `git` and `sandbox`, which do not know each other.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::journal::CallError;

/// How long an operation waits for the others in its folder.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

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
}

impl FolderLocks {
    /// Locks for a host whose worktrees lie below `worktrees`, a canonical path.
    pub fn new(worktrees: PathBuf) -> Self {
        Self { shared: Arc::default(), worktrees, longest_wait: LONGEST_WAIT }
    }

    /// Waits until no work of the other kind is done in the folder, above it or below it. A future that is dropped stops
    /// waiting. Fails with `conflict` after 10 minutes.
    pub async fn lock(&self, folder: &Path, work: Work) -> Result<FolderLock, CallError> {
        let lock = self.add(folder, work, false);
        match tokio::time::timeout(self.longest_wait, lock.granted()).await {
            Ok(()) => Ok(lock),
            Err(_) => Err(busy(folder, work)),
        }
    }

    /// Locks a folder for a command that is perhaps running there already. Does not wait.
    pub fn lock_for_running(&self, folder: &Path) -> FolderLock {
        self.add(folder, Work::Command, true)
    }

    fn add(&self, folder: &Path, work: Work, first: bool) -> FolderLock {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let is_worktree = folder.starts_with(&self.worktrees);
        let mut queue = self.shared.queue();
        queue.last += 1;
        let number = queue.last;
        let place = if first { 0 } else { queue.tickets.len() };
        queue.tickets.insert(place, Ticket { number, work, folder, is_worktree });
        FolderLock { shared: Arc::clone(&self.shared), number }
    }
}

impl FolderLock {
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
        let Some(place) = self.tickets.iter().position(|ticket| ticket.number == number) else { return true };
        let ticket = &self.tickets[place];
        !self.tickets[..place].iter().any(|before| before.conflicts_with(ticket))
    }
}

impl Ticket {
    fn conflicts_with(&self, other: &Self) -> bool {
        let overlap = self.folder.starts_with(&other.folder) || other.folder.starts_with(&self.folder);
        self.work != other.work && self.is_worktree == other.is_worktree && overlap
    }
}

fn busy(folder: &Path, work: Work) -> CallError {
    let folder = folder.display().to_string().chars().take(300).flat_map(char::escape_debug).collect::<String>();
    let others = match work {
        Work::Command => "A git operation is",
        Work::Git => "A command is",
    };
    CallError::Conflict(format!("{others} still at work in `{folder}` after 10 minutes; try again when it has ended, or cancel its run."))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            self.locks.lock(&self.home.path().join(folder), work).await
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
        assert!(matches!(&error, CallError::Conflict(text) if text.contains("/work`") && text.contains("command")), "{error:?}");
    }

    #[tokio::test]
    async fn waiters_are_not_overtaken_and_those_that_give_up_block_nobody() {
        let bench = Bench::new();
        let held = bench.lock("work", Work::Command).await.unwrap();
        let path = bench.home.path().join("work");
        let mut git = Box::pin(bench.locks.lock(&path, Work::Git));
        assert!(futures::poll!(&mut git).is_pending());
        let mut next = Box::pin(bench.locks.lock(&path, Work::Command));
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
        let first = locks.lock(&path, Work::Command).await.unwrap();
        let second = locks.lock_for_running(&path);
        let mut git = Box::pin(locks.lock(&path, Work::Git));
        assert!(futures::poll!(&mut git).is_pending());
        drop(first);
        assert!(futures::poll!(&mut git).is_pending());
        drop(second);
        git.await.unwrap();
    }
}

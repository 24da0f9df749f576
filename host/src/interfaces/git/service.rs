//! Everything that is done to repositories, in its place: which checkout a run works in, which worktrees there are, and
//! who waits for whom. How a single thing is done stands in the files beside this one.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::task::JoinError;

use super::{
    advancing::Advance,
    checkout::Checkout,
    names, pins,
    place::{self, CheckoutLocation},
    program::Program,
    register::{Claim, Claimed, Register, Worktree, WorktreeState},
    sweeping,
};
use crate::{
    errors::{Hint, StorageError},
    interfaces::{
        blocking::{Deadline, blocking},
        folder_locks::{FolderLock, FolderLocks, LONGEST_WAIT, Work, busy},
        pins::{Pin, Pins},
        worktrees::{Worktrees, WorktreesError},
    },
    journal::{CallError, RunId},
};

/// Where a run works, and to which project and tree it belongs.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// The project.
    pub project: String,
    /// The folder whose files the run sees.
    pub workspace: PathBuf,
    /// The run at the root of its tree.
    pub root: RunId,
    /// What the workspace of that run was when it began.
    pub pin: Option<Pin>,
}

/// Does everything that is done to repositories.
pub struct Repositories {
    program: Option<Arc<Program>>,
    /// Where worktrees lie: a folder a project, a folder a worktree below it.
    root: PathBuf,
    register: Arc<dyn Register>,
    /// Keeps git and commands apart.
    folders: Arc<FolderLocks>,
    /// Held by whoever changes the folder.
    locks: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
    /// The trees that asked for worktrees since this process began.
    owners: Mutex<HashSet<RunId>>,
}

/// Why something was not done: an answer for the guest, or the register.
#[derive(Debug)]
pub(super) enum Trouble {
    Answer(CallError),
    /// The repository is not that of the run, which an operator has to see.
    Changed(String),
    Register(StorageError),
}

impl fmt::Display for Trouble {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(error) => error.fmt(to),
            Self::Changed(reason) => to.write_str(reason),
            Self::Register(error) => to.write_str(&error.explain()),
        }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Self::Answer(error)
    }
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Self {
        Self::Register(error)
    }
}

/// The right to change a folder.
struct Locked {
    _commands: FolderLock,
    _git: tokio::sync::OwnedMutexGuard<()>,
}

/// A worktree that a run asks for.
#[derive(Clone, Debug)]
pub(super) struct WorktreeRequest {
    pub(super) branch: String,
    pub(super) base: String,
    /// `run:seq`.
    pub(super) call: String,
    /// Whether files of Git LFS may be their pointers.
    pub(super) pointers: bool,
}

impl Repositories {
    /// Without a `program`, everything answers that git is missing. Worktrees are made below `root`.
    pub fn new(program: Option<Program>, root: PathBuf, register: Arc<dyn Register>, folders: Arc<FolderLocks>) -> Self {
        Self { program: program.map(Arc::new), root, register, folders, locks: Mutex::default(), owners: Mutex::default() }
    }

    /// Removes the temporary files that a killed host left behind. Only before anything is begun.
    pub async fn sweep(&self) {
        let root = self.root.clone();
        // A failure of it leaves files that are in nobody's way.
        let _ = tokio::task::spawn_blocking(move || sweeping::sweep(&root)).await;
    }

    /// Looks at the repository of the checkout that a run works in, and at none of its files.
    pub(super) async fn look<A: Send + 'static>(
        &self,
        seat: &RunContext,
        work: impl FnOnce(&Checkout) -> Result<A, CallError> + Send + 'static,
    ) -> Result<A, Trouble> {
        let place = self.place(&seat.workspace, seat.pin.as_ref()).await?;
        reading(move |deadline| Ok(work(&Checkout { deadline: Some(deadline.without_end()), ..place.open()? })?)).await
    }

    /// Looks at the files of the checkout that a run works in, while no command works there.
    pub(super) async fn look_at_files<A: Send + 'static>(
        &self,
        seat: &RunContext,
        work: impl FnOnce(&Checkout) -> Result<A, CallError> + Send + 'static,
    ) -> Result<A, Trouble> {
        let folder = self.folders.lock(&seat.workspace, Work::Git, &seat.root).await?;
        self.look(seat, move |checkout| {
            let _folder = folder;
            work(checkout)
        })
        .await
    }

    /// Changes the checkout that a run works in; nobody else does at the same time, and no command works there.
    pub(super) async fn change<A: Send + 'static>(
        &self,
        seat: &RunContext,
        work: impl FnOnce(&Checkout) -> Result<A, CallError> + Send + 'static,
    ) -> Result<A, Trouble> {
        let place = self.place(&seat.workspace, seat.pin.as_ref()).await?;
        let lock = self.lock(&seat.workspace, &seat.root).await?;
        reading(move |deadline| {
            let _lock = lock;
            let place = CheckoutLocation { abandoned: Some(deadline.without_end()), ..place };
            Ok(work(&place.open()?)?)
        })
        .await
    }

    /// Moves a branch forward to the commit of the run's checkout.
    pub(super) async fn advance(
        &self,
        seat: &RunContext,
        branch: String,
        expected: String,
        again: bool,
    ) -> Result<(String, String), Trouble> {
        let place = self.place(&seat.workspace, seat.pin.as_ref()).await?;
        let taken = self.register.worktrees().await?.into_iter().find(|worktree| {
            worktree.state != WorktreeState::Free && worktree.claim.branch == branch && worktree.claim.checkout == *place.persons()
        });
        if let Some(worktree) = taken.filter(|worktree| self.files(worktree) != seat.workspace) {
            return Err(Trouble::Answer(CallError::conflict(format!(
                "Branch `{branch}` belongs to a worktree in which run {} works; let it move its own branch.",
                worktree.claim.root.short()
            ))));
        }
        let lock = self.lock(place.persons(), &seat.root).await?;
        // Not cut off: a person's files would stay between two commits. It is over in moments.
        aside(move || {
            let _lock = lock;
            let person = place.person()?;
            Ok(place.open()?.advance(&person, &Advance { branch: &branch, expected: &expected, again })?)
        })
        .await
    }

    /// Pushes a branch from the person's repository.
    pub(super) async fn push(&self, seat: &RunContext, branch: String, remote: Option<String>) -> Result<(), Trouble> {
        let place = self.place(&seat.workspace, seat.pin.as_ref()).await?;
        reading(move |deadline| {
            let place = CheckoutLocation { abandoned: Some(deadline.without_end()), ..place };
            Ok(place.person()?.push(&branch, remote.as_deref(), place.pin.as_ref())?)
        })
        .await
    }

    /// Adds a worktree, or finds the one that the same call added before it was cut off.
    pub(super) async fn worktree_add(&self, seat: &RunContext, wanted: WorktreeRequest) -> Result<String, Trouble> {
        let place = self.place(&seat.workspace, seat.pin.as_ref()).await?;
        let WorktreeRequest { branch, base, call, pointers } = wanted;
        let claim = Claim {
            project: seat.project.clone(),
            checkout: place.persons().clone(),
            branch: branch.clone(),
            base,
            made_by: call,
            root: seat.root.clone(),
            pin: place.pin.clone(),
        };
        if claim.continues() && !self.register.has_made(&seat.project, &branch).await? {
            return Err(Trouble::Answer(CallError::conflict(format!(
                "Branch `{branch}` was not made by a run of this project, and only such a branch is continued; choose another name."
            ))));
        }
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).insert(seat.root.clone());
        let worktree = match self.register.claim(&claim).await? {
            Claimed::Yours(worktree) => worktree,
            Claimed::Taken(other) => {
                return Err(Trouble::Answer(CallError::conflict(format!(
                    "There is a worktree `{branch}` already, made for run {}; choose another name, or wait until it is released.",
                    other.claim.root.short()
                ))));
            }
        };
        if worktree.state == WorktreeState::Ready {
            return Ok(branch);
        }
        let place = CheckoutLocation { worktree: Some(worktree.clone()), pointers, ..place };
        let made = self.make(place, &worktree).await;
        self.register.set_state(&worktree, if made.is_ok() { WorktreeState::Ready } else { WorktreeState::Free }).await?;
        made.map(|()| branch)
    }

    async fn make(&self, place: CheckoutLocation, worktree: &Worktree) -> Result<(), Trouble> {
        let lock = self.lock(&self.files(worktree), &worktree.claim.root).await?;
        reading(move |deadline| {
            let _lock = lock;
            let place = CheckoutLocation { abandoned: Some(deadline.without_end()), ..place };
            place.make().inspect_err(|_| place.put_away())
        })
        .await
    }

    /// Gives a worktree back; `again` where the same call may have done so.
    pub(super) async fn worktree_remove(&self, seat: &RunContext, name: &str, again: bool) -> Result<(), Trouble> {
        let worktree = self.find_owned(&seat.project, &seat.root, name).await?;
        let Some(worktree) = worktree else {
            return if again { Ok(()) } else { Err(Trouble::Answer(no_worktree(name))) };
        };
        if self.files(&worktree) == seat.workspace {
            let sentence = "A run cannot remove the worktree it works in; let the run that added it do so.";
            return Err(Trouble::Answer(CallError::invalid(sentence.to_owned())));
        }
        self.release(worktree).await
    }

    async fn release(&self, worktree: Worktree) -> Result<(), Trouble> {
        let (program, lock) = (self.program()?, self.lock(&self.files(&worktree), &worktree.claim.root).await?);
        let (workspace, pin) = (self.files(&worktree), worktree.claim.pin.clone());
        let place = CheckoutLocation {
            program,
            root: self.root.clone(),
            workspace,
            worktree: Some(worktree.clone()),
            pin,
            abandoned: None,
            pointers: false,
        };
        aside(move || {
            let _lock = lock;
            Ok(place.leave()?)
        })
        .await?;
        Ok(self.register.set_state(&worktree, WorktreeState::Free).await?)
    }

    async fn find_owned(&self, project: &str, root: &RunId, name: &str) -> Result<Option<Worktree>, StorageError> {
        let all = self.register.worktrees().await?;
        Ok(all.into_iter().find(|worktree| {
            let Claim { project: of, branch, root: made_for, .. } = &worktree.claim;
            worktree.state != WorktreeState::Free && of == project && branch == name && made_for == root
        }))
    }

    /// Where a run works: a worktree of ours, or a person's checkout; bound to what the run is, or else to what the worktree
    /// was made of.
    pub(super) async fn place(&self, workspace: &Path, pin: Option<&Pin>) -> Result<CheckoutLocation, Trouble> {
        let (program, root, workspace) = (self.program()?, self.root.clone(), workspace.to_owned());
        let place = CheckoutLocation {
            program,
            root,
            workspace: workspace.clone(),
            worktree: None,
            pin: pin.cloned(),
            abandoned: None,
            pointers: false,
        };
        if !workspace.starts_with(&self.root) {
            return Ok(place);
        }
        let all = self.register.worktrees().await?;
        let found = all.into_iter().find(|worktree| worktree.state == WorktreeState::Ready && self.files(worktree) == workspace);
        let worktree: Worktree =
            found.ok_or_else(|| CallError::not_found("The worktree of this run was released; start the work in a new one."))?;
        let pin = place.pin.clone().or_else(|| worktree.claim.pin.clone());
        Ok(CheckoutLocation { worktree: Some(worktree), pin, ..place })
    }

    /// Why the repository of a workspace is not that of the run with this pin; none where it is, or where there is none.
    pub(crate) async fn strange(&self, workspace: &Path, pin: Option<&Pin>) -> Option<String> {
        let place = self.place(workspace, pin).await.ok()?;
        match aside(move || place.bound().map(drop)).await {
            Err(Trouble::Changed(reason)) => Some(reason),
            _ => None,
        }
    }

    pub(super) fn program(&self) -> Result<Arc<Program>, CallError> {
        self.program.clone().ok_or_else(|| {
            CallError::unavailable(
                "The program `git` is not installed where Baton runs. Have git 2.38 or newer installed; `baton doctor` tells when it is found.".to_owned(),
            )
        })
    }

    fn files(&self, worktree: &Worktree) -> PathBuf {
        place::files(&self.root, worktree)
    }

    /// Waits for the commands in a folder, and for whatever else of git changes it.
    async fn lock(&self, folder: &Path, run: &RunId) -> Result<Locked, CallError> {
        let commands = self.folders.lock(folder, Work::Git, run).await?;
        let lock = Arc::clone(self.locks.lock().unwrap_or_else(PoisonError::into_inner).entry(folder.to_owned()).or_default());
        let git = tokio::time::timeout(LONGEST_WAIT, lock.lock_owned()).await.map_err(|_| busy(folder, None))?;
        Ok(Locked { _commands: commands, _git: git })
    }
}

#[async_trait]
impl Worktrees for Repositories {
    async fn folder(&self, project: &str, root: &RunId, name: &str) -> Result<Option<PathBuf>, WorktreesError> {
        let found = self.find_owned(project, root, name).await.map_err(|error| WorktreesError(error.explain()))?;
        Ok(found.filter(|worktree| worktree.state == WorktreeState::Ready).map(|worktree| self.files(&worktree)))
    }

    fn holds(&self, folder: &Path) -> bool {
        folder.starts_with(&self.root)
    }

    async fn owners(&self) -> Result<Vec<RunId>, WorktreesError> {
        let all = self.register.worktrees().await.map_err(|error| WorktreesError(error.explain()))?;
        let mut owners: Vec<_> =
            all.into_iter().filter(|worktree| worktree.state != WorktreeState::Free).map(|worktree| worktree.claim.root).collect();
        owners.sort();
        owners.dedup();
        Ok(owners)
    }

    fn may_own(&self, root: &RunId) -> bool {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).contains(root)
    }

    async fn give_back(&self, root: &RunId) -> Result<(), WorktreesError> {
        let all = self.register.worktrees().await.map_err(|error| WorktreesError(error.explain()))?;
        for worktree in all.into_iter().filter(|worktree| worktree.state != WorktreeState::Free && worktree.claim.root == *root) {
            self.release(worktree).await.map_err(|trouble| WorktreesError(trouble.to_string()))?;
        }
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).remove(root);
        Ok(())
    }
}

fn no_worktree(name: &str) -> CallError {
    CallError::not_found(format!("This run has no worktree named `{}`; name one that `git.worktree-add` gave.", names::excerpt(name)))
}

impl Pins for Repositories {
    fn pin(&self, workspace: &Path) -> Option<Pin> {
        // Who made a worktree has it bound to the checkout that it is of.
        if workspace.starts_with(&self.root) { None } else { pins::pin(workspace) }
    }
}

/// Works without holding up the guests, and knows when its caller does not wait any more.
pub(super) async fn reading<A: Send + 'static>(work: impl FnOnce(&Deadline) -> Result<A, Trouble> + Send + 'static) -> Result<A, Trouble> {
    blocking(work).await.unwrap_or_else(fail_operation)
}

/// Works on the disk without holding up the guests.
pub(super) async fn aside<A: Send + 'static>(work: impl FnOnce() -> Result<A, Trouble> + Send + 'static) -> Result<A, Trouble> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(fail_operation)
}

fn fail_operation<A>(error: JoinError) -> Result<A, Trouble> {
    Err(CallError::other(format!("The host failed at this git operation: {error}. Report it.")).into())
}

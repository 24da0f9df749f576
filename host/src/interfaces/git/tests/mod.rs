//! The interface over real repositories in folders of their own.

mod advancing;
mod branches;
mod brownfield;
mod ending;
mod filling;
mod hostile;
mod looking;
mod nesting;
mod pinning;
mod reading;
mod refusals;
mod restoring;
mod used;
mod worktrees;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::{
    bindings::{Fault, git::Host},
    errors::StorageError,
    interfaces::{
        folder_locks::FolderLocks,
        pins::{Pin, Pins},
        worktrees::Worktrees,
    },
    journal::{CallError, EntryState, ErrorKind, testing::Bench},
};

/// Keeps rows in memory.
#[derive(Default)]
struct Rows(Mutex<Vec<Worktree>>);

#[async_trait]
impl Register for Rows {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError> {
        let mut rows = self.0.lock().unwrap();
        let used = rows.iter().find(|row| row.state != WorktreeState::Free && row.claim.branch == claim.branch);
        if let Some(used) = used {
            let used = used.clone();
            return Ok(if used.claim == *claim { Claimed::Yours(used) } else { Claimed::Taken(used) });
        }
        let slot = rows.iter().position(|row| row.state == WorktreeState::Free).unwrap_or(rows.len());
        let worktree =
            Worktree { claim: claim.clone(), folder: claim.project.clone(), slot: slot as u64 + 1, state: WorktreeState::Making };
        match rows.get_mut(slot) {
            Some(row) => *row = worktree.clone(),
            None => rows.push(worktree.clone()),
        }
        Ok(Claimed::Yours(worktree))
    }

    async fn set_state(&self, worktree: &Worktree, state: WorktreeState) -> Result<(), StorageError> {
        let mut rows = self.0.lock().unwrap();
        let row = rows.iter_mut().find(|row| row.slot == worktree.slot && row.claim == worktree.claim);
        row.into_iter().for_each(|row| row.state = state);
        Ok(())
    }

    async fn has_made(&self, _: &str, branch: &str) -> Result<bool, StorageError> {
        Ok(self.0.lock().unwrap().iter().any(|row| row.claim.branch == branch))
    }

    async fn worktrees(&self) -> Result<Vec<Worktree>, StorageError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

#[derive(Default)]
struct Set {
    remote: Option<&'static str>,
    lfs_pointers: bool,
}

impl Preferences for Set {
    fn remote(&self) -> Option<String> {
        self.remote.map(str::to_owned)
    }

    fn lfs_pointers(&self) -> bool {
        self.lfs_pointers
    }
}

/// A person's repository with one commit, and a run that works on it.
struct Scene {
    home: TempDir,
    bench: Bench,
    register: Arc<Rows>,
    repositories: Arc<Repositories>,
    folders: Arc<FolderLocks>,
    settings: Set,
    advances: Advances,
    /// What the runs are bound to; at first to nothing.
    pin: Option<Pin>,
}

impl Scene {
    fn new() -> Self {
        let scene = Self::without_repository();
        scene.git(&["init", "-q", "-b", "main"]);
        scene.write("a.txt", "one\ntwo\nthree\n");
        scene.write(".gitignore", "*.log\n");
        scene.person_commits("Begin");
        scene
    }

    fn without_repository() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("person")).unwrap();
        let register = Arc::new(Rows::default());
        let root = home.path().canonicalize().unwrap().join("worktrees");
        let program = Program { person: vec![("HOME".into(), home.path().into())], ..program() };
        let folders = Arc::new(FolderLocks::new(root.clone()));
        let repositories = Arc::new(Repositories::new(Some(program), root, register.clone(), folders.clone()));
        Self {
            home,
            bench: Bench::new(),
            register,
            folders,
            repositories,
            settings: Set::default(),
            advances: Advances::Granted,
            pin: None,
        }
    }

    fn person(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap().join("person")
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.person().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// What a person does in their checkout, and what git says to it.
    fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.person(), arguments)
    }

    fn person_commits(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The run in the person's checkout.
    fn here<'a>(&'a self, recorder: &'a mut Recorder) -> View<'a> {
        self.at(recorder, self.person())
    }

    fn at<'a>(&'a self, recorder: &'a mut Recorder, workspace: PathBuf) -> View<'a> {
        let seat = RunContext { project: "demo".to_owned(), workspace, root: Bench::run(), pin: self.pin.clone() };
        let repositories = &self.repositories;
        View { recorder, repositories, seat, plugin: "sprint", preferences: &self.settings, advances: self.advances.clone() }
    }

    /// Adds a worktree and gives its folder.
    async fn worktree(&self, recorder: &mut Recorder, branch: &str) -> PathBuf {
        self.here(recorder).worktree_add(branch.to_owned(), "main".to_owned()).await.unwrap();
        self.folder(branch).await
    }

    /// Gives a worktree back and adds the next, in the same folder.
    async fn again(&self, recorder: &mut Recorder, branch: &str, next: &str) -> PathBuf {
        self.here(recorder).worktree_remove(branch.to_owned()).await.unwrap();
        self.worktree(recorder, next).await
    }

    async fn folder(&self, name: &str) -> PathBuf {
        self.repositories.folder("demo", &Bench::run(), name).await.unwrap().unwrap()
    }

    /// A host that was killed before the run's last call was answered.
    fn cut_off(&self) -> Recorder {
        let mut history = self.bench.journal.history();
        let last = history.last_mut().unwrap();
        (last.state, last.answer, last.answered_at) = (EntryState::Intended, None, None);
        self.bench.resumed_from(history)
    }
}

/// The git that the machine has.
pub(super) fn program() -> Program {
    let search = std::ffi::OsString::from("/usr/local/bin:/usr/bin:/bin");
    let path = std::env::split_paths(&search).map(|folder| folder.join("git")).find(|file| file.is_file()).unwrap();
    Program { path, search, agent: None, person: Vec::new() }
}

fn git_in(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.org", "-c", "protocol.file.allow=always"]).args(arguments);
    let output = command.current_dir(folder).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

fn clean(merged: bindings::git::Merged) -> String {
    match merged {
        bindings::git::Merged::Clean(commit) => commit,
        bindings::git::Merged::Conflicts(paths) => panic!("conflicts: {paths:?}"),
    }
}

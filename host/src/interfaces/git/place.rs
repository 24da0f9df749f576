//! One place where runs work: a person's checkout as it is found, or a worktree of Baton's, made and left. Knows neither
//! who waits for whom nor what is written down of it.

use std::{
    cell::OnceCell,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    checkout::{Checkout, Whose},
    ignored,
    own::{self, Of},
    program::Program,
    register::{Claim, Worktree},
    removing::remove,
    repository::Repository,
};
use crate::journal::CallError;

/// The ending of a folder of files that could not be removed.
const DISCARDED: &str = "discarded";

/// One checkout that is not opened yet.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) program: Arc<Program>,
    /// Where worktrees lie.
    pub(super) root: PathBuf,
    pub(super) workspace: PathBuf,
    /// None in a person's checkout.
    pub(super) worktree: Option<Worktree>,
}

impl Place {
    pub(super) fn open(&self) -> Result<Checkout, CallError> {
        match &self.worktree {
            Some(worktree) => Ok(self.ours(worktree)),
            None => self.person(),
        }
    }

    /// The folder that a person works in.
    pub(super) fn persons(&self) -> &PathBuf {
        self.worktree.as_ref().map_or(&self.workspace, |worktree| &worktree.claim.checkout)
    }

    /// The person's checkout, seen through a git directory of our own.
    pub(super) fn person(&self) -> Result<Checkout, CallError> {
        let folder = self.persons();
        let repository = Repository::find(folder)?;
        let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
        let git_dir = self.root.join("views").join(&name[..16]);
        let ignored = ignored::everywhere(&self.program, &repository);
        own::prepare(&git_dir, &repository, &Of::Person { ignored })?;
        let index = repository.git_dir.join("index");
        let program = Arc::clone(&self.program);
        Ok(Checkout {
            program,
            git_dir,
            files: folder.clone(),
            index,
            repository: OnceCell::new(),
            deadline: None,
            whose: Whose::Person(Box::new(repository)),
        })
    }

    fn ours(&self, worktree: &Worktree) -> Checkout {
        let folder = slot(&self.root, worktree);
        let git_dir = folder.join("git");
        Checkout {
            program: Arc::clone(&self.program),
            index: git_dir.join("index"),
            git_dir,
            files: files(&self.root, worktree),
            repository: OnceCell::new(),
            deadline: None,
            whose: Whose::Baton,
        }
    }

    /// Makes the worktree: its files as its base has them, then its branch.
    pub(super) fn make(&self) -> Result<(), CallError> {
        let Some(worktree) = &self.worktree else { return Ok(()) };
        let Claim { checkout: folder, branch, base, made_by, .. } = &worktree.claim;
        let repository = Repository::find(folder)?;
        let checkout = self.ours(worktree);
        take_out(&self.unused(worktree), &checkout.files).map_err(|error| unwritable(&error))?;
        own::prepare(&checkout.git_dir, &repository, &Of::Worktree)?;
        own::write(&checkout.git_dir.join("HEAD"), format!("ref: refs/heads/{branch}\n").as_bytes()).map_err(|error| unwritable(&error))?;
        let start = checkout.resolve(base)?;
        // What says that the branch is this call's own, once it is there.
        let note = slot(&self.root, worktree).join("branch");
        match checkout.branch_at(branch)? {
            Some(at) if at == start && fs::read_to_string(&note).is_ok_and(|call| call == *made_by) => {}
            Some(_) => {
                return Err(CallError::Conflict(format!(
                    "There is a branch `{branch}` already; choose another name, or have it merged or deleted (`git branch -d {branch}`)."
                )));
            }
            None => {
                self.fill(&checkout, &start)?;
                own::write(&note, made_by.as_bytes()).map_err(|error| unwritable(&error))?;
                checkout.create_branch(branch, &start)?;
                return Ok(());
            }
        }
        self.fill(&checkout, &start)
    }

    /// Gives the worktree the files of a commit; in a new folder where what lies in this one cannot be removed, such as
    /// what a container wrote as another user.
    fn fill(&self, checkout: &Checkout, commit: &str) -> Result<(), CallError> {
        self.forget_discarded();
        let error = match checkout.fill(commit) {
            Err(error) if !matches!(error, CallError::Invalid(_)) => error,
            filled => return filled,
        };
        let discarded = checkout.files.with_extension(DISCARDED);
        if fs::rename(&checkout.files, &discarded).and_then(|()| fs::create_dir(&checkout.files)).is_err() {
            return Err(error);
        }
        // As much of it as can be: it is in nobody's way where it lies now.
        let _ = remove(&discarded);
        checkout.fill(commit)
    }

    /// Removes what could not be removed from a use before, if it can be now.
    fn forget_discarded(&self) {
        let Some(worktree) = &self.worktree else { return };
        let entries = fs::read_dir(slot(&self.root, worktree)).into_iter().flatten().flatten().map(|entry| entry.path());
        for discarded in entries.filter(|path| path.extension().is_some_and(|ending| ending == DISCARDED)) {
            let _ = remove(&discarded);
        }
    }

    /// Leaves the worktree: its branch goes when it holds nothing of its own.
    pub(super) fn leave(&self) -> Result<(), CallError> {
        let Some(worktree) = &self.worktree else { return Ok(()) };
        let Claim { checkout: folder, branch, base, made_by, .. } = &worktree.claim;
        let checkout = self.ours(worktree);
        let note = slot(&self.root, worktree).join("branch");
        let is_ours = fs::read_to_string(&note).is_ok_and(|call| call == *made_by);
        let Ok(repository) = Repository::find(folder) else {
            // The repository is gone, and with it the branch.
            self.put_away();
            return Ok(());
        };
        let at = if is_ours { checkout.branch_at(branch)? } else { None };
        if let Some(at) = at {
            own::write(&checkout.git_dir.join("HEAD"), format!("{at}\n").as_bytes()).map_err(|error| unwritable(&error))?;
            let merged = match checkout.resolve(base) {
                Ok(base) => checkout.is_ancestor(&at, &base)?,
                Err(_) => false,
            };
            if merged && !repository.has_checked_out(branch) && repository.other_checkout(branch).is_none() {
                checkout.delete_branch(branch, &at)?;
            }
        }
        self.put_away();
        own::remove(&note).map_err(|error| unwritable(&error))
    }

    /// Keeps the files for the next who wants a worktree. What cannot be kept is made anew then.
    pub(super) fn put_away(&self) {
        let Some(worktree) = &self.worktree else { return };
        let _ = fs::rename(files(&self.root, worktree), self.unused(worktree));
    }

    fn unused(&self, worktree: &Worktree) -> PathBuf {
        slot(&self.root, worktree).join("unused")
    }
}

/// The folder for files: the one that was put away, or a new one.
fn take_out(unused: &Path, files: &Path) -> io::Result<()> {
    if files.is_dir() || fs::rename(unused, files).is_ok() {
        return Ok(());
    }
    fs::create_dir_all(files)
}

impl Checkout {
    fn create_branch(&self, branch: &str, at: &str) -> Result<(), CallError> {
        let call = self.git(["update-ref", "-m", "baton: worktree", &format!("refs/heads/{branch}"), at, &"0".repeat(at.len())]);
        let said = call.committed_by_baton().run()?;
        if said.code != 0 && said.complaint.contains("cannot lock ref") && !said.complaint.contains(".lock'") {
            return Err(CallError::Conflict(format!(
                "A branch `{branch}` cannot stand beside those there are; choose a name of which no branch's name is the beginning."
            )));
        }
        if said.code == 0 { Ok(()) } else { Err(said.failure()) }
    }

    fn delete_branch(&self, branch: &str, at: &str) -> Result<(), CallError> {
        self.git(["update-ref", "-d", &format!("refs/heads/{branch}"), at]).done().map(drop)
    }
}

fn slot(root: &Path, worktree: &Worktree) -> PathBuf {
    root.join(&worktree.claim.project).join(worktree.slot.to_string())
}

/// The files of a worktree. Each use has a name of its own, so that a run that still means an earlier one finds nothing.
pub(super) fn files(root: &Path, worktree: &Worktree) -> PathBuf {
    let use_of = blake3::hash(worktree.claim.made_by.as_bytes()).to_hex();
    slot(root, worktree).join(format!("files-{}", &use_of[..12]))
}

pub(super) fn unwritable(error: &io::Error) -> CallError {
    CallError::Unavailable(format!("The worktree cannot be written: {error}. Make room in the data directory, and make it writable."))
}

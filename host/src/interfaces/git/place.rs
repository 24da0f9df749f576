//! One place where runs work: a person's checkout as it is found, or a worktree of Baton's, made and left. Knows neither
//! who waits for whom nor what is written down of it.

use std::{
    cell::{OnceCell, RefCell},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    branching::reject_existing_branch,
    checkout::{Checkout, Whose},
    ignored,
    obstacles::Terms,
    own::{self, Of},
    owners, pins,
    program::Program,
    register::{Claim, Worktree},
    removing::remove,
    repository::Repository,
    service::Trouble,
};
use crate::{
    interfaces::{blocking::Deadline, pins::Pin},
    journal::{CallError, ErrorKind},
};

/// The ending of a folder of files that could not be removed.
const DISCARDED: &str = "discarded";

/// One checkout that is not opened yet.
#[derive(Clone)]
pub(super) struct CheckoutLocation {
    pub(super) program: Arc<Program>,
    /// Where worktrees lie.
    pub(super) root: PathBuf,
    pub(super) workspace: PathBuf,
    /// None in a person's checkout.
    pub(super) worktree: Option<Worktree>,
    /// What the person's checkout was when the run began.
    pub(super) pin: Option<Pin>,
    /// Ends what is done here, where that harms nothing of a person's.
    pub(super) abandoned: Option<Deadline>,
    /// Whether files of Git LFS may be their pointers where a worktree is made.
    pub(super) pointers: bool,
}

impl CheckoutLocation {
    pub(super) fn open(&self) -> Result<Checkout, Trouble> {
        match &self.worktree {
            // What it writes goes to the person's repository as well.
            Some(worktree) => self.bound().map(|_| self.ours(worktree)),
            None => self.person(),
        }
    }

    /// The person's repository, if it is that of the run.
    pub(super) fn bound(&self) -> Result<Repository, Trouble> {
        let repository = pins::bound(self.persons(), self.pin.as_ref())?;
        owners::check(&self.program, &repository)?;
        Ok(repository)
    }

    /// The folder that a person works in.
    pub(super) fn persons(&self) -> &PathBuf {
        self.worktree.as_ref().map_or(&self.workspace, |worktree| &worktree.claim.checkout)
    }

    /// The person's checkout, seen through a git directory of our own.
    pub(super) fn person(&self) -> Result<Checkout, Trouble> {
        let folder = self.persons();
        let repository = self.bound()?;
        let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
        let git_dir = self.root.join("views").join(&name[..16]);
        let ignored = ignored::everywhere(&self.program, &repository) + &self.ignored_data(folder);
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
            abandoned: self.abandoned.clone(),
            disarmed: RefCell::default(),
            whose: Whose::Person(Box::new(repository)),
        })
    }

    /// The data directory, which is nobody's change wherever it lies in a checkout.
    fn ignored_data(&self, folder: &Path) -> String {
        let whole = |path: &Path| path.canonicalize().ok();
        let inside = self.root.parent().and_then(whole).zip(whole(folder));
        let inside = inside.and_then(|(data, folder)| Some(data.strip_prefix(folder).ok()?.to_str()?.to_owned()));
        inside.filter(|path| !path.is_empty()).map_or_else(String::new, |path| ignored::pattern(&path))
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
            abandoned: self.abandoned.clone(),
            disarmed: RefCell::default(),
            whose: Whose::Baton,
        }
    }

    /// Makes the worktree: its files as its base has them, then its branch.
    pub(super) fn make(&self) -> Result<(), Trouble> {
        let Some(worktree) = &self.worktree else { return Ok(()) };
        let Claim { branch, base, made_by, .. } = &worktree.claim;
        let repository = self.bound()?;
        owners::check_writable(&repository)?;
        let terms = Terms::of(&repository, self.pointers);
        let checkout = self.ours(worktree);
        take_out(&self.unused(worktree), &checkout.files).map_err(|error| unwritable(&error))?;
        own::prepare(&checkout.git_dir, &repository, &Of::Worktree)?;
        own::write(&checkout.git_dir.join("HEAD"), format!("ref: refs/heads/{branch}\n").as_bytes()).map_err(|error| unwritable(&error))?;
        let start = checkout.resolve(base)?;
        // What says that the branch is this call's own, once it is there.
        let note = slot(&self.root, worktree).join("branch");
        match checkout.branch_at(branch)? {
            Some(at) if at == start && fs::read_to_string(&note).is_ok_and(|call| call == *made_by) => {}
            Some(_) if worktree.claim.continues() && !is_in_use(&repository, branch) => {
                own::write(&note, made_by.as_bytes()).map_err(|error| unwritable(&error))?;
            }
            Some(_) => return Err(reject_existing_branch(&repository, branch).into()),
            None => {
                self.fill(&checkout, &start, &terms)?;
                own::write(&note, made_by.as_bytes()).map_err(|error| unwritable(&error))?;
                checkout.create_branch(branch, &start)?;
                return Ok(());
            }
        }
        Ok(self.fill(&checkout, &start, &terms)?)
    }

    /// Gives the worktree the files of a commit; in a new folder where what lies in this one cannot be removed, such as
    /// what a container wrote as another user.
    fn fill(&self, checkout: &Checkout, commit: &str, terms: &Terms) -> Result<(), CallError> {
        self.forget_discarded();
        let error = match checkout.fill(commit, terms) {
            Err(error) if error.kind != ErrorKind::Invalid => error,
            filled => return filled,
        };
        let discarded = checkout.files.with_extension(DISCARDED);
        if fs::rename(&checkout.files, &discarded).and_then(|()| fs::create_dir(&checkout.files)).is_err() {
            return Err(error);
        }
        // As much of it as can be: it is in nobody's way where it lies now.
        let _ = remove(&discarded);
        checkout.fill(commit, terms)
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
        let Claim { branch, base, made_by, .. } = &worktree.claim;
        let checkout = self.ours(worktree);
        let note = slot(&self.root, worktree).join("branch");
        let is_ours = fs::read_to_string(&note).is_ok_and(|call| call == *made_by);
        let Ok(repository) = self.bound() else {
            // The repository is gone, and with it the branch; or another is in its place, of which nothing is the run's.
            self.put_away();
            return Ok(());
        };
        let at = if is_ours { checkout.branch_at(branch)? } else { None };
        if let Some(at) = at {
            own::write(&checkout.git_dir.join("HEAD"), format!("{at}\n").as_bytes()).map_err(|error| unwritable(&error))?;
            // Where it began a branch of before says no more: what the person has checked out decides.
            let base = if worktree.claim.continues() { self.persons_head() } else { checkout.resolve(base).ok() };
            let merged = match base {
                Some(base) => checkout.is_ancestor(&at, &base)?,
                None => false,
            };
            if merged && !is_in_use(&repository, branch) {
                checkout.delete_branch(branch, &at)?;
            }
        }
        self.put_away();
        own::remove(&note).map_err(|error| unwritable(&error))
    }

    fn persons_head(&self) -> Option<String> {
        self.person().ok()?.head().ok()
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

/// Whether the branch is checked out where a person works.
fn is_in_use(repository: &Repository, branch: &str) -> bool {
    repository.has_checked_out(branch) || repository.other_checkout(branch).is_some()
}

/// The folder for files: the one that was put away, or a new one.
fn take_out(unused: &Path, files: &Path) -> io::Result<()> {
    let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_dir());
    // Nothing but folders of Baton's belongs here.
    for place in [files.parent(), Some(files), Some(unused)].into_iter().flatten() {
        if place.symlink_metadata().is_ok() && !is_folder(place) {
            fs::remove_file(place)?;
        }
    }
    if is_folder(files) || fs::rename(unused, files).is_ok() {
        return Ok(());
    }
    fs::create_dir_all(files)
}

fn slot(root: &Path, worktree: &Worktree) -> PathBuf {
    root.join(&worktree.folder).join(worktree.slot.to_string())
}

/// The files of a worktree. Each use has a name of its own, so that a run that still means an earlier one finds nothing.
pub(super) fn files(root: &Path, worktree: &Worktree) -> PathBuf {
    let use_of = blake3::hash(worktree.claim.made_by.as_bytes()).to_hex();
    slot(root, worktree).join(format!("files-{}", &use_of[..12]))
}

pub(super) fn unwritable(error: &io::Error) -> CallError {
    if error.kind() == io::ErrorKind::InvalidFilename {
        return too_long();
    }
    CallError::unavailable(format!("The worktree cannot be written: {error}. Make room in the data directory, and make it writable."))
}

/// A path of the repository fits where the repository lies, and not below the data directory.
pub(super) fn too_long() -> CallError {
    CallError::invalid(
        "The worktree cannot be written: a path in it is longer than the file system allows. Use a data directory with a shorter path (`--data-dir`)."
            .to_owned(),
    )
}

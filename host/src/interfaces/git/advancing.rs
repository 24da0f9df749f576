//! Moving a branch forward, and with it the files of a person's checkout that has it: only forward, only from where it
//! is expected, and never over a change that is not committed.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{
    checkout::{Checkout, Whose},
    fields::fields,
    names,
};
use crate::journal::CallError;

/// Longer than a person's git holds the index while it looks at it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A branch to move.
pub(super) struct Advance<'a> {
    pub(super) branch: &'a str,
    pub(super) expected: &'a str,
    /// The call may have been made before.
    pub(super) again: bool,
}

impl Checkout {
    /// Moves a branch forward to this checkout's commit. `person` is the checkout of the same repository that a person
    /// works in. Gives the two commits between which it moved.
    pub(super) fn advance(&self, person: &Checkout, advance: &Advance<'_>) -> Result<(String, String), CallError> {
        let Advance { branch, expected, again } = *advance;
        let to = self.head()?;
        let from = self.branch_at(branch)?.ok_or_else(|| no_branch(branch))?;
        let expected = self.resolve(expected)?;
        if from == to && (again || expected == to) {
            if !again {
                // Who has nothing to move yet is told what would be in the way of moving.
                person.follows(branch)?;
            }
            return Ok((from, to));
        }
        if from != expected {
            return Err(CallError::conflict(format!(
                "Branch `{branch}` is at {from} and not at {expected}; merge what it has and try again."
            )));
        }
        if !self.is_ancestor(&from, &to)? {
            return Err(CallError::conflict(format!("Branch `{branch}` has commits that the workspace's has not; merge them first.")));
        }
        self.refuse_linked(branch)?;
        person.move_checkout(branch, &from, &to)?;
        let call = self.git(["update-ref", "-m", "baton: advance", &format!("refs/heads/{branch}"), &to, &from]);
        let moved = call.committed_by_baton().done();
        if let Err(error) = moved {
            person.move_back(branch, &to, &from);
            return Err(error);
        }
        Ok((from, to))
    }

    /// Takes the files of a person's checkout along, where it has the branch.
    fn move_checkout(&self, branch: &str, from: &str, to: &str) -> Result<(), CallError> {
        if !self.follows(branch)? {
            return Ok(());
        }
        self.refuse_untracked(branch, from, to)?;
        // A file that was only touched counts as unchanged once git has looked into it.
        self.git(["update-index", "-q", "--refresh"]).run()?;
        let said = self.git(["read-tree", "-m", "-u", from, to]).run()?;
        if said.code == 0 {
            return Ok(());
        }
        let path = said.complaint.split('\'').nth(1).filter(|_| said.complaint.contains("Entry '")).map(names::excerpt);
        match path {
            Some(path) => Err(in_the_way(branch, &path)),
            None if said.complaint.contains(".lock") => Err(said.failure()),
            None if said.complaint.contains("ntracked") => Err(in_the_way(branch, "a file")),
            // Git looks at everything before it writes anything, so this is no change of a person's but a disk that is full
            // or a folder that may not be written.
            None => {
                self.undo_move(from, to);
                Err(said.failure())
            }
        }
    }

    /// Whether a person's checkout has the branch, and has to follow it. Refuses where it could not.
    fn follows(&self, branch: &str) -> Result<bool, CallError> {
        let Whose::Person(repository) = &self.whose else { return Ok(false) };
        if let Some(other) = repository.other_checkout(branch) {
            return Err(CallError::conflict(format!(
                "Branch `{branch}` is checked out in {} as well, which Baton does not touch; check another branch out there and try again.",
                quote_path(&other)
            )));
        }
        if !repository.has_checked_out(branch) {
            return Ok(false);
        }
        if let Some(sign) = repository.unfinished() {
            return Err(CallError::conflict(format!(
                "In the checkout of branch `{branch}` a person has begun a merge or the like (`{sign}`); have it finished or given up, and try again."
            )));
        }
        if !is_free_soon(&repository.git_dir.join("index.lock")) {
            return Err(CallError::conflict(format!(
                "The checkout of branch `{branch}` is locked by another git (`.git/index.lock`); try again when it is done. Where none is at work, have \
                 that file removed."
            )));
        }
        Ok(true)
    }

    /// Git takes what is ignored for what may be overwritten. It is a person's all the same.
    fn refuse_untracked(&self, branch: &str, from: &str, to: &str) -> Result<(), CallError> {
        let out = self.git(["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", from, to]).done()?.out;
        let listed = self.git(["ls-files", "-z"]).done()?.out;
        let known: BTreeSet<_> = fields(&listed).collect();
        for path in fields(&out).filter(|path| !known.contains(path)) {
            if let Some(theirs) = in_place_of(&self.files, path, &known) {
                return Err(in_the_way(branch, &names::quote_path(&theirs)));
            }
        }
        Ok(())
    }

    /// Somebody else moved the branch meanwhile: the files go back to what it has.
    fn move_back(&self, branch: &str, from: &str, to: &str) {
        let Whose::Person(repository) = &self.whose else { return };
        if repository.has_checked_out(branch) {
            // A failure here leaves the files ahead of the branch, which `git status` shows; the first failure is the one to tell.
            let _ = self.git(["read-tree", "-m", "-u", from, to]).run();
        }
    }
}

/// Whether nobody holds the lock, or who does lets go of it: a `git status` of an editor's takes a moment.
fn is_free_soon(lock: &Path) -> bool {
    let begun = Instant::now();
    while lock.exists() {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

/// What of a person's stands where a new file goes, or where a folder for it goes.
fn in_place_of(files: &Path, path: &[u8], known: &BTreeSet<&[u8]>) -> Option<Vec<u8>> {
    for end in path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end) {
        let folder = files.join(OsStr::from_bytes(&path[..end]));
        match folder.symlink_metadata() {
            // A repository of the person's own inside the checkout gets no files of this one.
            Ok(found) if found.is_dir() && folder.join(".git").symlink_metadata().is_err() => {}
            // Git itself looks whether a file that it knows was changed.
            Ok(_) if known.contains(&path[..end]) => return None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            _ => return Some(path[..end].to_vec()),
        }
    }
    match files.join(OsStr::from_bytes(path)).symlink_metadata() {
        Ok(found) if found.is_dir() => unknown_below(files, path, known),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        _ => Some(path.to_vec()),
    }
}

/// The first thing in a folder that git does not know. What cannot be looked into may hold anything.
fn unknown_below(files: &Path, folder: &[u8], known: &BTreeSet<&[u8]>) -> Option<Vec<u8>> {
    let Ok(entries) = fs::read_dir(files.join(OsStr::from_bytes(folder))) else { return Some(folder.to_vec()) };
    for entry in entries {
        let Ok(entry) = entry else { return Some(folder.to_vec()) };
        let path = [folder, b"/", entry.file_name().as_bytes()].concat();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let theirs = if is_folder { unknown_below(files, &path, known) } else { Some(path).filter(|path| !known.contains(&path[..])) };
        if theirs.is_some() {
            return theirs;
        }
    }
    None
}

pub(super) fn no_branch(branch: &str) -> CallError {
    CallError::not_found(format!("Branch `{branch}` does not exist; name one that the repository has."))
}

fn in_the_way(branch: &str, path: &str) -> CallError {
    CallError::conflict(format!(
        "Branch `{branch}` is checked out where `{path}` holds what is not committed; commit it, undo the change or move it away, and try again."
    ))
}

fn quote_path(path: &Path) -> String {
    names::excerpt(&path.to_string_lossy())
}

//! Moving a branch forward, and with it the files of a person's checkout that has it: only forward, only from where it
//! is expected, and never over a change that is not committed.

use std::path::Path;

use super::{
    checkout::{Checkout, Whose},
    names,
};
use crate::journal::CallError;

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
            return Ok((from, to));
        }
        if from != expected {
            return Err(CallError::Conflict(format!(
                "Branch `{branch}` is at {from} and not at {expected}; merge what it has and try again."
            )));
        }
        if !self.is_ancestor(&from, &to)? {
            return Err(CallError::Conflict(format!("Branch `{branch}` has commits that the workspace's has not; merge them first.")));
        }
        person.move_checkout(branch, &from, &to)?;
        let call = self.git(["update-ref", "-m", "baton: advance", &format!("refs/heads/{branch}"), &to, &from]);
        let moved = call.env("GIT_COMMITTER_NAME", "Baton").env("GIT_COMMITTER_EMAIL", "baton@baton.invalid").done();
        if let Err(error) = moved {
            person.move_back(branch, &to, &from);
            return Err(error);
        }
        Ok((from, to))
    }

    /// Takes the files of a person's checkout along, where it has the branch.
    fn move_checkout(&self, branch: &str, from: &str, to: &str) -> Result<(), CallError> {
        let Whose::Person(repository) = &self.whose else { return Ok(()) };
        if let Some(other) = repository.other_checkout(branch) {
            return Err(CallError::Conflict(format!(
                "Branch `{branch}` is checked out in {} as well, which Baton does not touch; check another branch out there and try again.",
                shown(&other)
            )));
        }
        if !repository.has_checked_out(branch) {
            return Ok(());
        }
        if let Some(sign) = repository.unfinished() {
            return Err(CallError::Conflict(format!(
                "In the checkout of branch `{branch}` a person has begun a merge or the like (`{sign}`); have it finished or given up, and try again."
            )));
        }
        if repository.is_sparse() {
            return Err(CallError::Conflict(format!(
                "The checkout of branch `{branch}` holds a part of the files alone (`git sparse-checkout`); check another branch out there and try again."
            )));
        }
        if repository.git_dir.join("index.lock").exists() {
            return Err(CallError::Conflict(format!(
                "The checkout of branch `{branch}` is locked by another git (`.git/index.lock`); try again when it is done. Where none is at work, have \
                 that file removed."
            )));
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
            None if said.complaint.contains(".lock") || !said.complaint.contains("ntracked") => Err(said.failure()),
            None => Err(in_the_way(branch, "a file")),
        }
    }

    /// Git takes a file that is ignored for one that may be overwritten. It is a person's all the same.
    fn refuse_untracked(&self, branch: &str, from: &str, to: &str) -> Result<(), CallError> {
        let out = self.git(["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", from, to]).done()?.out;
        let listed = self.git(["ls-files", "-z"]).done()?.out;
        let known: std::collections::BTreeSet<_> = listed.split(|byte| *byte == 0).collect();
        for path in out.split(|byte| *byte == 0).filter(|path| !path.is_empty() && !known.contains(path)) {
            use std::os::unix::ffi::OsStrExt;
            if self.files.join(std::ffi::OsStr::from_bytes(path)).symlink_metadata().is_ok() {
                return Err(in_the_way(branch, &names::excerpt(&path.escape_ascii().to_string())));
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

pub(super) fn no_branch(branch: &str) -> CallError {
    CallError::NotFound(format!("There is no branch `{branch}`; name one that the repository has."))
}

fn in_the_way(branch: &str, path: &str) -> CallError {
    CallError::Conflict(format!(
        "Branch `{branch}` is checked out where `{path}` was changed and not committed; commit or undo that change, and try again."
    ))
}

fn shown(path: &Path) -> String {
    names::excerpt(&path.to_string_lossy())
}

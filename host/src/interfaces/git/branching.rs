//! Branches that runs make, move and delete, and what is in the way of one. Follows no link on the way to a branch: it would
//! change the branches of another repository.

use super::{checkout::Checkout, names::excerpt, program::GitOutput, repository::Repository};
use crate::journal::CallError;

impl Checkout {
    pub(super) fn create_branch(&self, branch: &str, at: &str) -> Result<(), CallError> {
        self.refuse_linked(branch)?;
        let call = self.git(["update-ref", "-m", "baton: worktree", &format!("refs/heads/{branch}"), at, &"0".repeat(at.len())]);
        let said = call.committed_by_baton().run()?;
        if said.code == 0 { Ok(()) } else { Err(self.not_created(branch, &said)) }
    }

    pub(super) fn delete_branch(&self, branch: &str, at: &str) -> Result<(), CallError> {
        self.refuse_linked(branch)?;
        self.git(["update-ref", "-d", &format!("refs/heads/{branch}"), at]).done().map(drop)
    }

    /// Refuses a branch whose file, or a folder on the way to it, is a link.
    pub(super) fn refuse_linked(&self, branch: &str) -> Result<(), CallError> {
        let mut place = self.git_dir.join("refs/heads");
        for name in branch.split('/') {
            place.push(name);
            if place.is_symlink() {
                return Err(CallError::conflict(format!(
                    "Branch `{}` is behind a symbolic link in the repository (`{}`), which Baton does not follow; remove the link.",
                    excerpt(branch),
                    excerpt(&place.strip_prefix(&self.git_dir).unwrap_or(&place).to_string_lossy())
                )));
            }
        }
        Ok(())
    }

    fn not_created(&self, branch: &str, said: &GitOutput) -> CallError {
        if said.lock().is_some() || !said.complaint.contains("cannot lock ref") {
            return said.failure();
        }
        match self.in_the_way(branch) {
            Some((other, true)) => CallError::conflict(format!(
                "A branch `{branch}` cannot be made beside the branch `{other}`; rename that one (`git branch -m {other} NEW`) or delete it."
            )),
            Some((other, false)) => CallError::conflict(format!(
                "A branch `{branch}` cannot be made because of the file `refs/heads/{other}` in the repository, which is not a branch; remove that file."
            )),
            None => said.failure(),
        }
    }

    /// What has the beginning of the branch's name as its own, or the branch's name as its beginning; and whether that is a
    /// branch.
    fn in_the_way(&self, branch: &str) -> Option<(String, bool)> {
        let ends = branch.match_indices('/').map(|(end, _)| end);
        for above in ends.map(|end| &branch[..end]) {
            if self.branch_at(above).is_ok_and(|found| found.is_some()) {
                return Some((excerpt(above), true));
            }
            if self.git_dir.join("refs/heads").join(above).symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                return Some((excerpt(above), false));
            }
        }
        let below = self.git(["for-each-ref", "--count=1", "--format=%(refname:strip=2)", &format!("refs/heads/{branch}/")]).text().ok()?;
        (!below.is_empty()).then(|| (excerpt(&below), true))
    }
}

/// Why a branch that is there already is not used.
pub(super) fn reject_existing_branch(repository: &Repository, branch: &str) -> CallError {
    let holder = if repository.has_checked_out(branch) { Some(repository.folder.clone()) } else { repository.other_checkout(branch) };
    CallError::conflict(match holder {
        Some(folder) => format!(
            "Branch `{branch}` exists already and is checked out in `{}`; check another branch out there and merge or delete it, or choose another name.",
            excerpt(&folder.to_string_lossy())
        ),
        None => {
            format!("There is a branch `{branch}` already; choose another name, or have it merged or deleted (`git branch -d {branch}`).")
        }
    })
}

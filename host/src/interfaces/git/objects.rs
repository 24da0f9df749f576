//! Which commits names mean: read in this process by gix, through a git directory of Baton's own, whose configuration names
//! no command. Changes nothing.

use gix::{Repository, objs::Kind, open::Options, refs::FullName};

use super::{
    checkout::{Checkout, Whose},
    names,
};
use crate::journal::CallError;

impl Checkout {
    /// The repository as gix reads it. Branches and objects that others make later are seen.
    pub(super) fn repository(&self) -> Result<&Repository, CallError> {
        if let Some(opened) = self.repository.get() {
            return Ok(opened);
        }
        // What lies there is Baton's own, whoever the folder belongs to.
        let options = Options::isolated().with(gix::sec::Trust::Full).open_path_as_is(true);
        let opened = gix::open_opts(&self.git_dir, options).map_err(unreadable)?;
        Ok(self.repository.get_or_init(|| opened))
    }

    /// The commit that is checked out.
    pub(super) fn head(&self) -> Result<String, CallError> {
        let mut head = self.repository()?.head().map_err(unreadable)?;
        match head.try_peel_to_id().map_err(unreadable)? {
            Some(id) => Ok(id.to_string()),
            None => Err(CallError::invalid(match self.whose {
                Whose::Person(_) => "The workspace's repository has no commit yet; make a first one.",
                // It was made at a commit.
                Whose::Baton => {
                    "The branch of this worktree was deleted in the repository meanwhile, and what was committed to it; begin in a new worktree."
                }
            }
            .to_owned())),
        }
    }

    /// The commit that a name means: a branch, that of a remote, or a hash.
    pub(super) fn resolve(&self, revision: &str) -> Result<String, CallError> {
        if let Some(found) = self.commit_at(revision)? {
            return Ok(found);
        }
        if let Some(found) = self.branch_at(revision)? {
            return Ok(found);
        }
        if let Some(found) = self.reference(&format!("refs/remotes/{revision}"))? {
            return Ok(found);
        }
        Err(CallError::not_found(format!(
            "The repository has no revision `{}`; name a branch or the full hash of a commit.",
            names::excerpt(revision)
        )))
    }

    /// The commit at which a branch is; none where there is no such branch.
    pub(super) fn branch_at(&self, branch: &str) -> Result<Option<String>, CallError> {
        self.reference(&format!("refs/heads/{branch}"))
    }

    /// The commit that a full hash means, of itself or of a tag; none where it is no hash, or that of nothing known.
    pub(super) fn commit_at(&self, hash: &str) -> Result<Option<String>, CallError> {
        let Some(id) = Some(hash).filter(|hash| names::is_hash(hash)).and_then(|hash| gix::ObjectId::from_hex(hash.as_bytes()).ok()) else {
            return Ok(None);
        };
        let repository = self.repository()?;
        // A hash of another length than the repository's is that of nothing.
        if id.kind() != repository.object_hash() {
            return Ok(None);
        }
        let found = repository.try_find_object(id).map_err(unreadable)?;
        let commit = found.and_then(|found| found.peel_to_kind(Kind::Commit).ok());
        Ok(commit.map(|commit| commit.id.to_string()))
    }

    /// The commit that another was made upon, the first of several; none where it is the first of all.
    pub(super) fn first_parent(&self, commit: &str) -> Result<Option<String>, CallError> {
        let unknown = || CallError::not_found(format!("The repository has no commit `{}`; name another.", names::excerpt(commit)));
        let id = gix::ObjectId::from_hex(commit.as_bytes()).map_err(|_| unknown())?;
        let commit = self.repository()?.find_commit(id).map_err(unreadable)?;
        Ok(commit.parent_ids().next().map(|parent| parent.to_string()))
    }

    fn reference(&self, name: &str) -> Result<Option<String>, CallError> {
        // What is no name of a branch names none.
        let Ok(full) = FullName::try_from(name) else { return Ok(None) };
        let found = self.repository()?.try_find_reference(full.as_ref()).map_err(unreadable)?;
        // Where there is none of the name, one that ends with it is found.
        let Some(mut found) = found.filter(|found| found.name() == full.as_ref()) else { return Ok(None) };
        let commit = found.peel_to_commit().map_err(unreadable)?;
        Ok(Some(commit.id.to_string()))
    }
}

/// A repository that is not as git leaves one.
pub(super) fn unreadable(error: gix::Error) -> CallError {
    let reason = error.to_string();
    CallError::other(format!(
        "The repository cannot be read: {}. Ask the operator to run `git fsck` in it.",
        names::excerpt(reason.lines().next().unwrap_or_default())
    ))
}

//! What keeps work from being done in a repository, found before any of it is begun: submodules, files that a partial clone
//! lacks, files of Git LFS. Fetches nothing and runs no filter.

use std::fs;

use gix::{
    bstr::{BStr, ByteSlice},
    index::{Entry, State, entry::Mode},
};
use rayon::prelude::*;

use super::{
    checkout::{Checkout, Whose},
    filling::lists,
    names,
    objects::unreadable,
    repository::Repository,
};
use crate::journal::CallError;

/// What the pointer of a file of Git LFS begins with, and the bytes that it has at most.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
const LONGEST_POINTER: u64 = 1024;
/// What a list of attributes says of files of Git LFS.
const LFS: &str = "filter=lfs";

/// Entries that are looked up by one thread at a time.
const AT_ONCE: usize = 256;

/// On which terms the files of a commit are checked out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    /// The clone may lack objects.
    pub(super) is_partial: bool,
    /// Files of Git LFS may be their pointers.
    pub(super) pointers: bool,
}

impl Terms {
    pub(super) fn of(repository: &Repository, pointers: bool) -> Self {
        Self { is_partial: repository.is_partial(), pointers }
    }
}

impl Checkout {
    /// Refuses a person's checkout whose commit could not be checked out in a worktree.
    pub(super) fn refuse_obstacles(&self, pointers: bool) -> Result<(), CallError> {
        let Whose::Person(repository) = &self.whose else { return Ok(()) };
        self.files_of(&self.head()?, &Terms::of(repository, pointers)).map(drop)
    }

    /// The files of a commit, all of which can be checked out.
    pub(super) fn files_of(&self, commit: &str, terms: &Terms) -> Result<State, CallError> {
        let repository = self.repository()?;
        let id = gix::ObjectId::from_hex(commit.as_bytes()).map_err(unreadable)?;
        let validate =
            repository.checkout_options(gix::worktree::stack::state::attributes::Source::IdMapping).map_err(unreadable)?.validate;
        let tree = repository.find_commit(id).and_then(|commit| commit.tree_id().map(gix::Id::detach)).map_err(unreadable)?;
        let wanted = State::from_tree(&tree, &repository.objects, validate)
            .map_err(|error| if terms.is_partial { lacking("some") } else { unreadable(error) })?;
        refuse_submodules(&wanted)?;
        if terms.is_partial {
            self.refuse_lacking(&wanted)?;
        }
        if !terms.pointers && self.mentions_lfs(&wanted)? {
            self.refuse_pointers(&wanted)?;
        }
        Ok(wanted)
    }

    fn refuse_lacking(&self, wanted: &State) -> Result<(), CallError> {
        let lacks = self.count(wanted, |repository, entry| !repository.has_object(entry.id))?;
        if lacks.is_empty() { Ok(()) } else { Err(lacking(&lacks.len().to_string())) }
    }

    fn refuse_pointers(&self, wanted: &State) -> Result<(), CallError> {
        let is_pointer = |repository: &gix::Repository, entry: &Entry| {
            let is_short = repository.find_header(entry.id).is_ok_and(|found| found.size() <= LONGEST_POINTER);
            is_short && repository.find_object(entry.id).is_ok_and(|found| found.data.starts_with(POINTER))
        };
        let pointers = self.count(wanted, is_pointer)?;
        let Some(first) = pointers.first() else { return Ok(()) };
        Err(CallError::invalid(format!(
            "The repository keeps {} in Git LFS, such as `{}`, of which Baton checks out the pointers alone. Where neither stories nor tests need what is in \
             them, set `lfs-pointers = true` under [git]; otherwise have the work done by a person.",
            files(pointers.len()),
            names::quote_path(first)
        )))
    }

    fn mentions_lfs(&self, wanted: &State) -> Result<bool, CallError> {
        let own = fs::read(self.git_dir.join("info/attributes")).unwrap_or_default();
        let repository = self.repository()?;
        Ok(own.contains_str(LFS)
            || lists(wanted).any(|(_, id, _)| repository.find_object(id).is_ok_and(|list| list.data.contains_str(LFS))))
    }

    /// The paths of which something holds.
    fn count<'a>(&self, wanted: &'a State, holds: impl Fn(&gix::Repository, &Entry) -> bool + Sync) -> Result<Vec<&'a BStr>, CallError> {
        let repository = self.repository()?.clone().into_sync();
        let found = wanted.entries().par_chunks(AT_ONCE).flat_map_iter(|entries| {
            let repository = repository.to_thread_local();
            entries.iter().filter(|entry| holds(&repository, entry)).map(|entry| entry.path(wanted)).collect::<Vec<_>>()
        });
        Ok(found.collect())
    }
}

fn refuse_submodules(wanted: &State) -> Result<(), CallError> {
    let module = wanted.entries().iter().find(|entry| entry.mode == Mode::COMMIT).map(|entry| entry.path(wanted));
    let module = module.or_else(|| wanted.entry_by_path(BStr::new(".gitmodules")).map(|entry| entry.path(wanted)));
    module.map_or(Ok(()), |path| {
        Err(CallError::invalid(format!(
            "The repository has submodules (`{}`), whose files Baton does not check out; have the work done in the repository of the submodule, or in \
             one without submodules.",
            names::quote_path(path)
        )))
    })
}

fn lacking(files: &str) -> CallError {
    CallError::invalid(format!(
        "The repository is a partial clone that lacks {files} of the files of its commit, and Baton fetches none; run \
         `git fetch --refetch --no-filter` in it."
    ))
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

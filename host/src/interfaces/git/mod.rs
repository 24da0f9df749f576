//! The repository of a run's workspace. Runs change branches and worktrees that Baton made, and nothing of a person's but
//! to move a branch forward; no command that a repository's configuration names is ever run.

mod advancing;
mod beginning;
mod branching;
mod checkout;
mod cloning;
mod committing;
pub(crate) mod events;
mod fields;
mod filling;
mod host;
mod ignored;
mod locating;
mod looking;
mod merging;
mod names;
mod nested;
mod objects;
mod obstacles;
mod own;
mod owners;
mod pins;
mod place;
mod program;
mod pushing;
mod register;
mod removing;
mod repository;
mod restoring;
mod service;
mod sifting;
mod staging;
mod sweeping;
mod undoing;
mod used;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use cloning::{CloneAddress, CloneError};
pub use program::Program;
pub use register::{Claim, Claimed, Register, Worktree, WorktreeState};
pub use service::{Repositories, RunContext};

/// Allows to use the repository, by what is done with it.
pub const GIT: CapabilityKind = CapabilityKind {
    word: "git",
    matching: Matching::Name,
    interface: "git",
    meaning: "use the repository: `read` its history, `commit` and `merge` in worktrees of Baton's, add a `worktree`, `push`",
    values: &["read", "commit", "merge", "worktree", "push"],
};

/// Allows to make branches, to move them forward and to push them.
pub const BRANCHES: CapabilityKind = CapabilityKind {
    word: "branches",
    matching: Matching::Path,
    interface: "git",
    meaning: "make these branches, move them forward and push them, where `git` allows it",
    values: &[],
};

/// The setting by which stories are worked on where files of Git LFS are their pointers.
pub const LFS_POINTERS: &str = "git.lfs-pointers";

/// What the interface asks of the settings.
pub trait Preferences: Send + Sync {
    /// The remote that is pushed to, where one is set.
    fn remote(&self) -> Option<String>;

    /// Whether stories are worked on where files of Git LFS are their pointers.
    fn lfs_pointers(&self) -> bool;
}

/// Which branches of a person's runs may move forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advances {
    /// Those that they were granted.
    Granted,
    /// Of those the one that a person ordered.
    Ordered(String),
    /// None: a person does it.
    None,
}

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Everything that is done to repositories.
    pub repositories: &'a Arc<Repositories>,
    /// Where the run works, and who it is.
    pub seat: RunContext,
    /// The plugin, under whose name it commits where it names nobody.
    pub plugin: &'a str,
    /// What the settings say.
    pub preferences: &'a dyn Preferences,
    /// Which branches it may move forward.
    pub advances: Advances,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::git::add_to_linker::<T, Viewed>(linker, view)
}

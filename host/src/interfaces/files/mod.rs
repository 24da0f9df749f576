//! Files of the run's workspace, and of nothing else: no path leads out of it, and no symbolic link is followed.
//! Each path is granted by glob; what the host keeps there (`.git`, `.baton`) is out of reach.

mod guarding;
mod host;
mod listing;
mod path;
mod search;
mod walk;
mod workspace;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{Authority, Capability, CapabilityKind, Matching, Recorder},
};

pub use workspace::Workspace;

pub(super) use {
    host::beside,
    listing::Lying,
    path::RelativePath,
    search::{Match, Search},
    walk::{Kind, Pattern, Walk},
};

/// Most paths that one call lists.
pub(super) const MOST_ENTRIES: usize = 10_000;

/// Allows to read files, and to see them when listing and searching.
pub const READ: CapabilityKind = CapabilityKind {
    word: "read",
    matching: Matching::Path,
    interface: "files",
    meaning: "read, find and search these files of the workspace",
    values: &[],
};

/// Allows to write and remove files.
pub const WRITE: CapabilityKind = CapabilityKind {
    word: "write",
    matching: Matching::Path,
    interface: "files",
    meaning: "create, replace and remove these files of the workspace",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// The folder.
    pub workspace: &'a Arc<Workspace>,
}

/// Whether a run may know of a path when it lists and searches.
pub(super) fn may_read(authority: &dyn Authority, path: &str) -> bool {
    authority.decide(&Capability::new(READ.word, path)).is_ok()
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::files::add_to_linker::<T, Viewed>(linker, view)
}

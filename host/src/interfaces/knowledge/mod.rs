//! What a project knows: its documents, what was decided and what failed, found by their words. Each source is granted
//! by pattern; nothing is found that a run may not read.

pub(crate) mod events;
mod host;
mod library;
mod passages;
mod words;

#[cfg(test)]
mod tests;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use library::{Documents, Index, Learned, Library, Listed, Memory, SearchHit, SourceChange};
pub use words::WordIndex;

/// Allows to find passages of a source.
pub const KNOWLEDGE: CapabilityKind = CapabilityKind {
    word: "knowledge",
    matching: Matching::Path,
    interface: "knowledge",
    meaning: "find passages of these documents, decisions, failures and notes",
    values: &[],
};

/// Allows to note something under a source.
pub const REMEMBER: CapabilityKind = CapabilityKind {
    word: "remember",
    matching: Matching::Path,
    interface: "knowledge",
    meaning: "note things under these names for all runs of the project",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// The project that knows.
    pub project: &'a str,
    /// Which documents the operator wants known.
    pub preferences: &'a dyn Preferences,
    /// Where knowledge comes from, and who finds it.
    pub library: Library,
}

/// Which documents of a workspace are known.
pub trait Preferences: Sync {
    /// The globs under `knowledge.documents`, if they are set.
    fn documents(&self) -> Option<Vec<String>>;
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::knowledge::add_to_linker::<T, Viewed>(linker, view)
}

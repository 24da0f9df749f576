//! Small documents that outlive a run. Each project has its own; each bucket is granted by name.

mod documents;
mod host;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use documents::{DocumentScope, Documents, DocumentsError, Versioned};

/// Allows to read and change the documents of a bucket.
pub const STATE: CapabilityKind = CapabilityKind {
    word: "state",
    matching: Matching::Name,
    interface: "state",
    meaning: "keep documents in these buckets of the project",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Where the documents lie.
    pub documents: &'a Arc<dyn Documents>,
    /// The project that owns them.
    pub project: &'a str,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::state::add_to_linker::<T, Viewed>(linker, view)
}

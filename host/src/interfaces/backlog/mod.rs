//! The backlog of a project: items, what each waits for, and how each was moved. Does no work and starts nothing.

pub mod documents;
pub(crate) mod events;
mod graph;
mod host;
mod items;
mod labels;
mod lists;
mod rules;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use documents::Documents;
pub use graph::{Changes, Graph};
pub use items::{Author, Backlog, BacklogError, Draft, Item, Kind, Move, Mover, Status};
pub use labels::{Labels, MOST_LABELS, check_label};
pub use lists::{ItemCount, ItemFilter, ItemLists, ItemOrder, ItemRows, ListPosition, sortable_key};
pub use rules::{Link, MOST_ITEMS, Refusal, SortKey, check_key, check_line, check_reason, follows, reopens, unknown};

/// Allows to look at the backlog, or to change it and write its documents.
pub const BACKLOG: CapabilityKind = CapabilityKind {
    word: "backlog",
    matching: Matching::Name,
    interface: "backlog",
    meaning: "use the project's backlog: `read` to look at it, `write` to change it and to write docs/stories/, docs/sprint-status.yaml and \
              docs/workflow-status.md",
    values: &["read", "write"],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Where the items lie.
    pub backlog: &'a Arc<dyn Backlog>,
    /// The files of the workspace.
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
    bindings::backlog::add_to_linker::<T, Viewed>(linker, view)
}

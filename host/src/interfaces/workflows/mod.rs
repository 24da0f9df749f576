//! Other workflows, executed as child runs. Starts them through a port and knows nothing of how they run.

mod host;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use super::{children::Children, tickets::Tickets};
use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

/// Allows to start a workflow.
pub const WORKFLOWS: CapabilityKind = CapabilityKind {
    word: "workflows",
    matching: Matching::Name,
    interface: "workflows",
    meaning: "start these workflows, which spend from the same budget",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// What the run holds.
    pub tickets: &'a mut Tickets,
    /// Starts the workflow's run.
    pub children: &'a Arc<dyn Children>,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::workflows::add_to_linker::<T, Viewed>(linker, view)
}

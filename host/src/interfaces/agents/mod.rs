//! Agent roles: other components behind one call, executed as child runs. Starts them through a port and knows
//! nothing of how they run.

pub(crate) mod events;
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

/// Allows to give an agent a task.
pub const AGENTS: CapabilityKind = CapabilityKind {
    word: "agents",
    matching: Matching::Name,
    interface: "agents",
    meaning: "give tasks to these agents, which spend from the same budget",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// What the run holds.
    pub tickets: &'a mut Tickets,
    /// Starts the agent's run.
    pub children: &'a Arc<dyn Children>,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::agents::add_to_linker::<T, Viewed>(linker, view)
}

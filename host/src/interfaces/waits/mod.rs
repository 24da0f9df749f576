//! Waiting for several things at once: timers, signals, changes of items, and whatever other interfaces gave tickets for.
//! Sends no signal and changes no item.

mod awaited;
mod host;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use super::{item_changes::ItemChanges, signals::Signals, tickets::Tickets};
use crate::{bindings, journal::Recorder};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// What the run holds.
    pub tickets: &'a mut Tickets,
    /// Where signals lie.
    pub signals: &'a Arc<dyn Signals>,
    /// Tells of changes of the backlog.
    pub items: &'a Arc<dyn ItemChanges>,
    /// The project whose items they are.
    pub project: &'a str,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::waits::add_to_linker::<T, Viewed>(linker, view)
}

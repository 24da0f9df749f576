//! Tools by name: the host's own, those of toolboxes, and those of the operator's MCP servers. Each call is granted,
//! checked against the tool's parameters and journaled; what a set of tools is stays behind a port.

mod admission;
mod arguments;
mod builtin;
pub(crate) mod events;
mod forms;
mod host;
pub mod mcp;
mod shelf;
mod text;
mod together;
mod toolbox;
mod toolset;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub(super) use admission::of_toolbox;
pub use builtin::{Builtin, Command, Commands, Files, SearchQuery, all as own_tools};
pub use forms::{Pin, Pins};
pub use shelf::{Servers, Shelf};
pub use toolset::{Arguments, Outcome, Toolset, Usage};

/// Allows to see and call tools.
pub const TOOLS: CapabilityKind = CapabilityKind {
    word: "tools",
    matching: Matching::Name,
    interface: "tools",
    meaning: "call these tools: the host's own, those of toolboxes and those of your MCP servers",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Where the tools are.
    pub shelf: Arc<Shelf>,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::tools::add_to_linker::<T, Viewed>(linker, view)
}

//! Commands in containers: heavy work that needs other programs, with the run's workspace as the only thing it can change.
//! What executes them stays behind a port.

mod answers;
mod approvals;
mod collector;
mod docker;
mod engine;
pub(crate) mod events;
mod host;
mod images;
mod job;
mod leftovers;
mod process;
mod room;
mod service;
mod services;
mod settings;
mod setup;
#[cfg(test)]
mod tests;
mod watching;

use std::{path::Path, sync::Arc};

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    journal::{CapabilityKind, Matching, Recorder},
};

pub use approvals::{Approvable, ApprovalKind, Approvals, Approved, Approving};
pub use collector::Artifacts;
pub use docker::{Docker, Random};
pub use engine::{Build, Engine, EngineError, Extra, Key, Mounted, Piece, PriorCommand, Resolved, Stream, Task, User};
pub use job::{Ending, Job, Outcome};
pub(crate) use leftovers::Deed;
pub use leftovers::{Covered, Covers, forget_noted, noted};
pub use process::Processes;
pub use room::{Room, measure_room};
pub use service::{CommandContext, Parts, Sandbox};
pub use services::{Beside, Service, Services, decide_services};
pub use settings::{EngineKind, Image, Settings, SettingsError};
pub use setup::{Decision, Onward, Plan, Registry, SetUp, SetupParts, SetupRequest, SetupSettings, USUAL_HOSTS, decide};

/// Allows to execute commands in images, by the operator's names for them.
pub const IMAGES: CapabilityKind = CapabilityKind {
    word: "images",
    matching: Matching::Name,
    interface: "sandbox",
    meaning: "run commands in containers of these images, with the workspace",
    values: &[],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Where commands are executed.
    pub sandbox: &'a Arc<Sandbox>,
    /// The folder they see.
    pub workspace: &'a Path,
    /// What the setup of the workspace goes by.
    pub wanted: SetupRequest,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::sandbox::add_to_linker::<T, Viewed>(linker, view)
}

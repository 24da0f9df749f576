//! The run a component executes in: who it is, its time, its log and its progress, and what it shows to others. Grants
//! nothing, for it reaches nothing outside the run.

pub(crate) mod events;
mod host;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    interfaces::{children::Role, pins::Pin, project::Project, published::Published},
    journal::{Recorder, RunId},
};

/// What a guest may know of its run.
#[derive(Clone, Debug)]
pub struct About {
    /// Which export of its plugin is executed; the guest knows.
    pub role: Role,
    /// The run that started this one.
    pub parent: Option<String>,
    /// The run that somebody started, of which this is a descendant, or itself.
    pub root: RunId,
    /// The project it belongs to.
    pub project: Project,
    /// What it is bound to; the guest is not told.
    pub pin: Option<Pin>,
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin.
    pub plugin_version: String,
}

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// The run.
    pub about: &'a About,
    /// Where it is kept what runs show.
    pub published: &'a Arc<dyn Published>,
}

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::run::add_to_linker::<T, Viewed>(linker, view)
}

//! Settings, merged from defaults, user, project and run. Gives no guest a secret, under whatever key it was put.

pub mod described;
mod document;
mod host;
mod spelling;
mod user_tables;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use wasmtime::component::{HasData, Linker};

use crate::{bindings, journal::Recorder};

pub use document::{Settings, SettingsError};
pub use spelling::{misspelt, misspelt_bound};
pub use user_tables::user_tables_in;

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// What holds for this run.
    pub settings: &'a Settings,
    /// What operators change while it runs.
    pub live: &'a Arc<dyn LiveSettings>,
    /// The project whose settings those are.
    pub project: &'a str,
}

/// Settings of a project that are no file's: read each time as they are then, and journaled like the others.
#[async_trait]
pub trait LiveSettings: Send + Sync {
    /// The value of a key that is one of these, or why it cannot be read. None for every other key.
    async fn find(&self, project: &str, key: &str) -> Result<Option<Value>, String>;
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::settings::add_to_linker::<T, Viewed>(linker, view)
}

//! Settings, merged from defaults, user, project and run. Gives no guest a secret, under whatever key it was put.

pub mod described;
mod document;
mod host;
mod spelling;
mod user_tables;

#[cfg(test)]
mod tests;

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

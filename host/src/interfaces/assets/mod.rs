//! Files packed into the plugin itself. Needs no grant and no journal: a run is pinned to the plugin's hash, and so to
//! every byte here. Unpacks nothing to disk.

mod archive;
mod host;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wasmtime::component::{HasData, Linker};

use crate::bindings;

pub use archive::AssetsError;

/// What a plugin carries, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets(BTreeMap<String, Vec<u8>>);

impl Assets {
    /// Reads a tar archive of regular files, compressed by gzip or not: at most 4096 of them, at most 32 MiB together.
    pub fn from_tar(archive: &[u8]) -> Result<Self, AssetsError> {
        archive::read(archive).map(Self)
    }

    /// The content of one file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// All paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What one call borrows of the session.
pub struct View<'a> {
    /// The plugin's own files.
    pub assets: &'a Assets,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::assets::add_to_linker::<T, Viewed>(linker, view)
}

//! The plugins that come with Baton, as bytes. Building this crate builds and packs them.

/// A packed plugin: one component with its manifest, and its assets where it has any.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// The plugin's name, as in its manifest.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
}

/// The engine that interprets an agent's folder: a component without manifest and assets, to be packed with those.
pub const ROLE_ENGINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/role-engine.wasm"));

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

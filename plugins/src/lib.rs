//! The plugins that come with Baton, as bytes. Building this crate builds and packs them.

#[allow(dead_code, reason = "the engine uses what is read")]
#[path = "../engines/role/src/persona.rs"]
mod persona;

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

/// The engine that interprets a workflow folder: a component without manifest and assets, to be packed with those.
pub const FOLDER_ENGINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/folder-engine.wasm"));

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The tools that a persona names, or what is wrong with it: `persona.md:LINE: problem`.
pub fn persona_tools(document: &str) -> Result<Vec<String>, String> {
    persona::Persona::read(document).map(|persona| persona.settings.tools).map_err(|mistake| mistake.to_string())
}

//! Puts a manifest and a folder of assets into a WebAssembly component, as custom sections at its top level. The same input
//! always gives the same bytes. Replaces nothing that is there, and reads a manifest only to complete that of a workflow folder.

pub mod folder;
pub mod guests;
pub mod module;
#[cfg(test)]
mod tests;
pub mod workflow;

use std::borrow::Cow;
use std::collections::BTreeMap;

use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};

/// Custom section that holds the bytes of `plugin.toml`.
pub const MANIFEST_SECTION: &str = "baton:manifest";
/// Custom section that holds the assets as a tar archive, compressed by gzip.
pub const ASSETS_SECTION: &str = "baton:assets";

/// Why a component was not packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The bytes are no component.
    #[error("This file is not a WebAssembly component: {0}. Build it for wasm32-wasip2, or run `wasm-tools component new` on it.")]
    NotAComponent(String),
    /// The component carries the section, at its top level or in a module inside.
    #[error("The component has a `{0}` section already. Pack the component as it was built, or leave that part out.")]
    SectionPresent(&'static str),
    /// An asset's path could leave its folder or means different things on different systems.
    #[error(
        "The asset path {0:?} is not allowed. Use a relative path with `/` between names, without `.`, `..`, backslashes and control characters."
    )]
    UnsafePath(String),
    /// Two assets of one path.
    #[error("The asset path {0:?} is there twice. Give each asset its own path.")]
    DuplicatePath(String),
    /// The archive could not be written.
    #[error("The assets can not be archived: {0}. Shorten the paths and pack again.")]
    Archive(#[from] std::io::Error),
}

/// The component with `manifest` (the text of `plugin.toml`) and `assets` (path and content) appended.
/// Without assets there is no assets section.
pub fn pack(component: &[u8], manifest: &str, assets: &[(String, Vec<u8>)]) -> Result<Vec<u8>, PackError> {
    let present = section_names(component)?;
    refuse(&present, MANIFEST_SECTION)?;
    let mut packed = component.to_vec();
    append(&mut packed, MANIFEST_SECTION, manifest.as_bytes());
    if !assets.is_empty() {
        refuse(&present, ASSETS_SECTION)?;
        append(&mut packed, ASSETS_SECTION, &compress(&archive(assets)?));
    }
    Ok(packed)
}

/// Names of all custom sections, also of those inside the component's modules, in order.
pub fn section_names(component: &[u8]) -> Result<Vec<String>, PackError> {
    if !Parser::is_component(component) {
        return Err(PackError::NotAComponent("it does not begin as one".to_owned()));
    }
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload {
            Ok(Payload::CustomSection(section)) => names.push(section.name().to_owned()),
            Ok(_) => {}
            Err(error) => return Err(PackError::NotAComponent(error.to_string())),
        }
    }
    Ok(names)
}

fn refuse(present: &[String], section: &'static str) -> Result<(), PackError> {
    if present.iter().any(|name| name == section) { Err(PackError::SectionPresent(section)) } else { Ok(()) }
}

fn append(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let section = CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(data) };
    component.push(section.id());
    section.encode(component);
}

/// What gzip begins with: deflate, no flags, no time, smallest, no system.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
/// The smallest that takes no minutes.
const LEVEL: u8 = 9;

/// By gzip. No path begins with the byte that gzip begins with, so that an archive that is not compressed is told from one
/// that is. By one compressor whatever others a build has, so that the same input gives the same bytes.
fn compress(archive: &[u8]) -> Vec<u8> {
    let mut packed = GZIP.to_vec();
    packed.extend(miniz_oxide::deflate::compress_to_vec(archive, LEVEL));
    packed.extend(crc32fast::hash(archive).to_le_bytes());
    // The format keeps the size up to 4 GiB, of which an archive is far.
    packed.extend((archive.len() as u32).to_le_bytes());
    packed
}

/// The assets as a tar archive: sorted, with headers that say nothing about when and where it was packed.
pub fn archive(assets: &[(String, Vec<u8>)]) -> Result<Vec<u8>, PackError> {
    let mut sorted = BTreeMap::new();
    for (path, content) in assets {
        if !is_safe(path) {
            return Err(PackError::UnsafePath(path.clone()));
        }
        if sorted.insert(path, content).is_some() {
            return Err(PackError::DuplicatePath(path.clone()));
        }
    }
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in sorted {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    Ok(archive.into_inner()?)
}

fn is_safe(path: &str) -> bool {
    !path.contains(['\\', ':']) && !path.contains(char::is_control) && path.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

//! The form in which a plugin lies in a registry: that of the CNCF for WebAssembly, one layer with the file, and a
//! configuration that says what it imports and exports. Speaks to nobody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};

use crate::kernel::package::Package;

/// The media type of a manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of a list of manifests, asked for only to be able to say that it is one.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

/// A blob as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
}

/// What names the parts of an artifact.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u64,
    #[serde(default)]
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// An artifact as it is published.
pub(super) struct Artifact {
    pub(super) manifest: Vec<u8>,
    /// The blobs that the manifest names, which have to be there before it.
    pub(super) blobs: Vec<(Descriptor, Vec<u8>)>,
}

impl Artifact {
    /// The artifact of a plugin. The same file always gives the same one: it bears no time.
    pub(super) fn of(package: &Package) -> Result<Self, serde_json::Error> {
        let (imports, exports) = surface(&package.wasm);
        let layer = describe_blob(LAYER, &package.wasm);
        let config = serde_json::to_vec(&json!({
            "created": "1970-01-01T00:00:00Z",
            "author": null,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.digest],
            "component": { "exports": exports, "imports": imports, "target": null },
        }))?;
        let about = &package.manifest;
        let annotations =
            [("title", about.name.clone()), ("version", about.version.to_string()), ("description", about.description.clone())];
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            config: describe_blob(CONFIG, &config),
            layers: vec![layer.clone()],
            annotations: annotations.into_iter().map(|(key, value)| (format!("org.opencontainers.image.{key}"), value)).collect(),
        };
        let blobs = vec![(layer, package.wasm.clone()), (manifest.config.clone(), config)];
        Ok(Self { manifest: serde_json::to_vec(&manifest)?, blobs })
    }
}

/// The one layer of a manifest that is a WebAssembly artifact's, or what it is instead.
pub(super) fn layer(manifest: &[u8]) -> Result<Descriptor, String> {
    let about: serde_json::Value = serde_json::from_slice(manifest).map_err(|_| "its manifest is not JSON".to_owned())?;
    if about.get("manifests").is_some() {
        return Err("it is an index of several artifacts".to_owned());
    }
    let manifest: Manifest =
        serde_json::from_value(about).map_err(|error| format!("its manifest is not one: {}", printable(&error.to_string())))?;
    if manifest.schema_version != 2 || manifest.media_type.is_some_and(|kind| kind != MANIFEST) {
        return Err("its manifest is of another kind".to_owned());
    }
    if manifest.config.media_type != CONFIG {
        return Err(format!("its configuration is `{}` and not `{CONFIG}`", printable(&manifest.config.media_type)));
    }
    match &manifest.layers[..] {
        [layer] if layer.media_type == LAYER => Ok(layer.clone()),
        [layer] => Err(format!("its layer is `{}` and not `{LAYER}`", printable(&layer.media_type))),
        layers => Err(format!("it has {} layers and not one", layers.len())),
    }
}

/// The digest as registries write it.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Somebody else's text, short and safe to show.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}

fn describe_blob(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor { media_type: media_type.to_owned(), digest: digest(bytes), size: bytes.len() as u64 }
}

/// Names of what the component imports and exports. What cannot be read is left out: the package was validated before.
fn surface(wasm: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for payload in Parser::new(0).parse_all(wasm).flatten() {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().flatten().map(|import| import.name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(section.into_iter().flatten().map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

//! Keys, signatures and publication of plugin files. Writes no file; a private key is given to the caller alone.

use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::file::{OfFile, PluginFile, registry, rejected_problem, require_plugin_file};
use crate::{
    app::{self, distribution::Reference},
    config::Config,
    errors::Hint as _,
    events::path_text,
    kernel::{
        disk::read_text,
        package::PackageError,
        signature::{self, PrivateKey, Trust},
    },
    operations::{Problem, ProblemKind, ProblemSource, named_files},
};

/// Bytes of the largest file of a key; one in PEM has some hundred.
const LARGEST_KEY: u64 = 64 << 10;

/// A new key to sign plugins with.
pub struct SigningKey {
    /// The private key, as PEM.
    pub pem: String,
    /// The public key, for those who trust its owner.
    pub public: String,
}

/// A key that was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    /// The file with the private key.
    pub private_key: String,
    /// The public key.
    pub public_key: String,
}

/// A plugin file that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedPlugin {
    /// The name of the plugin.
    pub plugin: String,
    /// The file with its signature.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// The public key that signed it.
    pub key: String,
}

/// A plugin that was published in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublishedPlugin {
    /// The name of the plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
    /// The reference under which it was published.
    pub reference: String,
    /// Digest of its artifact.
    pub digest: String,
    /// A reference that always names this artifact.
    pub pinned: String,
}

/// Creates a key. Keeps no copy of it.
pub fn create_key() -> Result<SigningKey, Problem> {
    let key = PrivateKey::from_seed(rand::random());
    let pem = key.to_pem().map_err(|error| Problem::new(ProblemKind::Internal, "internal", error.to_string(), ProblemSource::Host))?;
    Ok(SigningKey { pem, public: key.public().to_string() })
}

/// A plugin's file with a signature by the key in a file, and that key's public half.
pub fn sign(file: &Path, key: &Path) -> Result<(PluginFile, String), Problem> {
    let key = read_key(key)?;
    require_plugin_file("file", file)?;
    let reject = |reason: String| {
        let message = format!("{} cannot be signed: {reason}", path_text(file));
        Problem::new(ProblemKind::Conflict, "plugin_rejected", message, ProblemSource::Plugin)
    };
    let wasm = app::read_file(file).map_err(reject)?;
    if !wasm.starts_with(b"\0asm") {
        return Err(reject(PackageError::NotWasm.to_string()));
    }
    let signed = signature::sign(&wasm, &key).map_err(|error| reject(error.explain()))?;
    let plugin = app::understand(signed, file, &Trust::default()).map_err(reject)?;
    Ok((PluginFile { plugin, source: None, trust: Trust::default() }, key.public().to_string()))
}

/// Publishes a plugin file under a reference such as `oci://ghcr.io/you/name:1.0.0`.
pub async fn publish(config: &Config, file: &Path, reference: &str) -> Result<PublishedPlugin, Problem> {
    let reference: Reference = reference.parse()?;
    require_plugin_file("file", file)?;
    let plugin = match PluginFile::read_as(file, file, &Trust::default()) {
        OfFile::Plugin(file) => file.plugin,
        OfFile::Rejected(rejected) => return Err(rejected_problem(&rejected)),
    };
    let digest = registry(&reference, config)?.publish(&plugin.package).await?;
    Ok(PublishedPlugin {
        plugin: plugin.name().to_owned(),
        version: plugin.package.manifest.version.to_string(),
        hash: plugin.package.hash.clone(),
        pinned: format!("{}/{}@{digest}", reference.host, reference.repository),
        reference: reference.to_string(),
        digest,
    })
}

fn read_key(path: &Path) -> Result<PrivateKey, Problem> {
    let text = read_text(path, LARGEST_KEY).map_err(|error| named_files::unreadable("key", path, &error))?;
    PrivateKey::from_pem(&text).map_err(|error| {
        let message = format!("`{}` is not a key: {error}", path_text(path).escape_debug());
        Problem::invalid("key_invalid", "key", message).advise("`baton plugin key new` creates one.")
    })
}

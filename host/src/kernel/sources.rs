//! Where plugins were fetched from, and the port of the table that remembers it. Fetches nothing.

use crate::errors::StorageError;
use async_trait::async_trait;

/// Where a plugin's file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name of the plugin.
    pub plugin: String,
    /// The reference it was asked for by, such as `ghcr.io/ada/scribe:1.0.0`.
    pub reference: String,
    /// Digest of the artifact's manifest, `sha256:` before it.
    pub digest: String,
    /// SHA-256 of the file, in hexadecimal. Of another file of the same name it says nothing.
    pub hash: String,
    /// When, in milliseconds since 1970 UTC.
    pub installed_at: u64,
}

/// Remembers where plugins came from.
#[async_trait]
pub trait Sources: Send + Sync {
    /// All there are, one a plugin, in no order.
    async fn sources(&self) -> Result<Vec<Source>, StorageError>;
    /// Remembers one, in the place of what was known of the plugin. `installed_at` is set by the table.
    async fn remember(&self, source: &Source) -> Result<(), StorageError>;
    /// Forgets what was known of a plugin.
    async fn forget(&self, plugin: &str) -> Result<(), StorageError>;
}

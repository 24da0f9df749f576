//! Fetches plugins from registries of the OCI kind and publishes them there. Believes nothing it is told: sizes are
//! bounded, digests checked, redirects judged. Writes no file and decides nothing about what it fetched.

mod artifact;
mod challenge;
mod client;
mod error;
mod reference;
#[cfg(test)]
mod tests;

use std::time::Duration;

use semver::Version as Semver;

pub use error::DistributionError;
pub use reference::{NoReference, Reference, Version};

use crate::{config::RegistryAccess, kernel::package::Package};
use artifact::Artifact;
use client::Client;

/// Longest that fetching or publishing may take.
const LONGEST: Duration = Duration::from_secs(600);
/// Bytes of a manifest, or of a list of tags.
const LARGEST_DOCUMENT: usize = 4 << 20;

/// A plugin's file as it was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The file; nobody has looked into it.
    pub wasm: Vec<u8>,
    /// Digest of its artifact's manifest.
    pub digest: String,
}

/// A manifest as it was fetched.
struct FetchedManifest {
    manifest: Vec<u8>,
    digest: String,
}

/// One registry, as one user sees it.
pub struct Registry {
    client: Client,
    reference: Reference,
}

impl Registry {
    /// The registry of a reference.
    pub fn of(reference: &Reference, access: RegistryAccess) -> Result<Self, DistributionError> {
        Ok(Self { client: Client::new(reference, access)?, reference: reference.clone() })
    }

    /// Fetches the plugin that the reference names.
    pub async fn fetch(&self) -> Result<Fetched, DistributionError> {
        self.within(async { self.load(self.look().await?).await }).await
    }

    /// The same, unless the artifact's manifest has the digest `known`: then none.
    pub async fn fetch_unless(&self, known: Option<&str>) -> Result<Option<Fetched>, DistributionError> {
        let changed = async {
            let found = self.look().await?;
            if known == Some(&found.digest) { Ok(None) } else { self.load(found).await.map(Some) }
        };
        self.within(changed).await
    }

    /// Publishes a plugin under the reference; gives the digest of its artifact.
    pub async fn publish(&self, package: &Package) -> Result<String, DistributionError> {
        self.within(self.publish_in_time(package)).await
    }

    /// The tag with the highest version. One before its release counts only where `current` is such a one.
    pub async fn latest(&self, current: &Semver) -> Result<String, DistributionError> {
        let tags = self.within(self.client.tags(LARGEST_DOCUMENT)).await?;
        let version = |tag: &String| Semver::parse(tag.strip_prefix('v').unwrap_or(tag)).ok();
        let versions = tags.iter().filter_map(|tag| Some((version(tag)?, tag)));
        let latest = versions.filter(|(version, _)| version.pre.is_empty() || !current.pre.is_empty()).max();
        let none = || DistributionError::NoVersions(format!("{}/{}", self.reference.host, self.reference.repository));
        latest.map(|(_, tag)| tag.clone()).ok_or_else(none)
    }

    /// The manifest of the reference.
    async fn look(&self) -> Result<FetchedManifest, DistributionError> {
        let manifest = self.client.manifest(LARGEST_DOCUMENT).await?;
        let digest = artifact::digest(&manifest);
        if let Version::Digest(wanted) = &self.reference.version {
            same("The manifest", &digest, wanted)?;
        }
        Ok(FetchedManifest { manifest, digest })
    }

    /// The file that a manifest names.
    async fn load(&self, found: FetchedManifest) -> Result<Fetched, DistributionError> {
        let no_plugin = |reason| DistributionError::NotPlugin { reference: self.reference.to_string(), reason };
        let layer = artifact::layer(&found.manifest).map_err(no_plugin)?;
        if !reference::is_digest(&layer.digest) {
            return Err(no_plugin(format!("its layer has the digest `{}`, which is not a SHA-256", artifact::printable(&layer.digest))));
        }
        let too_large = DistributionError::TooLarge { what: "The plugin", limit: Package::LARGEST };
        let size = usize::try_from(layer.size).ok().filter(|size| *size <= Package::LARGEST).ok_or(too_large)?;
        let wasm = self.client.blob(&layer.digest, size).await?;
        same("The plugin", &artifact::digest(&wasm), &layer.digest)?;
        Ok(Fetched { wasm, digest: found.digest })
    }

    async fn publish_in_time(&self, package: &Package) -> Result<String, DistributionError> {
        let Version::Tag(tag) = &self.reference.version else { return Err(DistributionError::NoTag(self.reference.to_string())) };
        let artifact = Artifact::of(package).map_err(|error| DistributionError::NotPlugin {
            reference: self.reference.to_string(),
            reason: format!("it cannot be described: {error}"),
        })?;
        for (descriptor, bytes) in artifact.blobs {
            self.client.put_blob(&descriptor.digest, bytes).await?;
        }
        let digest = artifact::digest(&artifact.manifest);
        self.client.put_manifest(tag, artifact::MANIFEST, artifact.manifest).await?;
        Ok(digest)
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, DistributionError>>) -> Result<T, DistributionError> {
        let slow = |_| DistributionError::Slow { host: self.reference.host.clone(), seconds: LONGEST.as_secs() };
        tokio::time::timeout(LONGEST, work).await.map_err(slow)?
    }
}

fn same(what: &'static str, found: &str, wanted: &str) -> Result<(), DistributionError> {
    if found == wanted { Ok(()) } else { Err(DistributionError::Digest { what, found: found.to_owned(), wanted: wanted.to_owned() }) }
}

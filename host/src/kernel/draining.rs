//! Versions of a plugin side by side: a run ends with the one it began with, also after a restart, and what no run needs
//! any more is let go. Publishes nothing.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::json;

use super::{
    Kernel, KernelError,
    granting::adopt_current,
    package::Package,
    permissions::Patterns,
    registry::{Origin, Plugin},
    versions::{Need, Version},
};
use crate::events::{Category, Draft};

/// A version that was needed so recently is not let go: whoever keeps it may be about to begin a run with it.
const GRACE: Duration = Duration::from_secs(60);

impl Kernel {
    /// The version that a run is pinned to: the current one, one that is held, or one whose file was kept.
    pub(super) async fn version_of(&self, name: &str, hash: &str) -> Result<Option<Arc<Plugin>>, KernelError> {
        if let Some(plugin) = self.parts.registry.pinned(name, hash) {
            return Ok(Some(plugin));
        }
        let kept = self.parts.versions.kept().await?.into_iter().find(|version| version.hash == hash && version.plugin == name);
        let Some(kept) = kept else { return Ok(None) };
        let shelf = self.parts.shelf.clone();
        let read = tokio::task::spawn_blocking(move || read_kept(&shelf.path(&kept.hash), shelf.read(&kept.hash)?, kept.bundled)).await;
        let Some(plugin) = read.ok().flatten().filter(|plugin| plugin.name() == name) else { return Ok(None) };
        adopt_current(&plugin, &self.parts.grants.decisions().await?);
        plugin.kept.store(true, Ordering::SeqCst);
        Ok(Some(self.parts.registry.hold(Arc::new(plugin))))
    }

    /// The versions of a plugin that runs need which have not ended.
    pub(super) async fn versions_in_use(&self, name: &str) -> Result<Vec<Arc<Plugin>>, KernelError> {
        let mut versions = Vec::new();
        for need in self.needs().await?.into_iter().filter(|need| need.plugin == name) {
            versions.extend(self.version_of(name, &need.hash).await?);
        }
        Ok(versions)
    }

    /// What runs need which have not ended, and how many they are.
    pub async fn needs(&self) -> Result<Vec<Need>, KernelError> {
        Ok(self.parts.versions.needed().await?)
    }

    /// Takes a plugin out. Runs that began with it go on.
    pub fn take_out(&self, name: &str) {
        self.parts.registry.remove(name);
    }

    /// Keeps the file of a version, before the first run that begins with it.
    pub async fn keep(&self, plugin: &Arc<Plugin>) -> Result<(), KernelError> {
        if plugin.kept.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (shelf, keeping) = (self.parts.shelf.clone(), Arc::clone(plugin));
        let put = tokio::task::spawn_blocking(move || shelf.put(&keeping.package.hash, &keeping.package.wasm)).await;
        put.map_err(std::io::Error::other).and_then(|put| put).map_err(KernelError::Shelf)?;
        let version = Version {
            hash: plugin.package.hash.clone(),
            plugin: plugin.name().to_owned(),
            version: plugin.package.manifest.version.to_string(),
            bundled: plugin.origin == Origin::Bundled,
            kept_at: self.parts.clock.now(),
        };
        self.parts.versions.keep(&version).await?;
        plugin.kept.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Lets go of every version that is not current and that no run needs any more.
    pub async fn retire(&self) -> Result<(), KernelError> {
        let before = self.parts.clock.now().saturating_sub(u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX));
        for Version { hash, plugin, version, .. } in self.parts.versions.kept().await? {
            if self.parts.registry.find(&plugin).is_some_and(|current| current.package.hash == hash) {
                continue;
            }
            let event = json!({ "plugin": plugin, "version": version, "hash": hash });
            let events = vec![Draft::of_host(Category::Plugin, "retired", event)];
            if self.parts.versions.forget(&hash, before, events).await? {
                self.parts.registry.let_go(&hash);
                self.parts.shelf.remove(&hash);
            }
        }
        Ok(())
    }
}

fn read_kept(path: &std::path::Path, wasm: Vec<u8>, bundled: bool) -> Option<Plugin> {
    let origin = if bundled { Origin::Bundled } else { Origin::File(path.to_owned()) };
    let grants = |package: &Package| if bundled { package.manifest.needs.clone() } else { Patterns::default() };
    Plugin::read(wasm, origin, grants).inspect_err(|error| tracing::warn!(%error, "a kept version of a plugin cannot be used")).ok()
}

//! Versions of a plugin side by side: a run ends with the one it began with, also after a restart, and what no run needs
//! any more is let go. Publishes nothing.

use std::sync::{Arc, atomic::Ordering};

use super::{
    Kernel, KernelError,
    granting::adopt_current,
    package::Package,
    permissions::Patterns,
    registry::{Origin, Plugin},
    versions::{Need, Version},
};
use crate::{events::Draft, journal::PluginVersion, kernel::events::Retired};

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
        adopt_current(&plugin, &self.decided_so_far().await?);
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
    pub async fn take_out(&self, name: &str) -> Result<(), KernelError> {
        match self.parts.registry.remove(name) {
            Some(removed) => self.needed_just_now(&removed).await,
            None => Ok(()),
        }
    }

    /// Keeps a version that is current no more for whoever is about to begin a run with it.
    pub(super) async fn needed_just_now(&self, plugin: &Plugin) -> Result<(), KernelError> {
        if plugin.kept.load(Ordering::SeqCst) {
            self.parts.versions.keep(&self.version(plugin)).await?;
        }
        Ok(())
    }

    /// Keeps the file of a version, before the first run that begins with it.
    pub async fn keep(&self, plugin: &Arc<Plugin>) -> Result<(), KernelError> {
        if plugin.kept.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (shelf, keeping) = (self.parts.shelf.clone(), Arc::clone(plugin));
        let put = tokio::task::spawn_blocking(move || shelf.put(&keeping.package.hash, &keeping.package.wasm)).await;
        put.map_err(std::io::Error::other).and_then(|put| put).map_err(KernelError::Shelf)?;
        self.parts.versions.keep(&self.version(plugin)).await?;
        plugin.kept.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Lets go of every version that is not current, that no run needs any more and that was current or kept last before
    /// `before`, in milliseconds since 1970 UTC.
    pub async fn retire(&self, before: u64) -> Result<(), KernelError> {
        for Version { hash, plugin, version, .. } in self.parts.versions.kept().await? {
            if self.parts.registry.find(&plugin).is_some_and(|current| current.package.hash == hash) {
                continue;
            }
            let retired = PluginVersion { plugin: plugin.clone(), version: Some(version), hash: Some(hash.clone()) };
            let events = vec![Draft::of_host(&Retired { plugin: retired })];
            if self.parts.versions.forget(&hash, before, events).await? {
                self.parts.registry.let_go(&hash);
                self.parts.shelf.remove(&hash);
            }
        }
        Ok(())
    }

    /// As it is needed now.
    fn version(&self, plugin: &Plugin) -> Version {
        Version {
            hash: plugin.package.hash.clone(),
            plugin: plugin.name().to_owned(),
            version: plugin.package.manifest.version.to_string(),
            bundled: plugin.origin == Origin::Bundled,
            kept_at: self.parts.clock.now(),
        }
    }
}

fn read_kept(path: &std::path::Path, wasm: Vec<u8>, bundled: bool) -> Option<Plugin> {
    let origin = if bundled { Origin::Bundled } else { Origin::File(path.to_owned()) };
    let grants = |package: &Package| if bundled { package.manifest.needs.clone() } else { Patterns::default() };
    Plugin::read_kept(wasm, origin, grants).inspect_err(|error| tracing::warn!(%error, "a kept version of a plugin cannot be used")).ok()
}

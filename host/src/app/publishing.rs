//! How what lies in the plugin folder becomes what runs are started with: looked at in full, compiled, kept, and then
//! published in one step. What is refused leaves the last good version in its place.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;

use super::{App, AppError, Refused, folder, read_plugin};
use crate::{
    events::{Category, Draft},
    kernel::{
        KernelError,
        registry::{Origin, Plugin, Registry},
        signature::Trust,
        versions::{Published, Shelf},
    },
};

/// Adds the plugins of the folder to those that are bundled; gives the files that were refused. Whoever held a name
/// before holds it now, and what cannot be read is replaced by the last of the file that could.
pub(super) fn load(folder: &folder::Folder, registry: &Registry, trust: &Trust, published: &[Published], shelf: &Shelf) -> Vec<Refused> {
    let mut files = folder.files();
    let place = |path: &PathBuf| published.iter().position(|last| is_file(path, &last.file)).unwrap_or(usize::MAX);
    files.sort_by_key(|path| (place(path), path.clone()));
    let mut refused = Vec::new();
    for path in files {
        let added = read_plugin(&path, trust).and_then(|plugin| registry.add(plugin).map_err(|error| error.to_string()));
        if let Err(reason) = added {
            let kept =
                published.iter().find(|last| is_file(&path, &last.file)).filter(|last| restore(last, &path, registry, shelf).is_some());
            refused.push(Refused { reason: with_last(&reason, kept), path });
        }
    }
    refused
}

impl App {
    /// Writes down what was found in the folder since it was looked at last.
    pub(super) async fn settle_folder(&self, published: Vec<Published>) -> Result<(), AppError> {
        let before: HashMap<_, _> = published.iter().map(|last| (last.file.as_str(), last.hash.as_str())).collect();
        for plugin in self.kernel.registry().all().values() {
            let Origin::File(path) = &plugin.origin else { continue };
            if before.get(file_name(path).as_str()) != Some(&plugin.package.hash.as_str()) {
                self.write_down(plugin, path, None).await?;
            }
        }
        for last in &published {
            let path = self.folder().path(&last.file);
            if !path.exists() {
                self.forget(last, &path).await?;
            }
        }
        Ok(self.kernel.retire().await?)
    }

    /// Publishes a plugin that was read from `path`: compiles and links it, keeps its file, and puts it in the place of
    /// the version before. A sentence says why not, and then nothing has changed.
    pub async fn publish(&self, plugin: Plugin, path: &Path) -> Result<Result<Arc<Plugin>, String>, KernelError> {
        let holder = match self.kernel.registry().find(plugin.name()).map(|present| present.origin.clone()) {
            // Its file was given another name.
            Some(Origin::File(file)) if !file.exists() => file,
            _ => path.to_owned(),
        };
        if let Err(error) = self.kernel.registry().check(&plugin, Some(&holder)) {
            return Ok(Err(error.to_string()));
        }
        let (kernel, compiling) = (Arc::clone(&self.kernel), Arc::new(plugin));
        let plugin = Arc::clone(&compiling);
        let compiled = tokio::task::spawn_blocking(move || compiling.exports(kernel.engine()).map(drop)).await;
        match compiled {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Ok(Err(error.to_string())),
            Err(_) => return Ok(Err("Compiling it broke down; try another build of it.".to_owned())),
        }
        let Some(plugin) = Arc::into_inner(plugin) else { return Ok(Err("It is being published already.".to_owned())) };
        let of_file = self.kernel.registry().of_file(path);
        let replaced = self.kernel.registry().find(plugin.name()).map(|present| present.package.hash.clone());
        let plugin = self.kernel.put(plugin).await?;
        if let Some(other) = of_file.filter(|other| other.name() != plugin.name()) {
            self.kernel.take_out(other.name());
        }
        self.write_down(&plugin, path, replaced).await?;
        Ok(Ok(plugin))
    }

    /// Takes out what was published from a file that is gone. Gives it, if there was something.
    pub async fn withdraw(&self, path: &Path) -> Result<Option<Arc<Plugin>>, KernelError> {
        let Some(plugin) = self.kernel.registry().of_file(path) else { return Ok(None) };
        self.kernel.take_out(plugin.name());
        let manifest = &plugin.package.manifest;
        let last = Published {
            file: file_name(path),
            plugin: manifest.name.clone(),
            version: manifest.version.to_string(),
            hash: plugin.package.hash.clone(),
            published_at: 0,
        };
        self.forget(&last, path).await?;
        Ok(Some(plugin))
    }

    /// Leaves word that a file was refused, and of what stays in its place.
    pub async fn refuse(&self, path: &Path, reason: &str) -> Result<(), KernelError> {
        let kept = self.kernel.registry().of_file(path);
        let kept = kept.map(|kept| json!({ "plugin": kept.name(), "version": kept.package.manifest.version, "hash": kept.package.hash }));
        let event = json!({ "file": path, "reason": reason, "kept": kept });
        self.kernel.events().append(vec![Draft::of_host(Category::Plugin, "refused", event)]).await?;
        Ok(())
    }

    async fn write_down(&self, plugin: &Arc<Plugin>, path: &Path, replaced: Option<String>) -> Result<(), KernelError> {
        self.kernel.keep(plugin).await?;
        let manifest = &plugin.package.manifest;
        let published = Published {
            file: file_name(path),
            plugin: manifest.name.clone(),
            version: manifest.version.to_string(),
            hash: plugin.package.hash.clone(),
            published_at: self.kernel.now(),
        };
        let event = json!({
            "plugin": published.plugin,
            "version": published.version,
            "hash": published.hash,
            "file": path,
            "replaced": replaced.filter(|replaced| *replaced != published.hash),
        });
        Ok(self.versions().publish(&published, vec![Draft::of_host(Category::Plugin, "published", event)]).await?)
    }

    async fn forget(&self, last: &Published, path: &Path) -> Result<(), KernelError> {
        let event = json!({ "plugin": last.plugin, "version": last.version, "hash": last.hash, "file": path });
        self.versions().withdraw(&last.file, vec![Draft::of_host(Category::Plugin, "removed", event)]).await?;
        Ok(())
    }
}

fn restore(last: &Published, path: &Path, registry: &Registry, shelf: &Shelf) -> Option<Arc<Plugin>> {
    let plugin = Plugin::read(shelf.read(&last.hash)?, Origin::File(path.to_owned()), |_| Default::default()).ok()?;
    registry.add(plugin).ok()
}

fn with_last(reason: &str, kept: Option<&Published>) -> String {
    match kept {
        Some(last) => format!("{reason} Version {} of `{}`, which was there before, stays.", last.version, last.plugin),
        None => reason.to_owned(),
    }
}

fn is_file(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|file| file.to_string_lossy() == name)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

//! Watches the plugin folder while the host serves: what is put there is published once it has settled, what is taken
//! away is taken out. Believes no notice of the system alone: it looks again every two seconds.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use notify::{RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::{App, Folder, read_plugin};
use crate::kernel::{
    KernelError,
    registry::Origin,
    watch::{Known, Stamp, Step},
};

/// How often the folder is looked at where nothing tells of a change.
const LOOK: Duration = Duration::from_secs(2);

impl App {
    /// Follows the folder until the store fails.
    pub async fn watch_folder(&self) -> Result<(), KernelError> {
        let mut watched = Watched { app: self, known: Known::default(), refused: BTreeMap::new() };
        for refused in &self.refused {
            watched.refused.insert(refused.path.clone(), String::new());
        }
        let (folder, changed) = (self.folder(), Arc::new(Notify::new()));
        // Without a folder there is nothing to watch; without a watcher there is the look every two seconds.
        let watcher = watch(&folder, Arc::clone(&changed));
        if let Err(reason) = &watcher {
            tracing::warn!(%reason, "changes of the plugin folder are noticed every two seconds only");
        }
        loop {
            let due = watched.look().await?.unwrap_or(LOOK).min(LOOK);
            tokio::select! {
                () = changed.notified() => {}
                () = tokio::time::sleep(due) => {}
            }
        }
    }
}

struct Watched<'a> {
    app: &'a App,
    known: Known,
    /// Why each of the files was refused that were.
    refused: BTreeMap<PathBuf, String>,
}

impl Watched<'_> {
    /// Does what is to be done now, and says how long until there is more.
    async fn look(&mut self) -> Result<Option<Duration>, KernelError> {
        let folder = self.app.folder();
        let listing = tokio::task::spawn_blocking(move || listing(&folder)).await.unwrap_or_default();
        let steps = self.known.reconcile(&listing, Instant::now());
        let mut changed = false;
        for step in steps {
            changed |= match step {
                Step::Examine(path) => self.examine(&path).await?,
                Step::Forget(path) => {
                    self.refused.remove(&path);
                    self.app.withdraw(&path).await?.is_some()
                }
            };
        }
        if changed {
            // A name that was taken may be free now.
            self.refused.keys().for_each(|path| self.known.again(path));
        }
        self.app.retire().await?;
        Ok(self.known.due(Instant::now()))
    }

    /// Publishes what lies in a file, if that is something new. Returns whether it was.
    async fn examine(&mut self, path: &Path) -> Result<bool, KernelError> {
        let (reading, trust) = (path.to_owned(), self.app.config.trust.clone());
        let read = tokio::task::spawn_blocking(move || read_plugin(&reading, &trust)).await;
        let plugin = match read.unwrap_or_else(|_| Err("Reading it broke down; try another build of it.".to_owned())) {
            Ok(plugin) => plugin,
            Err(reason) => return self.refuse(path, reason).await,
        };
        if let Some(present) = self.app.kernel.registry().pinned(plugin.name(), &plugin.package.hash) {
            let is_current = self.app.kernel.registry().find(plugin.name()).is_some_and(|current| Arc::ptr_eq(&current, &present));
            if is_current && present.origin == Origin::File(path.to_owned()) {
                self.refused.remove(path);
                return Ok(false);
            }
        }
        match self.app.publish(plugin, path).await? {
            Ok(_) => {
                self.refused.remove(path);
                Ok(true)
            }
            Err(reason) => self.refuse(path, reason).await,
        }
    }

    /// Tells of a refusal once.
    async fn refuse(&mut self, path: &Path, reason: String) -> Result<bool, KernelError> {
        if self.refused.get(path) != Some(&reason) {
            self.app.refuse(path, &reason).await?;
            self.refused.insert(path.to_owned(), reason);
        }
        Ok(false)
    }
}

fn watch(folder: &Folder, changed: Arc<Notify>) -> Result<notify::RecommendedWatcher, String> {
    fs::create_dir_all(folder.root()).map_err(|error| error.to_string())?;
    let tell = move |_: notify::Result<notify::Event>| changed.notify_one();
    let mut watcher = notify::recommended_watcher(tell).map_err(|error| error.to_string())?;
    watcher.watch(folder.root(), RecursiveMode::NonRecursive).map_err(|error| error.to_string())?;
    Ok(watcher)
}

/// The files of the folder, and what tells their states apart.
fn listing(folder: &Folder) -> BTreeMap<PathBuf, Stamp> {
    let stamped = |path: PathBuf| {
        let about = fs::metadata(&path).ok()?;
        Some((path, Stamp { size: about.len(), modified: about.modified().ok()?, identity: identity(&about) }))
    };
    folder.files().into_iter().filter_map(stamped).collect()
}

#[cfg(unix)]
fn identity(about: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
fn identity(_about: &fs::Metadata) -> u64 {
    0
}

//! Watches the plugin folder while the host serves: what is put there is published once it has settled, what is taken
//! away is taken out. Believes no notice of the system alone: it looks again every two seconds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use notify::{RecursiveMode, Watcher};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

use super::{App, Folder, publishing::compiled};
use crate::kernel::{
    KernelError,
    disk::private_folder,
    registry::{Origin, Plugin},
    watch::{KnownFiles, Stamp, Step},
};

/// How often the folder is looked at where nothing tells of a change.
const LOOK: Duration = Duration::from_secs(2);
/// Files compiled at once. One that takes all the time it may have holds up no other, and a folder full of them does not
/// take the machine.
const AT_ONCE: usize = 4;

impl App {
    /// Follows the folder until the store fails.
    pub async fn watch_folder(&self) -> Result<(), KernelError> {
        let mut watched = Watched::of(self);
        let (folder, changed) = (self.folder(), Arc::new(Notify::new()));
        // Without a folder there is nothing to watch; without a watcher there is the look every two seconds.
        let watcher = watch(&folder, Arc::clone(&changed));
        if let Err(reason) = &watcher {
            tracing::warn!(%reason, "changes of the plugin directory are noticed every two seconds only");
        }
        loop {
            let due = watched.look().await?.unwrap_or(LOOK).min(LOOK);
            tokio::select! {
                () = changed.notified() => {}
                () = tokio::time::sleep(due) => {}
                // Nothing of a task that broke down is published; it is looked into again when it changes.
                Some(compiled) = watched.compiling.join_next() => if let Ok(compiled) = compiled { watched.settle(compiled).await? },
            }
        }
    }
}

struct Watched<'a> {
    app: &'a App,
    known: KnownFiles,
    /// Why each of the files was refused that were.
    refused: BTreeMap<PathBuf, String>,
    compiling: JoinSet<Compiled>,
    room: Arc<Semaphore>,
    /// What is being compiled, by the file it was read from.
    claims: BTreeMap<PathBuf, Claim>,
    /// Files that wait until it is decided who gets the name they claim.
    held_up: BTreeSet<PathBuf>,
    /// Files that have gone while a newer one of their plugin is being compiled.
    leaving: BTreeSet<PathBuf>,
    claimed: u64,
}

/// A name that is given to a file, if it can be compiled. Of several files the first that was looked into claims it,
/// however long each takes.
struct Claim {
    plugin: String,
    /// Tells this state of the file from later ones.
    number: u64,
}

/// What came of a claim.
struct Compiled {
    path: PathBuf,
    number: u64,
    plugin: Arc<Plugin>,
    outcome: Result<(), String>,
}

impl<'a> Watched<'a> {
    fn of(app: &'a App) -> Self {
        Self {
            app,
            known: KnownFiles::default(),
            refused: app.refused.iter().map(|refused| (refused.path.clone(), String::new())).collect(),
            compiling: JoinSet::new(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            claims: BTreeMap::new(),
            held_up: BTreeSet::new(),
            leaving: BTreeSet::new(),
            claimed: 0,
        }
    }

    /// Does what is to be done now, and says how long until there is more.
    async fn look(&mut self) -> Result<Option<Duration>, KernelError> {
        let folder = self.app.folder();
        let listing = tokio::task::spawn_blocking(move || listing(&folder)).await.unwrap_or_default();
        for step in self.known.reconcile(&listing, Instant::now()) {
            match step {
                Step::Examine(path) => self.examine(path).await?,
                Step::Forget(path) => {
                    self.refused.remove(&path);
                    self.give_up(&path);
                    self.leaving.insert(path);
                }
            }
        }
        self.let_leave().await?;
        self.app.retire().await?;
        Ok(self.known.due(Instant::now()))
    }

    /// Looks into a file, and claims its name where it holds something new.
    async fn examine(&mut self, path: PathBuf) -> Result<(), KernelError> {
        self.give_up(&path);
        let (folder, reading, trust) = (self.app.folder(), path.clone(), self.app.config.trust.clone());
        let read = tokio::task::spawn_blocking(move || folder.read(&reading, &trust)).await;
        let plugin = match read.unwrap_or_else(|_| Err("Reading it broke down; try another build of it.".to_owned())) {
            Ok(plugin) => plugin,
            Err(reason) => return self.refuse(&path, reason).await,
        };
        if self.is_current(&plugin, &path) {
            self.refused.remove(&path);
            return Ok(());
        }
        if self.claims.values().any(|claim| claim.plugin == plugin.name()) {
            self.held_up.insert(path);
            return Ok(());
        }
        match self.app.follow(plugin, &path).await? {
            Ok(_) => self.accept(&path),
            Err(plugin) => match self.app.admits(&plugin, &path).await? {
                Ok(()) => self.claim(plugin, path),
                Err(reason) => return self.refuse(&path, reason).await,
            },
        }
        Ok(())
    }

    fn is_current(&self, plugin: &Plugin, path: &Path) -> bool {
        let current = self.app.kernel.registry().find(plugin.name());
        current.is_some_and(|current| current.package.hash == plugin.package.hash && current.origin == Origin::File(path.to_owned()))
    }

    fn claim(&mut self, plugin: Plugin, path: PathBuf) {
        self.claimed += 1;
        let number = self.claimed;
        self.claims.insert(path.clone(), Claim { plugin: plugin.name().to_owned(), number });
        let (kernel, room, plugin) = (Arc::clone(&self.app.kernel), Arc::clone(&self.room), Arc::new(plugin));
        self.compiling.spawn(async move {
            // It is never closed.
            let _turn = room.acquire_owned().await;
            let outcome = compiled(&kernel, &plugin).await;
            Compiled { path, number, plugin, outcome }
        });
    }

    /// Publishes what was compiled, if its file is still what it was.
    async fn settle(&mut self, Compiled { path, number, plugin, outcome }: Compiled) -> Result<(), KernelError> {
        if self.claims.get(&path).is_none_or(|claim| claim.number != number) {
            return Ok(());
        }
        self.give_up(&path);
        let displaced = self.app.kernel.registry().find(plugin.name()).map(|present| present.origin.clone());
        let published = match outcome {
            Ok(()) => self.app.take_up(plugin, &path).await?.map(drop),
            Err(reason) => Err(reason),
        };
        match published {
            Ok(()) => {
                self.accept(&path);
                // It had the name only while this file was away.
                if let Some(Origin::File(other)) = displaced.filter(|other| *other != Origin::File(path)) {
                    self.known.again(&other);
                }
            }
            Err(reason) => self.refuse(&path, reason).await?,
        }
        self.let_leave().await
    }

    fn accept(&mut self, path: &Path) {
        self.refused.remove(path);
        self.look_again_at_refused();
    }

    /// A name that was taken may be free now.
    fn look_again_at_refused(&mut self) {
        self.refused.keys().for_each(|path| self.known.again(path));
    }

    /// A file claims its name no more: whoever waits for that may.
    fn give_up(&mut self, path: &Path) {
        self.held_up.remove(path);
        if self.claims.remove(path).is_some() {
            std::mem::take(&mut self.held_up).iter().for_each(|path| self.known.again(path));
        }
    }

    /// Takes out what was published from files that have gone, unless a newer file of it may yet take its place.
    async fn let_leave(&mut self) -> Result<(), KernelError> {
        for path in std::mem::take(&mut self.leaving) {
            let plugin = self.app.kernel.registry().of_file(&path);
            if plugin.is_some_and(|plugin| self.claims.values().any(|claim| claim.plugin == plugin.name())) && !path.exists() {
                self.leaving.insert(path);
            } else if !path.exists() && self.app.withdraw(&path).await?.is_some() {
                self.look_again_at_refused();
            }
        }
        Ok(())
    }

    /// Tells of a refusal once.
    async fn refuse(&mut self, path: &Path, reason: String) -> Result<(), KernelError> {
        if self.refused.get(path) != Some(&reason) {
            self.app.refuse(path, &reason).await?;
            self.refused.insert(path.to_owned(), reason);
        }
        Ok(())
    }
}

fn watch(folder: &Folder, changed: Arc<Notify>) -> Result<notify::RecommendedWatcher, String> {
    private_folder(folder.root()).map_err(|error| error.to_string())?;
    // Listing the folder opens it, which is an event as well: the host would never come to rest.
    let tell = move |event: notify::Result<notify::Event>| {
        if !event.is_ok_and(|event| event.kind.is_access()) {
            changed.notify_one();
        }
    };
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

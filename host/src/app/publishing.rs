//! How what lies in the plugin folder becomes what runs are started with: looked at in full, compiled, kept, and then
//! published in one step. What is refused leaves the last good version in its place.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::events::{self, Moved, Rejected, Removed};
use super::{Access, App, AppError, Refused, folder, understand};
use crate::{
    errors::Hint,
    events::{Draft, path_text},
    journal::PluginVersion,
    kernel::{
        Kernel, KernelError,
        engine::Engine,
        registry::{Origin, Plugin, Registry},
        signature::Trust,
        versions::{Claim, Published, Shelf},
    },
};

/// A version that was needed so recently is not let go: somebody may be about to begin a run with it.
const GRACE: Duration = Duration::from_secs(60);

/// What lies in the plugin folder, and what is known of it.
pub(super) struct PluginFolder<'a> {
    pub(super) folder: &'a folder::Folder,
    /// What its files held last that was good.
    pub(super) published: &'a [Published],
    /// Which names belong to which of them.
    pub(super) claims: &'a [Claim],
    pub(super) shelf: &'a Shelf,
    /// What is known to have no code.
    pub(super) engine: &'a Engine,
    /// Whose plugins are taken.
    pub(super) trust: &'a Trust,
}

/// A file of the folder, read.
struct Candidate<'a> {
    path: PathBuf,
    /// What it held last.
    last: Option<&'a Published>,
    read: Result<Plugin, String>,
}

impl<'a> PluginFolder<'a> {
    fn candidate(&self, path: PathBuf, access: Access) -> Candidate<'a> {
        let last = self.published.iter().find(|last| is_file(&path, &last.file));
        // What the host that executes has not published yet does not exist yet.
        let taken_up = last.filter(|_| access == Access::Attached).and_then(|last| self.restored(last, &path));
        let read = taken_up.map_or_else(|| self.read(&path), Ok);
        Candidate { path, last, read }
    }

    fn restored(&self, last: &Published, path: &Path) -> Option<Plugin> {
        let plugin = load_last_good(last, path, self.shelf, self.trust)?;
        // It may have been published without being compiled, and be no good.
        self.engine.refusal(&plugin.package, &plugin.origin).is_none().then(|| self.mark_newcomer(plugin, path))
    }

    fn read(&self, path: &Path) -> Result<Plugin, String> {
        let plugin = self.folder.read(path, self.trust)?;
        self.engine.refusal(&plugin.package, &plugin.origin).map_or_else(|| Ok(self.mark_newcomer(plugin, path)), Err)
    }

    fn mark_newcomer(&self, mut plugin: Plugin, path: &Path) -> Plugin {
        plugin.newcomer = is_newcomer(self.claims, &plugin, path);
        plugin
    }

    /// Whose turn it is to take its name: first the file that it belongs to, then one with the same in it, then whoever
    /// had a name before.
    fn turn(&self, candidate: &Candidate) -> (bool, bool, usize) {
        let name = candidate.read.as_ref().ok().map(Plugin::name).or(candidate.last.map(|last| last.plugin.as_str()));
        let claim = self.claims.iter().find(|claim| Some(claim.plugin.as_str()) == name);
        let is_holder = claim.is_some_and(|claim| is_file(&candidate.path, &claim.file));
        let is_newcomer = candidate.read.as_ref().is_ok_and(|plugin| plugin.newcomer);
        let place = self.published.iter().position(|last| is_file(&candidate.path, &last.file)).unwrap_or(usize::MAX);
        (!is_holder, is_newcomer, place)
    }
}

/// Adds the plugins of the folder to those that are bundled; gives the files that were refused. A name goes to the file
/// that it belongs to, and what cannot be read is replaced by the last of the file that could.
pub(super) fn load(found: &PluginFolder, registry: &Registry, access: Access) -> Vec<Refused> {
    let mut candidates: Vec<_> = found.folder.files().into_iter().map(|path| found.candidate(path, access)).collect();
    candidates.sort_by_cached_key(|candidate| (found.turn(candidate), candidate.path.clone()));
    let mut refused = Vec::new();
    for Candidate { path, last, read } in candidates {
        let added = read.and_then(|plugin| registry.add(plugin).map_err(|error| error.explain()));
        if let Err(reason) = added {
            let stays = |last: &&Published| found.restored(last, &path).is_some_and(|plugin| registry.add(plugin).is_ok());
            let kept = last.filter(stays);
            refused.push(reject_file(path, &reason, kept));
        }
    }
    refused
}

impl App {
    /// Writes down what was found in the folder since it was looked at last. Gives the files that turned out to be no
    /// good, where the last good version stays.
    pub(super) async fn settle_folder(&self, published: Vec<Published>) -> Result<Vec<Refused>, AppError> {
        let mut refused = Vec::new();
        let before: HashMap<_, _> = published.iter().map(|last| (last.file.as_str(), last)).collect();
        for plugin in self.kernel.registry().all().values() {
            let Origin::File(path) = &plugin.origin else { continue };
            let last = before.get(file_name(path).as_str()).copied();
            if last.is_some_and(|last| last.hash == plugin.package.hash) {
                continue;
            }
            // Where there is nothing to go back to, it is compiled when it is wanted.
            let worse = match last {
                Some(last) => self.worse(plugin, last, path).await?,
                None => None,
            };
            match worse {
                Some(reason) => refused.push(reject_file(path.clone(), &reason, last)),
                None => self.write_down(plugin, path, |held, file| self.news(held, file, &published)).await?,
            }
        }
        for last in &published {
            let path = self.folder().path(&last.file);
            if !path.exists() {
                self.forget(last, &path).await?;
            }
        }
        self.retire().await?;
        Ok(refused)
    }

    /// What is new of a plugin that lies in another file than before, or in none before.
    fn news(&self, held: &Published, file: String, before: &[Published]) -> Draft {
        let same = before.iter().filter(|last| last.plugin == held.plugin && last.hash == held.hash);
        match same.map(|last| self.folder().path(&last.file)).find(|file| !file.exists()) {
            Some(from) => Draft::of_host(&describe_move(held, file, &from)),
            None => Draft::of_host(&published(held, file, None)),
        }
    }

    /// Lets go of the versions that nobody needs any more.
    pub(super) async fn retire(&self) -> Result<(), KernelError> {
        let grace = u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX);
        self.kernel.retire(self.kernel.now().saturating_sub(grace)).await
    }

    /// Why the plugin of a file cannot be used, where the last of the file can: it is in its place then.
    async fn worse(&self, plugin: &Arc<Plugin>, last: &Published, path: &Path) -> Result<Option<String>, KernelError> {
        let Err(reason) = compiled(&self.kernel, plugin).await else { return Ok(None) };
        let Some(last) = load_last_good(last, path, &Shelf::of(&self.config.data_dir), &self.config.trust) else { return Ok(None) };
        if last.name() != plugin.name() {
            if self.kernel.registry().check(&last, None).is_err() {
                return Ok(None);
            }
            self.kernel.take_out(plugin.name()).await?;
        }
        self.kernel.put(last).await?;
        Ok(Some(reason))
    }

    /// Why runs of a plugin begin with an older version than the one that lies in the plugin folder, where another host
    /// executes them: its file was rejected, or is not published yet.
    pub fn why_older(&self, plugin: &Plugin) -> Option<String> {
        let Origin::File(path) = &plugin.origin else { return None };
        if self.access != Access::Attached {
            return None;
        }
        let (name, version) = (plugin.name(), &plugin.package.manifest.version);
        let said = |why: &str| Some(format!("Runs of `{name}` begin with version {version}, not with {}: {why}", path.display()));
        match folder::read_file(path) {
            // Its removal is noticed by the host that executes.
            Err(_) if !path.exists() => None,
            Err(reason) => said(&reason),
            Ok(wasm) if wasm == plugin.package.wasm => None,
            Ok(wasm) => match understand(wasm, path, &self.config.trust) {
                Err(reason) => said(&reason),
                Ok(newer) => match self.kernel.engine().refusal(&newer.package, &newer.origin) {
                    Some(reason) => said(&reason),
                    None => said("the running host has not published it yet."),
                },
            },
        }
    }

    /// Publishes a plugin that was read from `path`: compiles and links it, keeps its file, and puts it in the place of
    /// the version before. A sentence says why not, and then nothing has changed.
    pub async fn publish(&self, plugin: Plugin, path: &Path) -> Result<Result<Arc<Plugin>, String>, KernelError> {
        if let Err(reason) = self.admits(&plugin, path).await? {
            return Ok(Err(reason));
        }
        let plugin = Arc::new(plugin);
        match compiled(&self.kernel, &plugin).await {
            Ok(()) => self.take_up(plugin, path).await,
            Err(reason) => Ok(Err(reason)),
        }
    }

    /// Whether a plugin that was read from `path` may have its name; a sentence says why not.
    pub(super) async fn admits(&self, plugin: &Plugin, path: &Path) -> Result<Result<(), String>, KernelError> {
        let claims = self.versions().claims().await?;
        let is_its_own = claims.iter().any(|claim| claim.plugin == plugin.name() && is_file(path, &claim.file));
        let holder = match self.kernel.registry().find(plugin.name()).map(|present| present.origin.clone()) {
            // Its file was given another name, or had the name only while the one it belongs to was away.
            Some(Origin::File(file)) if is_its_own || !file.exists() => file,
            _ => path.to_owned(),
        };
        Ok(self.kernel.registry().check(plugin, Some(&holder)).map_err(|error| error.explain()))
    }

    /// Gives the name of a plugin to the file it lies in, whoever had it: an operator says so.
    pub async fn claim(&self, plugin: &Plugin, path: &Path) -> Result<(), KernelError> {
        let (file, hash) = (file_name(path), plugin.package.hash.clone());
        Ok(self.versions().claim(&Claim { plugin: plugin.name().to_owned(), file, hash }).await?)
    }

    /// Gives a name up: whoever takes it next is as good as any.
    pub async fn unclaim(&self, plugin: &str) -> Result<(), KernelError> {
        Ok(self.versions().unclaim(plugin).await?)
    }

    /// The last step of publishing: for what has been compiled, and is held by nobody else.
    pub(super) async fn take_up(&self, plugin: Arc<Plugin>, path: &Path) -> Result<Result<Arc<Plugin>, String>, KernelError> {
        // Somebody else may have taken the name meanwhile.
        if let Err(reason) = self.admits(&plugin, path).await? {
            return Ok(Err(reason));
        }
        let Some(plugin) = Arc::into_inner(plugin) else { return Ok(Err("It is being published already.".to_owned())) };
        let replaced = self.kernel.registry().find(plugin.name()).map(|present| present.package.hash.clone());
        let plugin = self.put(plugin, path).await?;
        self.write_down(&plugin, path, |held, file| Draft::of_host(&published(held, file, replaced))).await?;
        Ok(Ok(plugin))
    }

    /// Takes note that the file of a plugin has another name now, and nothing else has changed. False where that is not so.
    pub(super) async fn follow(&self, plugin: Plugin, path: &Path) -> Result<Result<Arc<Plugin>, Plugin>, KernelError> {
        let present = self.kernel.registry().find(plugin.name()).filter(|present| present.package.hash == plugin.package.hash);
        let from = match present.map(|present| present.origin.clone()) {
            Some(Origin::File(from)) if from != path && !from.exists() => from,
            _ => return Ok(Err(plugin)),
        };
        let plugin = self.put(plugin, path).await?;
        self.write_down(&plugin, path, |held, file| Draft::of_host(&describe_move(held, file, &from))).await?;
        Ok(Ok(plugin))
    }

    async fn put(&self, mut plugin: Plugin, path: &Path) -> Result<Arc<Plugin>, KernelError> {
        plugin.newcomer = is_newcomer(&self.versions().claims().await?, &plugin, path);
        let of_file = self.kernel.registry().of_file(path);
        let plugin = self.kernel.put(plugin).await?;
        if let Some(other) = of_file.filter(|other| other.name() != plugin.name()) {
            self.kernel.take_out(other.name()).await?;
        }
        Ok(plugin)
    }

    /// Takes out what was published from a file that is gone. Gives it, if there was something.
    pub async fn withdraw(&self, path: &Path) -> Result<Option<Arc<Plugin>>, KernelError> {
        let Some(plugin) = self.kernel.registry().of_file(path) else { return Ok(None) };
        self.kernel.take_out(plugin.name()).await?;
        self.forget(&describe_file(&plugin, path, 0), path).await?;
        Ok(Some(plugin))
    }

    /// Leaves word that a file was refused, and of what stays in its place.
    pub async fn refuse(&self, path: &Path, reason: &str) -> Result<(), KernelError> {
        let kept = self.kernel.registry().of_file(path);
        let kept = kept.map(|kept| kept.named_version());
        let rejected = Rejected { file: path_text(path), reason: reason.to_owned(), kept };
        self.kernel.events().append(vec![Draft::of_host(&rejected)]).await?;
        Ok(())
    }

    /// Remembers what a file holds, and tells what happened.
    async fn write_down(
        &self,
        plugin: &Arc<Plugin>,
        path: &Path,
        event: impl FnOnce(&Published, String) -> Draft,
    ) -> Result<(), KernelError> {
        self.kernel.keep(plugin).await?;
        let published = describe_file(plugin, path, self.kernel.now());
        let event = event(&published, path_text(path));
        Ok(self.versions().publish(&published, vec![event]).await?)
    }

    async fn forget(&self, last: &Published, path: &Path) -> Result<(), KernelError> {
        let plugin = PluginVersion { plugin: last.plugin.clone(), version: Some(last.version.clone()), hash: Some(last.hash.clone()) };
        let removed = Removed { plugin, file: path_text(path), rejected: false };
        self.versions().withdraw(&last.file, vec![Draft::of_host(&removed)]).await?;
        Ok(())
    }
}

/// What a file holds that a plugin was read from.
fn describe_file(plugin: &Plugin, path: &Path, published_at: u64) -> Published {
    let (manifest, hash) = (&plugin.package.manifest, &plugin.package.hash);
    Published {
        file: file_name(path),
        plugin: manifest.name.clone(),
        version: manifest.version.to_string(),
        hash: hash.clone(),
        published_at,
    }
}

/// Compiles and links a plugin; a sentence says why that is not possible.
pub(super) async fn compiled(kernel: &Arc<Kernel>, plugin: &Arc<Plugin>) -> Result<(), String> {
    let (kernel, compiling) = (Arc::clone(kernel), Arc::clone(plugin));
    match tokio::task::spawn_blocking(move || compiling.exports(kernel.engine()).map(drop)).await {
        Ok(compiled) => compiled.map_err(|error| error.explain()),
        Err(_) => Err("Compiling it crashed; try another build of it.".to_owned()),
    }
}

fn describe_move(held: &Published, file: String, from: &Path) -> Moved {
    let Published { plugin, version, hash, .. } = held.clone();
    Moved { plugin, version, hash, file, from: path_text(from) }
}

fn published(held: &Published, file: String, replaced: Option<String>) -> events::Published {
    let Published { plugin, version, hash, .. } = held.clone();
    let replaced = replaced.filter(|replaced| *replaced != hash);
    events::Published { plugin, version, hash, file, replaced }
}

/// The last good version of a file, if it is still one that the operator takes.
fn load_last_good(last: &Published, path: &Path, shelf: &Shelf, trust: &Trust) -> Option<Plugin> {
    understand(shelf.read(&last.hash)?, path, trust).ok()
}

/// Whether the name of a plugin belongs to another file than the one it lies in.
fn is_newcomer(claims: &[Claim], plugin: &Plugin, path: &Path) -> bool {
    let claim = claims.iter().find(|claim| claim.plugin == plugin.name());
    claim.is_some_and(|claim| !claim.is_of(&file_name(path), &plugin.package.hash))
}

fn reject_file(path: PathBuf, reason: &str, kept: Option<&Published>) -> Refused {
    let reason = match kept {
        Some(last) => format!("{reason} Version {} of `{}`, which was there before, stays in use.", last.version, last.plugin),
        None => reason.to_owned(),
    };
    Refused { path, reason, kept: kept.map(|last| last.plugin.clone()) }
}

fn is_file(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|file| file == name)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

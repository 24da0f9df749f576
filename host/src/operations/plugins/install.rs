//! Plugins installed, updated and removed, each with its audit event. Asks nobody: a plan shows beforehand what would change.

use std::{path::PathBuf, sync::Arc};

use semver::Version;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    file::{PluginFile, registry, unknown_plugin},
    view::{Capabilities, Plugin, ProjectNames, Reach, ReachedPlugin, reach},
};
use crate::{
    actor::Actor,
    app::{
        App, Folder, FolderError,
        distribution::Reference,
        events::{Installed, Removed},
    },
    config::Config,
    events::{Draft, path_text},
    journal::PluginVersion,
    kernel::{
        KernelError,
        granting::{By, Change},
        registry::{self as plugins, Origin},
        sources::Source,
    },
    operations::{Host, Moment, Problem, ProblemKind, ProblemSource},
};

/// How to install a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstallPlugin {
    /// Grant all that it asks for.
    #[serde(default)]
    pub grant: bool,
    /// Why that is granted, for the history of the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A plugin that was installed, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstalledPlugin {
    /// The plugin. Its file is where it is installed, or would be.
    #[serde(flatten)]
    pub plugin: Plugin,
    /// What it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<ReplacedPlugin>,
    /// What other plugins may do when it starts them, if everything that it asks for is granted. Only of a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, ReachedPlugin>>)]
    pub reach: Option<Reach>,
    /// What others could do for it beyond what it may do itself, if everything that it asks for is granted; none where it
    /// could start no other plugin. Only of a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::operations::plugins::DescribedCapabilities>)]
    pub through: Option<Capabilities>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}

/// An installed version that another replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplacedPlugin {
    /// Its version.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
    /// Whether it is newer than the version that replaces it.
    pub is_newer: bool,
    /// The operator's name for the key that signed it, where another signed what replaces it: then none of its grants carry over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_signer: Option<String>,
}

/// A plugin that was fetched from a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginSource {
    /// The name of the plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// The reference it was fetched by.
    pub reference: String,
    /// Digest of its artifact.
    pub digest: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
}

/// Which artifact to update a plugin to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateTarget {
    /// What its reference names now.
    #[default]
    Same,
    /// Another tag of the same repository.
    Tag(String),
    /// The tag with the highest version.
    Latest,
}

/// What became of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginUpdate {
    /// The name of the plugin.
    pub plugin: String,
    /// What became of it.
    pub outcome: UpdateOutcome,
    /// The reference it was fetched by, or would be.
    pub reference: String,
    /// The version before.
    pub version: String,
    /// Why it was not updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The version that was installed, or would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<InstalledPlugin>,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateOutcome {
    /// Another version is installed now.
    Updated,
    /// Another version would be installed.
    WouldUpdate,
    /// The registry has nothing else.
    Current,
    /// It failed, and the plugin is as it was.
    Failed,
}

/// A plugin, or a rejected file in the plugin folder, to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovePlugin {
    /// Its name.
    pub plugin: String,
}

/// A plugin that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedPlugin {
    /// Its name.
    pub plugin: String,
    /// The file that was removed.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal; none where this host had rejected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// What an installation would change. Changes nothing.
pub async fn plan_install(host: &Host, file: &mut PluginFile) -> Result<InstalledPlugin, Problem> {
    let app = &host.app;
    let place = place(app, file)?;
    let replaced = file.replaces(app);
    app.kernel.apply_decided(&file.plugin).await?;
    let names = ProjectNames::load(app).await?;
    let granted = app.kernel.preview_of(&file.plugin, &file.plugin.grant_state(), &Change::Grant(Vec::new()))?;
    let reached = reach(&app.kernel.reach(&file.plugin, &granted));
    let plugin = Plugin { file: Some(path_text(&place)), ..Plugin::of(&file.plugin, &app.config.trust, &names) };
    let through = plugin.clone().with_grants(&granted, &names).granted_through(Moment(app.kernel.now()));
    Ok(InstalledPlugin { plugin, replaced, reach: Some(reached), through, dry_run: true })
}

/// Puts a plugin into the plugin folder, with the grants that carry over.
pub async fn install(host: &Host, actor: &Actor, file: PluginFile, request: &InstallPlugin) -> Result<InstalledPlugin, Problem> {
    let app = &host.app;
    let (plugin, replaced) = settle(app, actor, file).await?;
    if request.grant {
        let by = By { who: actor, why: request.reason.as_deref() };
        app.kernel.decide(plugin.name(), &Change::Grant(Vec::new()), by).await?;
    }
    let plugin = Plugin::installed(app, &plugin, &ProjectNames::load(app).await?);
    Ok(InstalledPlugin { plugin, replaced, reach: None, through: None, dry_run: false })
}

/// The same, of a file that may be the one that is installed already: then only what the request grants is decided.
pub async fn install_changed(host: &Host, actor: &Actor, file: PluginFile, request: &InstallPlugin) -> Result<InstalledPlugin, Problem> {
    let app = &host.app;
    let present = app.kernel.registry().find(file.plugin.name());
    let Some(present) = present.filter(|present| present.package.hash == file.plugin.package.hash) else {
        return install(host, actor, file, request).await;
    };
    if request.grant {
        let by = By { who: actor, why: request.reason.as_deref() };
        app.kernel.decide(present.name(), &Change::Grant(Vec::new()), by).await?;
    }
    let plugin = Plugin::installed(app, &present, &ProjectNames::load(app).await?);
    Ok(InstalledPlugin { plugin, replaced: None, reach: None, through: None, dry_run: false })
}

/// The plugins that came from a registry, by name: all, or the one that is named.
pub async fn sources(host: &Host, plugin: Option<&str>) -> Result<Vec<PluginSource>, Problem> {
    let plugins = host.app.kernel.registry().all();
    // A plugin whose file was replaced by hand did not come from a registry.
    let present = |source: Source| {
        let installed = plugins.get(&source.plugin).filter(|installed| installed.package.hash == source.hash)?;
        let version = installed.package.manifest.version.to_string();
        let Source { plugin, reference, digest, hash, .. } = source;
        Some(PluginSource { plugin, version, reference, digest, hash })
    };
    let all = host.app.sources().sources().await?.into_iter().filter_map(present);
    let mut found: Vec<_> = all.filter(|source| plugin.is_none_or(|name| name == source.plugin)).collect();
    found.sort_by(|one, other| one.plugin.cmp(&other.plugin));
    match plugin {
        Some(name) if found.is_empty() => {
            let message = format!("No plugin `{}` came from a registry.", name.escape_debug());
            let problem = Problem::not_found("plugin_source_not_found", message).of_field("plugin");
            Err(problem.advise("`baton plugin install REFERENCE` installs one from a registry."))
        }
        _ => Ok(found),
    }
}

/// The file to update a plugin to; none where it is up to date. Writes nothing.
pub async fn fetch_update(config: &Config, source: &PluginSource, target: &UpdateTarget) -> Result<Option<PluginFile>, Problem> {
    let current: Reference = source.reference.parse()?;
    let reference = match target {
        UpdateTarget::Same => current,
        UpdateTarget::Tag(tag) => current.with_tag(tag)?,
        UpdateTarget::Latest => {
            let tag = registry(&current, config)?.latest(&source.semver()?).await?;
            current.with_tag(&tag)?
        }
    };
    // Another tag is remembered, also where it names the same artifact.
    let known = (reference.to_string() == source.reference).then_some(source.digest.as_str());
    let Some(fetched) = registry(&reference, config)?.fetch_unless(known).await? else { return Ok(None) };
    let file = PluginFile::fetched(fetched, reference, config)?;
    source.check(&file.plugin, matches!(target, UpdateTarget::Tag(_)))?;
    Ok(Some(file))
}

impl PluginSource {
    /// Rejects another plugin, and an older one that nobody named: whoever moves a tag back may want an old mistake back.
    fn check(&self, plugin: &plugins::Plugin, is_named: bool) -> Result<(), Problem> {
        let (name, version) = (plugin.name(), &plugin.package.manifest.version);
        let conflict = |message: String, hint: &str| Problem::conflict("update_unfit", message).advise(hint);
        if name != self.plugin {
            return Err(conflict(
                format!("The registry has the plugin `{name}` there now."),
                "Install it with `baton plugin install` if you want it.",
            ));
        }
        if *version < self.semver()? && !is_named {
            return Err(conflict(format!("The registry has the older version {version} now."), "Name its tag with --to if you want it."));
        }
        Ok(())
    }

    fn semver(&self) -> Result<Version, Problem> {
        self.version.parse().map_err(|error| {
            let message = format!("`{}` is not a version: {error}.", self.version.escape_debug());
            Problem::invalid("version_invalid", "version", message)
        })
    }
}

impl PluginFile {
    /// The reference it was fetched by, if it was.
    pub fn reference(&self) -> Option<String> {
        self.source.as_ref().map(|(reference, _)| reference.to_string())
    }
}

/// Removes a plugin from the plugin folder and revokes its grants, or removes a rejected file.
pub async fn remove(host: &Host, actor: &Actor, request: &RemovePlugin) -> Result<RemovedPlugin, Problem> {
    let (app, name) = (&host.app, &request.plugin);
    let (path, hash) = file_to_remove(app, name)?;
    if hash.is_some() {
        app.kernel.decide(name, &Change::Forget, actor).await?;
    }
    Folder::of(&app.config.data_dir).remove(&path)?;
    if hash.is_some() {
        app.unclaim(name).await?;
    }
    app.sources().forget(name).await?;
    if app.withdraw(&path).await?.is_none() {
        let plugin = PluginVersion { plugin: name.clone(), ..PluginVersion::default() };
        append(app, Draft::of_host(&Removed { plugin, file: path_text(&path), rejected: true }).by(actor)).await?;
    }
    Ok(RemovedPlugin { plugin: name.clone(), file: path_text(&path), hash })
}

/// The file, and the hash of the plugin in it where it is one.
fn file_to_remove(app: &App, name: &str) -> Result<(PathBuf, Option<String>), Problem> {
    if let Some(plugin) = app.kernel.registry().find(name) {
        return match &plugin.origin {
            Origin::Bundled => Err(FolderError::Bundled(name.to_owned()).into()),
            Origin::File(path) => Ok((path.clone(), Some(plugin.package.hash.clone()))),
        };
    }
    let rejected = app.refused.iter().find(|refused| refused.is_named(name)).map(|refused| refused.path.clone());
    Ok((rejected.ok_or_else(|| unknown_plugin(app, name))?, None))
}

fn place(app: &App, file: &PluginFile) -> Result<PathBuf, Problem> {
    Ok(Folder::of(&app.config.data_dir).place(&file.plugin, app.kernel.registry())?)
}

async fn settle(app: &App, actor: &Actor, mut file: PluginFile) -> Result<(Arc<plugins::Plugin>, Option<ReplacedPlugin>), Problem> {
    let path = place(app, &file)?;
    // What cannot be compiled and linked must not replace what can. An installation always tries again.
    app.kernel.engine().try_anew(&file.plugin.package);
    file.plugin = compile(app, file.plugin).await?;
    let replaced = file.replaces(app);
    Folder::of(&app.config.data_dir).put(&file.plugin, &path)?;
    // From now on that is its file, wherever it came from: a host that goes on has to find it there.
    file.plugin.origin = Origin::File(path.clone());
    app.claim(&file.plugin, &path).await?;
    let plugin = app.kernel.put(file.plugin).await?;
    remember(app, &plugin, file.source.as_ref()).await?;
    record(app, actor, &plugin, file.source.as_ref(), replaced.as_ref()).await?;
    Ok((plugin, replaced))
}

/// Compiles and links a plugin, which takes long for a large one.
async fn compile(app: &App, plugin: plugins::Plugin) -> Result<plugins::Plugin, Problem> {
    let kernel = Arc::clone(&app.kernel);
    let compiled = tokio::task::spawn_blocking(move || {
        let compiled = plugin.exports(kernel.engine()).map(drop);
        (plugin, compiled)
    });
    let (plugin, compiled) = compiled.await.map_err(|_| {
        let message = "Compiling the plugin crashed, so it was not installed.";
        Problem::new(ProblemKind::Conflict, "plugin_rejected", message, ProblemSource::Plugin).advise("Try another build of it.")
    })?;
    compiled?;
    Ok(plugin)
}

async fn remember(app: &App, plugin: &plugins::Plugin, from: Option<&(Reference, String)>) -> Result<(), Problem> {
    let Some((reference, digest)) = from else { return Ok(app.sources().forget(plugin.name()).await?) };
    let source = Source {
        plugin: plugin.name().to_owned(),
        reference: reference.to_string(),
        digest: digest.clone(),
        hash: plugin.package.hash.clone(),
        installed_at: 0,
    };
    Ok(app.sources().remember(&source).await?)
}

async fn record(
    app: &App,
    actor: &Actor,
    plugin: &plugins::Plugin,
    from: Option<&(Reference, String)>,
    replaced: Option<&ReplacedPlugin>,
) -> Result<(), Problem> {
    let installed = Installed {
        plugin: plugin.name().to_owned(),
        hash: plugin.package.hash.clone(),
        replaced: replaced.map(|replaced| replaced.hash.clone()),
        reference: from.map(|(reference, _)| reference.to_string()),
        digest: from.map(|(_, digest)| digest.clone()),
        key: plugin.package.signed_by.map(|key| key.to_string()),
    };
    append(app, Draft::of_host(&installed).by(actor)).await
}

async fn append(app: &App, event: Draft) -> Result<(), Problem> {
    Ok(app.kernel.events().append(vec![event]).await.map_err(KernelError::from)?)
}

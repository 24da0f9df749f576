//! Plugins listed, shown and judged by their signature. Changes none of them.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    file::{OfFile, PluginFile, require_plugin_file, unknown_plugin},
    view::{Plugin, ProjectNames, Reach, ReachedPlugin, RejectedFile, reach},
};
use crate::{
    app::{self, App},
    errors::Hint as _,
    events::path_text,
    journal::RunId,
    kernel::{
        KernelError,
        registry::{self, Origin},
        run::Filter,
        signature::Trust,
        versions::Need,
    },
    operations::{Host, Moment, Problem},
};

/// How many of its last runs a plugin is shown with.
const RUNS: u32 = 5;

/// The plugins of a host, and what is wrong in its plugin folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginList {
    /// By name.
    pub items: Vec<Plugin>,
    /// Files in the plugin folder that this host rejects.
    pub rejected: Vec<RejectedFile>,
    /// What gives the next page; none after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// All that is known of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PluginDetails {
    /// The plugin.
    #[serde(flatten)]
    pub plugin: Plugin,
    /// The version of the contract it was built for; none if it imports nothing of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// What its author should know. Each continues a sentence about the plugin.
    pub warnings: Vec<String>,
    /// The paths of the files packed into it.
    pub packed: Vec<String>,
    /// The JSON Schema of its input, if it states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What other plugins may do when it starts them.
    #[schema(value_type = std::collections::BTreeMap<String, ReachedPlugin>)]
    pub reach: Reach,
    /// Whether it is installed.
    pub installed: bool,
    /// The versions that it has or that runs need, the current one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<PluginVersion>,
    /// Its last runs, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<PluginRun>,
}

/// A version of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginVersion {
    /// The version.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
    /// Whether new runs start with it.
    pub current: bool,
    /// How many runs that have not ended need it.
    pub runs: u64,
}

/// A run of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginRun {
    /// Its id.
    pub run: RunId,
    /// The version it executes.
    pub plugin_version: String,
    /// SHA-256 of that version's file, in hexadecimal.
    pub plugin_hash: String,
    /// Its state, such as `paused`.
    pub state: String,
    /// Whether it is being cancelled.
    pub cancelling: bool,
    /// When it was created.
    pub created_at: Moment,
}

/// By name.
pub async fn list(host: &Host) -> Result<PluginList, Problem> {
    let app = &host.app;
    let names = ProjectNames::load(app).await?;
    let items = app.kernel.registry().all().values().map(|plugin| Plugin::installed(app, plugin, &names)).collect();
    Ok(PluginList { items, rejected: app.refused.iter().map(RejectedFile::from).collect(), next: None })
}

/// An installed plugin by its name, with its runs in these projects; in all where none are given. Looks at no file.
pub(super) async fn find_installed(host: &Host, name: &str, projects: Option<Vec<String>>) -> Result<PluginDetails, Problem> {
    let app = &host.app;
    let plugin = app.kernel.registry().find(name).ok_or_else(|| unknown_plugin(app, name))?;
    let names = ProjectNames::load(app).await?;
    let (versions, runs) = (versions(app, &plugin).await?, runs(app, &plugin, projects).await?);
    let details = details(app, &plugin, Plugin::installed(app, &plugin, &names));
    Ok(PluginDetails { installed: true, versions, runs, ..details })
}

/// A plugin by its name, or the plugin in a file: a rejected one of the plugin folder by its name, any other by its path.
pub async fn show(host: &Host, name: &str) -> Result<OfFile<PluginDetails>, Problem> {
    let app = &host.app;
    if app.kernel.registry().find(name).is_some() {
        return Ok(OfFile::Plugin(find_installed(host, name, None).await?));
    }
    if let Some(refused) = app.refused.iter().find(|refused| refused.is_named(name)) {
        return Ok(OfFile::Rejected(refused.into()));
    }
    let path = Path::new(name);
    if !path.is_file() {
        return Err(not_a_plugin(app, path));
    }
    Ok(match PluginFile::read_as(path, path, &app.config.trust) {
        OfFile::Rejected(rejected) => OfFile::Rejected(rejected),
        OfFile::Plugin(file) => {
            app.kernel.apply_decided(&file.plugin).await?;
            let view = Plugin::of(&file.plugin, &app.config.trust, &ProjectNames::load(app).await?);
            OfFile::Plugin(details(app, &file.plugin, view))
        }
    })
}

/// The plugin of a name or a path, as its file is now, whoever signed it.
pub fn verify(host: &Host, name: &str) -> Result<OfFile<Plugin>, Problem> {
    let app = &host.app;
    let view = |plugin: &registry::Plugin| Plugin::of(plugin, &app.config.trust, &ProjectNames::default());
    let read = |path: &Path| match PluginFile::read_as(path, path, &Trust::default()) {
        OfFile::Plugin(file) => OfFile::Plugin(view(&file.plugin)),
        OfFile::Rejected(rejected) => OfFile::Rejected(rejected),
    };
    let Some(plugin) = app.kernel.registry().find(name) else {
        let path = Path::new(name);
        if path.is_file() {
            return Ok(read(path));
        }
        return match app.refused.iter().find(|refused| refused.is_named(name)) {
            Some(refused) => Ok(read(&refused.path)),
            None => Err(not_a_plugin(app, path)),
        };
    };
    Ok(match &plugin.origin {
        Origin::File(path) => read(path),
        Origin::Bundled => {
            let again = registry::Plugin::read(plugin.package.wasm.clone(), Origin::Bundled, |_| Default::default());
            match again {
                Ok(plugin) => OfFile::Plugin(view(&plugin)),
                Err(error) => OfFile::Rejected(RejectedFile::new(name.to_owned(), error.explain(), None)),
            }
        }
    })
}

fn details(app: &App, plugin: &registry::Plugin, view: Plugin) -> PluginDetails {
    PluginDetails {
        plugin: view,
        contract: plugin.package.contract.as_ref().map(ToString::to_string),
        warnings: app::warnings(plugin),
        packed: plugin.assets.paths().map(str::to_owned).collect(),
        input: plugin.package.manifest.input.clone(),
        reach: reach(&app.kernel.reach(plugin, &plugin.grant_state())),
        installed: false,
        versions: Vec::new(),
        runs: Vec::new(),
    }
}

async fn versions(app: &App, plugin: &registry::Plugin) -> Result<Vec<PluginVersion>, Problem> {
    let package = &plugin.package;
    let mut needs: Vec<_> = app.kernel.needs().await?.into_iter().filter(|need| need.plugin == plugin.name()).collect();
    let current = needs.iter().position(|need| need.hash == package.hash).map(|place| needs.remove(place));
    let current = PluginVersion {
        version: package.manifest.version.to_string(),
        hash: package.hash.clone(),
        current: true,
        runs: current.map_or(0, |need| need.runs),
    };
    let older = |need: Need| PluginVersion { version: need.version, hash: need.hash, current: false, runs: need.runs };
    Ok([current].into_iter().chain(needs.into_iter().map(older)).collect())
}

async fn runs(app: &App, plugin: &registry::Plugin, projects: Option<Vec<String>>) -> Result<Vec<PluginRun>, Problem> {
    let filter = Filter { plugin: Some(plugin.name().to_owned()), projects, limit: RUNS, ..Filter::default() };
    let runs = app.kernel.runs().list(&filter).await.map_err(KernelError::from)?;
    let view = |run: crate::kernel::run::Run| PluginRun {
        cancelling: run.is_being_cancelled(),
        state: run.state.as_str().to_owned(),
        run: run.id,
        plugin_version: run.plugin_version,
        plugin_hash: run.plugin_hash,
        created_at: Moment(run.created_at),
    };
    Ok(runs.into_iter().map(view).collect())
}

/// Why a word that may be the name of a plugin or a path is neither.
fn not_a_plugin(app: &App, named: &Path) -> Problem {
    let is_path = named.components().count() > 1 || named.extension().is_some() || named.exists();
    match require_plugin_file("plugin", named) {
        Err(problem) if is_path => problem,
        _ => unknown_plugin(app, &path_text(named)),
    }
}

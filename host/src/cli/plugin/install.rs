//! `baton plugin install`. Shows what would be asked for before anything is there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{decision::outcome, list, show};
use crate::{
    app::{self, Access, App, Folder},
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    events::{Category, Draft},
    kernel::{granting::Change, registry::Plugin},
};

/// Put a plugin into the plugin folder, in the place of an older version of it
///
/// FILE is a component; FOLDER holds an agent's plugin.toml and persona.md and is packed first. What it asks for is
/// shown, and denied until it is granted. A Baton that executes now sees the plugin when it is started again.
#[derive(Debug, Args)]
pub(in crate::cli) struct Install {
    /// A .wasm file, or an agent's folder
    #[arg(value_name = "FILE|FOLDER")]
    source: PathBuf,
    /// Grant all that it asks for
    #[arg(long)]
    grant: bool,
    /// Change nothing; show what would be asked for
    #[arg(long)]
    dry_run: bool,
}

impl Install {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let plugin = understood(&self.source)?;
        let app = if self.dry_run { context.open(Access::Look).await? } else { context.open_to_change().await? };
        if self.dry_run {
            let path = Folder::of(&app.config.data_dir).place(&plugin, app.kernel.registry())?;
            app.kernel.rehearse(&plugin).await?;
            return self.tell(context, &plugin, &path, None);
        }
        let Installed { plugin, path, replaced } = install(&app, plugin, self.grant).await?;
        app.close().await;
        self.tell(context, &plugin, &path, replaced.as_deref())
    }

    fn tell(&self, context: &Context, plugin: &Plugin, path: &Path, replaced: Option<&str>) -> Result<Exit> {
        if context.screen.is_json() {
            context.screen.document(&self.document(plugin, path, replaced))?;
            return Ok(Exit::Done);
        }
        let manifest = &plugin.package.manifest;
        let what = format!("{} `{}` {}", manifest.kind, text::escaped(&manifest.name), text::escaped(&manifest.version.to_string()));
        if self.dry_run {
            context.screen.tell(format!("The {what} would be installed as follows. Nothing was changed."));
            context.screen.answer(show::needs(plugin))?;
            return Ok(Exit::Done);
        }
        let path = text::escaped(&path.display().to_string());
        context.screen.tell(format!("{} Installed the {what} as {path}.", painted(GOOD, "✓")));
        context.screen.tell(outcome(context, plugin));
        Ok(Exit::Done)
    }

    fn document(&self, plugin: &Plugin, path: &Path, replaced: Option<&str>) -> Value {
        let mut document = list::summary(plugin);
        document["file"] = json!(path);
        document["replaced"] = json!(replaced);
        document["dry-run"] = json!(self.dry_run);
        document
    }
}

/// A plugin that was put into the plugin folder.
pub(super) struct Installed {
    /// The plugin, with the grants that carry over.
    pub(super) plugin: Arc<Plugin>,
    /// Its file.
    pub(super) path: PathBuf,
    /// SHA-256 of the version it has replaced.
    pub(super) replaced: Option<String>,
}

/// Puts a plugin into the plugin folder, and grants what it asks for if that is wanted.
pub(super) async fn install(app: &App, plugin: Plugin, grant: bool) -> Result<Installed> {
    let folder = Folder::of(&app.config.data_dir);
    let path = folder.place(&plugin, app.kernel.registry())?;
    // What cannot be compiled and linked must not take the place of what can.
    plugin.exports(app.kernel.engine())?;
    let replaced = app.kernel.registry().find(plugin.name()).map(|present| present.package.hash.clone());
    folder.put(&plugin, &path)?;
    let plugin = app.kernel.put(plugin).await?;
    record(app, &plugin, replaced.as_deref()).await?;
    if grant {
        app.kernel.decide(plugin.name(), &Change::Grant(Vec::new()), &app.config.operator).await?;
    }
    Ok(Installed { plugin, path, replaced })
}

/// A file or a folder as a plugin, or why it is none.
pub(super) fn understood(source: &Path) -> Result<Plugin> {
    let shown = text::escaped(&source.display().to_string());
    let plugin = match std::fs::metadata(source) {
        Err(error) => return Err(Misuse(format!("`{shown}` cannot be read: {error}.")).into()),
        Ok(about) if about.is_dir() => app::pack(source),
        Ok(_) => app::read_plugin(source),
    };
    plugin.map_err(|reason| anyhow::anyhow!("This host refuses {shown}: {reason}"))
}

async fn record(app: &App, plugin: &Plugin, replaced: Option<&str>) -> Result<()> {
    let data = json!({ "by": app.config.operator, "plugin": plugin.name(), "hash": plugin.package.hash, "replaced": replaced });
    app.kernel.events().append(vec![Draft::of_host(Category::Plugin, "installed", data)]).await?;
    Ok(())
}

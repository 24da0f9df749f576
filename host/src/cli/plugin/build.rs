//! `baton plugin build`. Writes one file, the component, and installs nothing.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{arrival, list, output, show};
use crate::{
    cli::{
        Context,
        authoring::Project,
        exit::Exit,
        figures,
        screen::{FAINT, GOOD, painted},
        text,
    },
    events::path_text,
    kernel::registry::Plugin,
    operations::{Access, Host},
};

/// Build a plugin's folder to a component that can be installed
///
/// A crate is built by cargo, app.py by componentize-py, app.js by componentize-js; a persona is packed. The result is
/// read as this host would read it.
///
/// The tool chain runs what the folder says (a build script, a module's code) as you; read it first where it is not yours.
/// Keys in the environment are not handed on. A persona runs nothing.
#[derive(Debug, Args)]
pub(in crate::cli) struct Build {
    /// The plugin's folder
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// The file to write [default: target/NAME.wasm in the folder]
    #[arg(long = "to", short = 't', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Build also when nothing has changed since the last build
    #[arg(long)]
    force: bool,
}

impl Build {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let began = Instant::now();
        let (plugin, path) = built(context, &Project::at(&self.folder)?, self.file.as_deref(), self.force).await?;
        let plugin = with_grants(context, plugin).await?;
        if context.screen.is_json() {
            let mut document = list::summary(&plugin);
            document["file"] = json!(path_text(&path));
            document["took-ms"] = json!(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
            context.screen.document(&document)?;
        } else {
            context.screen.answer(show::needs(&plugin, context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}

/// The plugin with the grants that it would have if it were installed now.
async fn with_grants(context: &Context, plugin: Plugin) -> Result<Plugin> {
    match Host::open(context.config()?, Access::Look).await {
        Ok(app) => arrival::with_grants(plugin, &app).await,
        // Nothing was decided where there is no data, and a build needs none.
        Err(_) => Ok(plugin),
    }
}

/// Builds, writes the component and tells of it. What has not changed since the last build into the folder is not built again,
/// unless `force` says so.
pub(super) async fn built(context: &Context, project: &Project, file: Option<&Path>, force: bool) -> Result<(Plugin, PathBuf)> {
    let path = match file {
        Some(file) => file.to_owned(),
        None => project.made(None)?.join(format!("{}.wasm", project.name()?)),
    };
    let inputs = if file.is_none() { project.inputs().await? } else { None };
    if let Some(wasm) = inputs.as_ref().filter(|_| !force).and_then(|inputs| project.last_build(&path, inputs)) {
        let plugin = project.understand(wasm)?;
        let told = format!("{} Unchanged since the last build: {}.", painted(GOOD, "✓"), text::escaped(&path.display().to_string()));
        context.screen.tell(told);
        return Ok((plugin, path));
    }
    let (plugin, what) = compiled(context, project).await?;
    output::write(&path, &plugin.package.wasm)?;
    inputs.map(|inputs| project.keep_build(&path, &plugin.package.wasm, inputs)).transpose()?;
    context.screen.tell(format!("{what} It is {}.", text::escaped(&path.display().to_string())));
    Ok((plugin, path))
}

/// Builds and keeps nothing; gives the plugin, and a sentence that says so.
pub(super) async fn compiled(context: &Context, project: &Project) -> Result<(Plugin, String)> {
    let began = Instant::now();
    context.screen.tell(painted(FAINT, format!("Building {} …", project.language.as_str())));
    let plugin = project.build().await?;
    let manifest = &plugin.package.manifest;
    let what = format!("{} `{}` {}", manifest.kind, text::escaped(&manifest.name), text::escaped(&manifest.version.to_string()));
    let size = figures::bytes(plugin.package.wasm.len() as u64);
    let took = figures::duration(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    let told = format!("{} Built the {what}: {size}, in {took}.", painted(GOOD, "✓"));
    Ok((plugin, told))
}

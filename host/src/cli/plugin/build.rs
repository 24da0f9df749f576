//! `baton plugin build`. Writes one file, the component, and installs nothing.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::{list, show};
use crate::{
    cli::{
        Context,
        authoring::Project,
        exit::Exit,
        figures,
        screen::{FAINT, GOOD, painted},
        text,
    },
    kernel::registry::Plugin,
};

/// Build a plugin's folder to a component that can be installed
///
/// A crate is built by cargo, app.py by componentize-py, app.js by componentize-js; a persona is packed. The result is
/// read as this host would read it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Build {
    /// The plugin's folder
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// The file to write [default: target/NAME.wasm in the folder]
    #[arg(long = "to", short = 't', value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Build {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let began = Instant::now();
        let (plugin, path) = built(context, &Project::at(&self.folder)?, self.file.as_deref()).await?;
        if context.screen.is_json() {
            let mut document = list::summary(&plugin);
            document["file"] = json!(path);
            document["took-ms"] = json!(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
            context.screen.document(&document)?;
        } else {
            context.screen.answer(show::needs(&plugin, context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}

/// Builds, writes the component and tells of it.
pub(super) async fn built(context: &Context, project: &Project, file: Option<&Path>) -> Result<(Plugin, PathBuf)> {
    let began = Instant::now();
    context.screen.tell(painted(FAINT, format!("Building {} …", project.language.as_str())));
    let plugin = project.build().await?;
    let path = file.map_or_else(|| project.folder.join(Project::BUILT).join(format!("{}.wasm", plugin.name())), Path::to_owned);
    let shown = text::escaped(&path.display().to_string());
    written(&path, &plugin.package.wasm).with_context(|| format!("`{shown}` cannot be written; name another file with --to"))?;
    let manifest = &plugin.package.manifest;
    let what = format!("{} `{}` {}", manifest.kind, text::escaped(&manifest.name), text::escaped(&manifest.version.to_string()));
    let size = figures::bytes(plugin.package.wasm.len() as u64);
    let took = figures::duration(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    context.screen.tell(format!("{} Built the {what}: {shown}, {size}, in {took}.", painted(GOOD, "✓")));
    Ok((plugin, path))
}

fn written(path: &Path, component: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, component)
}

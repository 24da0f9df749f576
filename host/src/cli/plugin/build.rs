//! `baton plugin build`. Writes one file, the component, and installs nothing.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Result;
use clap::Args;

use super::{list, output, show};
use crate::{
    cli::{
        Context,
        authoring::Project,
        exit::Exit,
        figures,
        screen::{FAINT, GOOD, painted},
        text,
    },
    operations::{
        Access, Host,
        plugins::{self, BuiltPlugin, Plugin, PluginFile},
    },
};

/// Build a plugin's directory into a component that you can install
///
/// cargo builds a crate, componentize-py an app.py, and componentize-js an app.js; Baton packs a persona. Baton then reads
/// the result as it does when you install it.
///
/// The toolchain runs the directory's code (a build script, a module) as your user; read the code first if you do not trust
/// it. Baton does not pass on keys in the environment. Packing a persona runs no code.
#[derive(Debug, Args)]
pub(in crate::cli) struct Build {
    /// Directory of the plugin
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// File to write [default: target/NAME.wasm in the directory]
    #[arg(long = "to", short = 't', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Build even if nothing has changed since the last build
    #[arg(long)]
    force: bool,
}

impl Build {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let began = Instant::now();
        let (file, path) = build(context, &Project::at(&self.folder)?, self.file.as_deref(), self.force).await?;
        let plugin = Plugin { file: Some(output::path_text(&path)), ..with_grants(context, file).await? };
        if context.screen.is_json() {
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            context.screen.document(&BuiltPlugin { plugin, took_ms })?;
        } else {
            context.screen.answer(show::needs(&plugin, context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}

/// The plugin with the grants that it would have if it were installed now.
async fn with_grants(context: &Context, file: PluginFile) -> Result<Plugin> {
    match Host::open(context.config()?, Access::Look).await {
        Ok(host) => Ok(plugins::preview(&host, file).await?),
        // Nothing was decided where there is no data, and a build needs none.
        Err(_) => Ok(file.view()),
    }
}

/// Builds, writes the component and says so. What has not changed since the last build into the folder is not built again,
/// unless `force` says so.
pub(super) async fn build(context: &Context, project: &Project, file: Option<&Path>, force: bool) -> Result<(PluginFile, PathBuf)> {
    let path = match file {
        Some(file) => file.to_owned(),
        None => project.make_build_folder(None)?.join(format!("{}.wasm", project.name()?)),
    };
    let inputs = if file.is_none() { project.inputs().await? } else { None };
    if let Some(wasm) = inputs.as_ref().filter(|_| !force).and_then(|inputs| project.last_build(&path, inputs)) {
        let built = project.read_component(wasm)?;
        let path_shown = text::path(&path);
        context.screen.tell(format!("{} Unchanged since the last build: {path_shown}.", painted(GOOD, "✓")));
        return Ok((built, path));
    }
    let (built, what) = compile(context, project).await?;
    output::write(&path, built.wasm())?;
    inputs.map(|inputs| project.keep_build(&path, built.wasm(), inputs)).transpose()?;
    context.screen.tell(format!("{what} It is {}.", text::path(&path)));
    Ok((built, path))
}

/// Builds and keeps nothing; gives the plugin, and a sentence that says so.
pub(super) async fn compile(context: &Context, project: &Project) -> Result<(PluginFile, String)> {
    let began = Instant::now();
    context.screen.tell(painted(FAINT, format!("Building {} …", project.language.as_str())));
    let built = project.build().await?;
    let plugin = built.view();
    let took = figures::duration(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    let size = figures::bytes(plugin.bytes);
    let what = format!("{} Built the {}: {size}, in {took}.", painted(GOOD, "✓"), list::describe(&plugin));
    Ok((built, what))
}

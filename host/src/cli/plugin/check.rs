//! `baton plugin check`: what this host would say of a plugin that is not installed. Keeps nothing of it.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use super::{build, list, show};
use crate::{
    app::{self, Access, App},
    cli::{
        Context,
        authoring::Project,
        exit::{Exit, Misuse},
        figures,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    interfaces::CAPABILITIES,
    kernel::{engine::Engine, registry::Plugin},
};

/// Check a component, or build a folder and check what comes out: would this host take it, and what would it be granted
///
/// Ends with 0 when this host would take it, also with warnings, and with 1 when it would not.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// A .wasm file, or a plugin's folder
    #[arg(value_name = "FILE|FOLDER", default_value = ".")]
    source: PathBuf,
}

impl Check {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let shown = text::escaped(&self.source.display().to_string());
        let about = std::fs::metadata(&self.source).map_err(|error| Misuse(format!("`{shown}` cannot be read: {error}.")))?;
        let plugin = if about.is_dir() {
            build::built(context, &Project::at(&self.source)?, None).await?.0
        } else {
            match app::read_plugin(&self.source) {
                Ok(plugin) => plugin,
                Err(reason) => return show::refuse(context, &shown, &reason),
            }
        };
        let app = context.open(Access::Look).await?;
        checked(context, &app, &Arc::new(plugin)).await
    }
}

/// What came of compiling.
struct Compiled {
    refused: Option<String>,
    took: u64,
}

/// Says what this host would say of a plugin.
pub(super) async fn checked(context: &Context, app: &App, plugin: &Arc<Plugin>) -> Result<Exit> {
    app.kernel.rehearse(plugin).await?;
    let compiled = compiled(plugin).await?;
    let warnings = warnings(plugin);
    if context.screen.is_json() {
        context.screen.document(&document(plugin, &compiled, &warnings))?;
    } else {
        context.screen.answer(show::needs(plugin))?;
        context.screen.tell(told(plugin, &compiled, &warnings));
    }
    Ok(if compiled.refused.is_some() { Exit::Failed } else { Exit::Done })
}

/// Compiles it as an installation would, with an engine and a cache of its own, so that the time is that of a first
/// time and nothing stays.
async fn compiled(plugin: &Arc<Plugin>) -> Result<Compiled> {
    let plugin = Arc::clone(plugin);
    let compile = move || -> Result<Compiled> {
        let cache = tempfile::tempdir().context("There is no place for compiled code; set TMPDIR to a folder that can be written")?;
        let engine = Engine::new(&cache.path().join("cache"), &cache.path().join("cache.key"))?;
        let began = Instant::now();
        let refused = plugin.exports(&engine).err().map(|error| error.to_string());
        Ok(Compiled { refused, took: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX) })
    };
    tokio::task::spawn_blocking(compile).await?
}

/// What its author should know. A tool chain that imports the whole contract, as those of Python and JavaScript do,
/// says nothing by an import.
fn warnings(plugin: &Plugin) -> Vec<String> {
    let whole = CAPABILITIES.iter().all(|kind| plugin.package.imports.contains(kind.interface));
    let warnings = plugin.package.warnings(CAPABILITIES);
    warnings.into_iter().filter(|warning| !(whole && warning.starts_with("imports"))).collect()
}

fn told(plugin: &Plugin, compiled: &Compiled, warnings: &[String]) -> String {
    let mut lines: Vec<_> = warnings.iter().map(|warning| format!("{} It {}.", painted(WARNING, "!"), text::escaped(warning))).collect();
    let manifest = &plugin.package.manifest;
    let what = format!("{} `{}` {}", manifest.kind, text::escaped(&manifest.name), text::escaped(&manifest.version.to_string()));
    let size = figures::bytes(plugin.package.wasm.len() as u64);
    lines.push(match &compiled.refused {
        Some(reason) => format!("{} This host refuses the {what}, {size}: {}", painted(BAD, "✗"), text::plain(reason)),
        None => format!("{} This host takes the {what}: {size}, compiled in {}.", painted(GOOD, "✓"), figures::duration(compiled.took)),
    });
    lines.join("\n")
}

fn document(plugin: &Plugin, compiled: &Compiled, warnings: &[String]) -> Value {
    let mut document = list::summary(plugin);
    document["warnings"] = json!(warnings);
    document["refused"] = json!(compiled.refused);
    document["compiled-ms"] = json!(compiled.took);
    document
}

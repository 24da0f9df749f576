//! `baton plugin check`: what this host would say of a plugin that is not installed. Keeps nothing of it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use super::{arrival, build, fitting::Fitting, list, show};
use crate::{
    app,
    cli::{
        Context,
        authoring::Project,
        exit::{Exit, Misuse},
        figures,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    kernel::{engine::Engine, registry::Plugin},
    operations::{Access, Host, Problem},
};

/// Check a component, or build a folder and check the result: whether this host accepts it, and what it would be granted
///
/// A folder is built by its own tool chain, which runs what the folder says (a build script, a module's code) as you; read
/// it first where it is not yours. Keys in the environment are not handed on. A component and a persona run nothing.
///
/// With --as it is also held against the contract of a slot: its kind, the input that its manifest takes, and what it answers
/// to sample inputs in a sandbox in which nothing is granted. A sample that needs a grant is not tried; what the plugin
/// answers in a run is checked there.
///
/// Ends with 0 when this host accepts it, also with warnings, and with 1 when it rejects it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// A .wasm file, or a plugin's folder
    #[arg(value_name = "FILE|FOLDER", default_value = ".")]
    source: PathBuf,
    /// A slot that it is to fill, such as code-review
    #[arg(long = "as", value_name = "SLOT")]
    slot: Option<String>,
}

impl Check {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let shown = text::escaped(&self.source.display().to_string());
        let about = std::fs::metadata(&self.source).map_err(|error| Misuse(format!("The file `{shown}` cannot be read: {error}.")))?;
        let plugin = if about.is_dir() {
            let (plugin, told) = build::compiled(context, &Project::at(&self.source)?).await?;
            context.screen.tell(told);
            plugin
        } else {
            match app::read_plugin(&self.source, &context.config()?.trust) {
                Ok(plugin) => plugin,
                Err(reason) => return show::refuse(context, &shown, &reason),
            }
        };
        let app = context.open(Access::Look).await?;
        let slot = self.slot.as_deref().map(|slot| app.kernel.slot(slot)).transpose().map_err(Problem::from)?;
        let checked = Checked::of(&app, plugin).await?;
        let fitting = match slot.filter(|_| !checked.is_refused()) {
            Some(slot) => Some(Fitting::of(&app, &checked, slot).await?),
            None => None,
        };
        if context.screen.is_json() {
            let mut document = checked.document();
            if let Some(fitting) = &fitting {
                document["as"] = fitting.document();
            }
            context.screen.document(&document)?;
        } else {
            checked.show(context)?;
            fitting.iter().for_each(|fitting| fitting.show(context));
        }
        let fits = fitting.is_none_or(|fitting| fitting.fits());
        Ok(if checked.is_refused() || !fits { Exit::Failed } else { Exit::Done })
    }
}

/// What this host would say of a plugin.
pub(super) struct Checked {
    /// The plugin, with what would be granted to it.
    pub(super) plugin: Arc<Plugin>,
    warnings: Vec<String>,
    refused: Option<String>,
    took: u64,
}

impl Checked {
    /// Compiles it as an installation would, with an engine and a cache of its own, so that the time is that of a first
    /// time and nothing stays.
    pub(super) async fn of(app: &Host, plugin: Plugin) -> Result<Self> {
        let plugin = arrival::with_grants(plugin, app).await?;
        // Code belongs to the engine that compiled it, so another reading of the same bytes has to serve here.
        let again =
            app::understand(plugin.package.wasm.clone(), Path::new(plugin.name()), &app.config.trust).map_err(anyhow::Error::msg)?;
        let compiler = app::compiler(&app.config);
        let compile = move || -> Result<(Option<String>, u64)> {
            let cache = tempfile::tempdir().context("There is no place for compiled code; set TMPDIR to a folder that can be written")?;
            let engine = Engine::new(&cache.path().join("cache"), &cache.path().join("cache.key"), compiler)?;
            let began = Instant::now();
            let refused = again.exports(&engine).err().map(|error| Problem::of(&error).to_string());
            Ok((refused, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)))
        };
        let (refused, took) = tokio::task::spawn_blocking(compile).await??;
        Ok(Self { warnings: app::warnings(&plugin), plugin: Arc::new(plugin), refused, took })
    }

    /// Whether this host would not take it.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Shows it to people.
    pub(super) fn show(&self, context: &Context) -> Result<()> {
        context.screen.answer(show::needs(&self.plugin, context.screen.room()))?;
        for warning in &self.warnings {
            context.screen.warn(format!("{} It {}.", painted(WARNING, "!"), text::escaped(warning)));
        }
        let manifest = &self.plugin.package.manifest;
        let what = format!("{} `{}` {}", manifest.kind, text::escaped(&manifest.name), text::escaped(&manifest.version.to_string()));
        let size = figures::bytes(self.plugin.package.wasm.len() as u64);
        match &self.refused {
            Some(reason) => {
                context.screen.warn(format!("{} This host rejects the {what}, {size}: {}", painted(BAD, "✗"), text::plain(reason)))
            }
            None => {
                let took = figures::duration(self.took);
                context.screen.tell(format!("{} This host accepts the {what}: {size}, compiled in {took}.", painted(GOOD, "✓")));
            }
        }
        Ok(())
    }

    /// The same for programs.
    pub(super) fn document(&self) -> Value {
        let mut document = list::summary(&self.plugin);
        document["warnings"] = json!(self.warnings);
        document["refused"] = json!(self.refused);
        document["compiled-ms"] = json!(self.took);
        document
    }
}

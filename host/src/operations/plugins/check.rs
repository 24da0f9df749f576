//! What this host would say of a plugin that is not installed, and whether it fits a slot. Keeps nothing of it.

use std::{path::Path, sync::Arc, time::Instant};

use baton_slots::Slot;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use utoipa::ToSchema;

use super::{
    file::PluginFile,
    view::{Plugin, ProjectNames},
    workflow::{self, WorkflowPlan},
};
use crate::{
    app::{self, App},
    errors::Hint as _,
    kernel::{
        Sampled,
        engine::Engine,
        registry,
        slots::{Unfit, declared_misfit},
    },
    operations::{Host, Problem, ProblemKind, ProblemSource},
};

/// What this host would say of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedPlugin {
    /// The plugin, with what it would be granted.
    #[serde(flatten)]
    pub plugin: Plugin,
    /// What its author should know. Each continues a sentence about the plugin.
    pub warnings: Vec<String>,
    /// Why this host rejects it, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
    /// How long it took to compile, in milliseconds.
    pub compiled_ms: u64,
    /// Whether it fits the slot that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<SlotFit>,
    /// What the engine understands of it; only of a plugin that was packed from a workflow folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowPlan>,
}

/// Whether a plugin fits a slot, as far as samples say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotFit {
    /// The slot.
    pub slot: String,
    /// Whether it fits.
    pub fits: bool,
    /// Why it does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The field of the input or output that does not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What became of each sample, in order.
    pub samples: Vec<SlotSample>,
}

/// What became of a sample of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SlotSample {
    /// The answer fits.
    Fits,
    /// The plugin needs a grant to answer, and nothing is granted here.
    NotTried {
        /// What it could not do.
        reason: String,
    },
}

/// Checks a plugin as an installation would, with an engine and a cache of its own, so that the time is that of a first time
/// and nothing stays. `slot` is a slot that it is to fill; `project` is where a workflow folder would run.
pub async fn check(host: &Host, mut file: PluginFile, slot: Option<&str>, project: &Path) -> Result<CheckedPlugin, Problem> {
    let app = &host.app;
    let slot = slot.map(|slot| app.kernel.slot(slot)).transpose()?;
    file.apply_decided(app).await?;
    let (rejected, compiled_ms) = compile(app, &file).await?;
    let names = ProjectNames::load(app).await?;
    let plugin = Plugin::of(&file.plugin, &app.config.trust, &names);
    let warnings = app::warnings(&file.plugin);
    let workflow = workflow::plan_file(&file, project);
    let slot = match slot.filter(|_| rejected.is_none()) {
        Some(slot) => Some(fit(app, &Arc::new(file.plugin), slot).await?),
        None => None,
    };
    Ok(CheckedPlugin { plugin, warnings, rejected, compiled_ms, slot, workflow })
}

/// A plugin with the grants that it would have if it were installed now.
pub async fn preview(host: &Host, mut file: PluginFile) -> Result<Plugin, Problem> {
    file.apply_decided(&host.app).await?;
    Ok(Plugin::of(&file.plugin, &host.app.config.trust, &ProjectNames::load(&host.app).await?))
}

/// Why this host rejects the code, if it does, and how long that took.
async fn compile(app: &App, file: &PluginFile) -> Result<(Option<String>, u64), Problem> {
    // Code belongs to the engine that compiled it, so another reading of the same bytes has to serve here.
    let again = PluginFile::of_bytes(file.wasm().to_vec(), Path::new(file.plugin.name()))?;
    let compiler = app::compiler(&app.config);
    let compile = move || {
        let cache = temporary_folder()?;
        let engine = Engine::new(&cache.path().join("cache"), &cache.path().join("cache.key"), compiler)?;
        let began = Instant::now();
        let rejected = again.plugin.exports(&engine).err().map(|error| error.explain());
        Ok((rejected, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)))
    };
    tokio::task::spawn_blocking(compile).await.map_err(|error| {
        Problem::new(ProblemKind::Internal, "internal", format!("The plugin could not be compiled: {error}."), ProblemSource::Host)
    })?
}

async fn fit(app: &App, plugin: &Arc<registry::Plugin>, slot: &'static Slot) -> Result<SlotFit, Problem> {
    let workspace = temporary_folder()?;
    let sampled = match declared_misfit(slot, plugin) {
        Some(unfit) => Err(unfit),
        None => app.kernel.try_as(plugin, slot, workspace.path()).await,
    };
    let field = match &sampled {
        Err(Unfit::Input { misfit, .. } | Unfit::Output { misfit, .. }) => Some(misfit.field.clone()),
        Err(Unfit::Kind { .. } | Unfit::Sample { .. }) | Ok(_) => None,
    };
    let reason = sampled.as_ref().err().map(ToString::to_string);
    let sample = |sampled: Sampled| match sampled {
        Sampled::Fits => SlotSample::Fits,
        Sampled::NotTried(reason) => SlotSample::NotTried { reason },
    };
    Ok(SlotFit {
        slot: slot.name.to_owned(),
        fits: reason.is_none(),
        reason,
        field,
        samples: sampled.unwrap_or_default().into_iter().map(sample).collect(),
    })
}

fn temporary_folder() -> Result<TempDir, Problem> {
    tempfile::tempdir().map_err(|error| {
        let message = format!("A temporary directory cannot be created: {error}.");
        let problem = Problem::new(ProblemKind::Unavailable, "host_unavailable", message, ProblemSource::Host);
        problem.advise("Set TMPDIR to a directory that can be written.")
    })
}

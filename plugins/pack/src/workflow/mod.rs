//! Makes a plugin of a workflow folder: its plan, the manifest that the plan asks for, and the files, with the engine. The
//! same folder always gives the same bytes: nothing of the project, the machine or the time gets into them.

mod manifest;
#[cfg(test)]
mod tests;

use std::path::Path;

use baton_folder_format::finding::Severity;
use baton_folder_format::folder::{Files, MemoryFiles};
use baton_folder_format::packing::{self, PACKING, Packing};
use baton_folder_format::plan::{Options, Plan, plan};

use crate::folder::{self, FolderError};
use crate::{PackError, pack};

/// Files by which a workflow folder is known.
const ENTRIES: [&str; 4] = ["SKILL.md", "workflow.yaml", "workflow.yml", "workflow.md"];

/// Why a workflow folder was not packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkflowError {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is nothing in it that a run could do.
    #[error("The folder cannot be run: {0}")]
    NotRunnable(String),
    /// Its own `plugin.toml` is not TOML, or is about something else.
    #[error("plugin.toml cannot be used: {0}.")]
    Manifest(String),
    /// The component cannot be made.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// A workflow folder that was read.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// What was understood of it, without the project that it will run in.
    pub plan: Plan,
    /// What it asks for, as the text of a `plugin.toml`.
    pub manifest: String,
    packing: Packing,
    assets: Vec<(String, Vec<u8>)>,
}

/// Whether a folder is a workflow folder.
pub fn is_workflow(folder: &Path) -> bool {
    if ENTRIES.iter().any(|name| folder.join(name).is_file()) {
        return true;
    }
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_str().is_some_and(|name| name.starts_with("workflow-") && name.ends_with(".md")))
}

/// The plan of a folder in the project of `files`.
pub fn plan_in(files: &dyn Files) -> Plan {
    plan(files, &Options::default())
}

impl Workflow {
    /// Reads a folder. `is_taken` says which names a plugin cannot have, such as those of bundled plugins; a name that the
    /// folder's own `plugin.toml` states stays as it is.
    pub fn read(folder: &Path, is_taken: impl Fn(&str) -> bool) -> Result<Self, WorkflowError> {
        let (own, assets) = folder::read_assets(folder)?;
        let files = MemoryFiles { folder: assets.iter().cloned().collect(), project: None };
        let plan = plan_in(&files);
        if !plan.runnable {
            return Err(WorkflowError::NotRunnable(reason(&plan)));
        }
        let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let folder_name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let installed = installed_path(&plan);
        let module = packing::module_of(installed);
        let free = |name: String| match &module {
            _ if !is_taken(&name) => name,
            Some(module) => cut(format!("{module}-{name}")),
            None => cut(format!("{name}-folder")),
        };
        let named = [plan.name.as_str(), folder_name, "workflow"].into_iter().find_map(packing::plugin_name);
        let name = free(named.unwrap_or_default());
        let invoked = plan.needs.workflows.iter().filter_map(|target| packing::invoked_name(target));
        let workflows = invoked.map(|name| (name.clone(), free(name)));
        let packing = Packing { agent: role(&plan, installed, folder_name), workflows: workflows.collect() };
        let manifest = manifest::derive(&name, &plan, &packing).completed(own.as_deref()).map_err(WorkflowError::Manifest)?;
        Ok(Self { plan, manifest, packing, assets })
    }

    /// The agent or slot that works.
    pub fn agent(&self) -> &str {
        &self.packing.agent
    }

    /// The component.
    pub fn pack(&self, engine: &[u8]) -> Result<Vec<u8>, WorkflowError> {
        let mut assets = self.assets.clone();
        let packing = toml::to_string(&self.packing).map_err(|error| WorkflowError::Manifest(error.to_string()))?;
        assets.push((PACKING.to_owned(), packing.into_bytes()));
        Ok(pack(engine, &self.manifest, &assets)?)
    }
}

/// A name with something before or behind it may be too long.
fn cut(name: String) -> String {
    packing::plugin_name(&name).unwrap_or(name)
}

fn installed_path(plan: &Plan) -> &str {
    let installed = plan.variables.iter().find(|variable| variable.name == "installed_path");
    installed.and_then(|variable| variable.value.as_deref()).unwrap_or_default()
}

/// The agent that the folder names, else the slot of its phase.
fn role(plan: &Plan, installed: &str, folder_name: &str) -> String {
    let named = plan.variables.iter().find(|variable| variable.name == "agent").and_then(|variable| variable.value.as_deref());
    let named = named.filter(|name| packing::plugin_name(name).as_deref() == Some(*name));
    named.map_or_else(|| packing::role_of(&format!("{installed}/{folder_name}/{}", plan.name)).to_owned(), str::to_owned)
}

/// Why a plan cannot be run.
fn reason(plan: &Plan) -> String {
    let rejection = plan.findings.iter().find(|finding| finding.severity == Severity::Rejection);
    rejection.map_or_else(
        || "It has no steps.".to_owned(),
        |finding| match finding.line {
            Some(line) => format!("{}:{line}: {}", finding.file, finding.message),
            None => finding.message.clone(),
        },
    )
}

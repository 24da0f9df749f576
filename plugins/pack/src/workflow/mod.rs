//! Makes a plugin of a workflow folder: its plan, the manifest that the plan asks for, and the files, with the engine. The
//! same folder always gives the same bytes: nothing of the project, the machine or the time gets into them.

pub(crate) mod manifest;
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

/// How a folder is called among the plugins around it.
pub(crate) struct Naming<'a> {
    /// Which names a plugin cannot have.
    pub(crate) is_taken: &'a dyn Fn(&str) -> bool,
    /// The module that it is part of, where its own path does not say.
    pub(crate) module: Option<&'a str>,
    /// The agent that works, where the folder itself names none.
    pub(crate) agent: Option<String>,
    /// The plugin of a workflow that it invokes, where that is known.
    pub(crate) invoked: &'a dyn Fn(&str) -> Option<String>,
}

impl Naming<'_> {
    /// A name that is free: with the module before it, or with `-folder` behind it.
    fn free(&self, name: String, module: Option<&str>) -> String {
        match module {
            _ if !(self.is_taken)(&name) => name,
            Some(module) => cut(format!("{module}-{name}")),
            None => cut(format!("{name}-folder")),
        }
    }
}

/// A folder that was read, before it has a name.
pub(crate) struct Read {
    pub(crate) plan: Plan,
    own: Option<String>,
    assets: Vec<(String, Vec<u8>)>,
    folder_name: String,
}

impl Read {
    pub(crate) fn folder(folder: &Path) -> Result<Self, WorkflowError> {
        let (own, assets) = folder::read_assets(folder)?;
        let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let folder_name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        Self::files(own, assets, folder_name)
    }

    pub(crate) fn files(own: Option<String>, assets: Vec<(String, Vec<u8>)>, folder_name: String) -> Result<Self, WorkflowError> {
        let files = MemoryFiles { folder: assets.iter().cloned().collect(), project: None };
        let plan = plan_in(&files);
        if plan.runnable { Ok(Self { plan, own, assets, folder_name }) } else { Err(WorkflowError::NotRunnable(reason(&plan))) }
    }

    fn module(&self, naming: &Naming<'_>) -> Option<String> {
        packing::module_of(installed_path(&self.plan)).or_else(|| naming.module.map(str::to_owned))
    }

    /// What its plugin is called, unless its own `plugin.toml` says otherwise.
    pub(crate) fn name(&self, naming: &Naming<'_>) -> String {
        let named = [self.plan.name.as_str(), &self.folder_name, "workflow"].into_iter().find_map(packing::plugin_name);
        naming.free(named.unwrap_or_default(), self.module(naming).as_deref())
    }

    pub(crate) fn finish(self, name: &str, naming: &Naming<'_>) -> Result<Workflow, WorkflowError> {
        let module = self.module(naming);
        let invoked = self.plan.needs.workflows.iter().filter_map(|target| {
            let own = packing::invoked_name(target)?;
            let plugin = (naming.invoked)(target).unwrap_or_else(|| naming.free(own.clone(), module.as_deref()));
            Some((own, plugin))
        });
        let agent = role(&self.plan, &self.folder_name, naming.agent.as_deref());
        let packing = Packing { agent, workflows: invoked.collect() };
        let manifest = manifest::derive(name, &self.plan, &packing).completed(self.own.as_deref()).map_err(WorkflowError::Manifest)?;
        Ok(Workflow { plan: self.plan, manifest, packing, assets: self.assets })
    }
}

impl Workflow {
    /// Reads a folder. `is_taken` says which names a plugin cannot have, such as those of bundled plugins; a name that the
    /// folder's own `plugin.toml` states stays as it is.
    pub fn read(folder: &Path, is_taken: impl Fn(&str) -> bool) -> Result<Self, WorkflowError> {
        let naming = Naming { is_taken: &is_taken, module: None, agent: None, invoked: &|_| None };
        let read = Read::folder(folder)?;
        let name = read.name(&naming);
        read.finish(&name, &naming)
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
pub(crate) fn cut(name: String) -> String {
    packing::plugin_name(&name).unwrap_or(name)
}

fn installed_path(plan: &Plan) -> &str {
    let installed = plan.variables.iter().find(|variable| variable.name == "installed_path");
    installed.and_then(|variable| variable.value.as_deref()).unwrap_or_default()
}

/// The agent that the folder names, else that of its module, else the slot of its phase.
fn role(plan: &Plan, folder_name: &str, of_module: Option<&str>) -> String {
    let named = plan.variables.iter().find(|variable| variable.name == "agent").and_then(|variable| variable.value.as_deref());
    let named = named.filter(|name| packing::plugin_name(name).as_deref() == Some(*name)).or(of_module);
    named.map_or_else(|| packing::role_of(&format!("{}/{folder_name}/{}", installed_path(plan), plan.name)).to_owned(), str::to_owned)
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

//! What a workflow folder does, as the engine understands it: its plan, in a folder or in a plugin. Executes nothing of it.

mod view;

use std::path::Path;

use super::{
    file::{OfFile, PluginFile, rejected_problem},
    view::capabilities,
};
use crate::{
    app::{self, Understood},
    events::path_text,
    operations::{Host, Problem, ProblemKind, ProblemSource, code},
};

pub use view::{
    Decisions, FolderDialect, FolderFinding, FolderVariable, FoundSeverity, PlannedChecklist, PlannedCondition, PlannedDocument,
    PlannedFile, PlannedFlow, PlannedStatement, PlannedStep, UnsetVariable, WorkflowPlan,
};

/// Whether a folder is a workflow folder, which the engine interprets.
pub fn is_workflow_folder(folder: &Path) -> bool {
    app::is_workflow_folder(folder)
}

/// The plan of a folder, as a run in `project` would begin with it. A folder that cannot be run has a plan that says why.
pub fn plan_folder(folder: &Path, project: &Path) -> Result<WorkflowPlan, Problem> {
    let reject = |reason: String| {
        let message = format!("The folder `{}` cannot be read: {reason}", path_text(folder).escape_debug());
        Problem::new(ProblemKind::Conflict, "folder_unusable", message, ProblemSource::Plugin).of_field("folder")
    };
    if !app::is_workflow_folder(folder) {
        let problem = reject("it has no workflow.yaml, workflow.md or SKILL.md.".to_owned());
        return Err(problem.advise("Name a workflow folder, or the plugin that one was packed into."));
    }
    let understood = app::understand_folder(folder, project).map_err(reject)?;
    let needs = PluginFile::pack_unsigned(folder).map(|file| capabilities(&file.plugin.package.manifest.needs));
    Ok(WorkflowPlan::of(&understood, needs.unwrap_or_default()))
}

/// The plan of the folder in a plugin: one that is installed, or a file.
pub fn plan_plugin(host: &Host, name: &str, project: &Path) -> Result<WorkflowPlan, Problem> {
    if let Some(plugin) = host.app.kernel.registry().find(name) {
        return plan(&plugin, project);
    }
    let path = Path::new(name);
    if !path.is_file() {
        let message = format!("There is no plugin `{0}`, and no folder or file `{0}` here.", name.escape_debug());
        let problem = Problem::not_found(code::PLUGIN_NOT_FOUND, message).of_field("plugin");
        return Err(problem.advise("`baton plugin list` lists the plugins."));
    }
    match PluginFile::read_as(path, path, &host.app.config.trust) {
        OfFile::Plugin(file) => plan(&file.plugin, project),
        OfFile::Rejected(rejected) => Err(rejected_problem(&rejected)),
    }
}

/// The plan of the folder in a file that is not installed; none where it was not packed from one.
pub(super) fn plan_file(file: &PluginFile, project: &Path) -> Option<WorkflowPlan> {
    let understood = app::understand_plugin(&file.plugin, project)?;
    Some(WorkflowPlan::of(&understood, capabilities(&file.plugin.package.manifest.needs)))
}

fn plan(plugin: &crate::kernel::registry::Plugin, project: &Path) -> Result<WorkflowPlan, Problem> {
    let understood: Understood = app::understand_plugin(plugin, project).ok_or_else(|| {
        let message = format!("The plugin `{}` was not packed from a workflow folder, so it has no plan.", plugin.name());
        let problem = Problem::conflict("not_a_workflow_folder", message).of_field("plugin");
        problem.advise(format!("`baton plugin show {}` shows what it is and what it asks for.", plugin.name()))
    })?;
    Ok(WorkflowPlan::of(&understood, capabilities(&plugin.package.manifest.needs)))
}

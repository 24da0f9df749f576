//! Projects: listed, found, added, changed and removed. Starts no run, and moves no files.

mod attention;
mod change;
mod create;
mod phase;
mod place;
mod status;
#[cfg(test)]
mod tests;
mod work;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{Dollars, Host, Moment, Page, Problem, access::Caller};
use crate::{
    escape::escaped,
    events::path_text,
    interfaces::llm::money::Scope,
    journal::RunId,
    kernel::{KernelError, projects},
};

use attention::load_attention;
use phase::{load_phase, load_phases};

pub use crate::interfaces::project::Project as Identity;
pub use attention::AttentionItem;
pub use change::{
    AddFolder, AddProject, AddedProject, ChangedProject, EditProject, MoveProject, RemovedProject, RenameProject, add, add_folder,
    complete, edit, move_folder, pause, remove, rename, resume,
};
pub use create::{CreateProject, ProjectRoots, create};
pub use phase::ProjectPhase;
pub use place::{ProjectLocation, ProjectRef, usable_folder};
pub use projects::ProjectState;
pub(in crate::operations) use status::count_statuses;
pub use status::{
    AgentAtWork, EpicStatus, ProjectStatus, SprintStatus, StartedWorkflow, StatusCount, WorkStatus, WorkflowStatus, sprint_status, status,
    workflow_status,
};
pub use work::{StartWork, start};

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// What everything of the project is kept under.
    pub id: String,
    /// Its name, unique among the projects that were not removed.
    pub name: String,
    /// Its state; `error` where a folder of an active project does not exist.
    pub state: ProjectState,
    /// How far its work is; absent where that was not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ProjectPhase>,
    /// What is wrong with its folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where its runs work, in the order in which they were added.
    pub folders: Vec<String>,
    /// Where others find its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Its settings.
    pub settings: Value,
    /// What it was known by before projects had ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_key: Option<String>,
    /// When it was added.
    pub created_at: Moment,
    /// When it was changed last.
    pub updated_at: Moment,
    /// When it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Moment>,
}

/// A project, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectDetails {
    /// The project.
    #[serde(flatten)]
    pub project: Project,
    /// Its oldest unfinished run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished_run: Option<RunId>,
    /// What its runs spent.
    pub spent_usd: Dollars,
    /// What they may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<Dollars>,
    /// What waits for a person: questions, then paused runs, then failed checks.
    #[serde(default)]
    pub attention: Vec<AttentionItem>,
}

/// Which projects to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListProjects {
    /// Also those that were removed.
    #[serde(default)]
    pub removed: bool,
    /// Only those in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ProjectState>,
    /// Only those in this phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ProjectPhase>,
}

/// In the order of their names.
pub async fn list(host: &Host, request: &ListProjects) -> Result<Page<Project>, Problem> {
    // A person adds each of them, and a skin cuts them by id.
    Ok(Page::whole(list_filtered(host, request, |_| true).await?))
}

/// The same for a caller, a page at a time: only those that exist for them.
pub async fn list_for(
    host: &Host,
    caller: &Caller,
    request: &ListProjects,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<Project>, Problem> {
    let projects = list_filtered(host, request, |project| caller.sees(&project.id)).await?;
    Page::cut(projects, |project| project.id.clone(), cursor, limit)
}

async fn list_filtered(host: &Host, request: &ListProjects, exists: impl Fn(&projects::Project) -> bool) -> Result<Vec<Project>, Problem> {
    let projects = host.app.kernel.projects().all_projects().await.map_err(KernelError::from)?;
    let phases = load_phases(host).await?;
    let wanted = projects.into_iter().filter(|project| (request.removed || project.removed_at.is_none()) && exists(project));
    let with_phase = |project: projects::Project| {
        let phase = Some(phases.get(&project.id).copied().unwrap_or_default());
        Project { phase, ..project.into() }
    };
    let is_wanted = |project: &Project| {
        request.state.is_none_or(|state| state == project.state) && request.phase.is_none_or(|phase| Some(phase) == project.phase)
    };
    Ok(wanted.map(with_phase).filter(is_wanted).collect())
}

/// The project with this name or id.
pub async fn find(host: &Host, project: &str) -> Result<Project, Problem> {
    Ok(host.app.kernel.find_project(project).await?.into())
}

/// The settings in the file of a project, without those of its operator.
pub async fn settings(host: &Host, project: &str) -> Result<Value, Problem> {
    let place = ProjectRef::Name(project.to_owned()).find(host).await?;
    let unreadable = |_| {
        let message = "The settings in the project's directory cannot be read.";
        Problem::conflict("settings_invalid", message)
    };
    host.config().project(place.folder()?).map_err(unreadable)
}

/// The project with this name or id, with what belongs to it.
pub async fn show(host: &Host, project: &str) -> Result<ProjectDetails, Problem> {
    let project = host.app.kernel.find_project(project).await?;
    let scope = Scope::Project(project.id.clone());
    let budget = host.app.budgets.budgets().await?.into_iter().find(|budget| budget.scope == scope);
    Ok(ProjectDetails {
        unfinished_run: host.app.kernel.projects().unfinished_run(&project.id).await.map_err(KernelError::from)?,
        spent_usd: Dollars(host.app.budgets.load_spent(&scope).await?),
        budget_usd: budget.map(|budget| Dollars(budget.amount)),
        attention: load_attention(host, &project.id).await?,
        project: Project { phase: Some(load_phase(host, &project.id).await?), ..project.into() },
    })
}

impl From<projects::Project> for Project {
    fn from(project: projects::Project) -> Self {
        let reason = missing_folder(&project);
        let is_stopped = matches!(project.state, ProjectState::Paused | ProjectState::Completed);
        let state = if reason.is_some() && !is_stopped { ProjectState::Error } else { project.state };
        let hint = place::move_hint(&project);
        let projects::Project { id, name, folders, repository, settings, former_key, created_at, updated_at, removed_at, .. } = project;
        Self {
            id,
            name,
            state,
            phase: None,
            reason,
            hint,
            folders: folders.iter().map(|folder| path_text(folder)).collect(),
            repository,
            settings,
            former_key,
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
            removed_at: removed_at.map(Moment),
        }
    }
}

/// What is wrong with the folders of a project, a sentence.
fn missing_folder(project: &projects::Project) -> Option<String> {
    let missing: Option<&PathBuf> = project.folders.iter().find(|folder| !folder.is_dir());
    match (missing, project.folders.is_empty()) {
        (Some(folder), _) => Some(format!("The directory {} does not exist.", escaped(&path_text(folder)))),
        (None, true) => Some("No directory is known.".to_owned()),
        (None, false) => None,
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Project, Page<Project>, ProjectDetails, AddedProject, ChangedProject, ProjectStatus, RemovedProject, SprintStatus, WorkflowStatus)))]
pub(in crate::operations) struct Views;

//! Projects: listed, found, added, changed and removed. Starts no run, and moves no files.

mod change;
mod place;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{Dollars, Host, Moment, Page, Problem};
use crate::{
    escape::escaped,
    events::path_text,
    interfaces::llm::money::Scope,
    journal::RunId,
    kernel::{KernelError, projects},
};

pub use crate::interfaces::project::Project as Identity;
pub use change::{
    AddFolder, AddProject, AddedProject, ChangedProject, MoveProject, RemovedProject, RenameProject, add, add_folder, complete,
    move_folder, pause, remove, rename, resume,
};
pub use place::{ProjectLocation, ProjectRef, usable_folder};
pub use projects::ProjectState;

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// What everything of the project is kept under.
    pub id: String,
    /// Its name, unique among the projects that were not removed.
    pub name: String,
    /// Its state; `error` where a folder of an active project does not exist.
    pub state: ProjectState,
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
}

/// Which projects to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListProjects {
    /// Also those that were removed.
    #[serde(default)]
    pub removed: bool,
}

/// In the order of their names.
pub async fn list(host: &Host, request: &ListProjects) -> Result<Page<Project>, Problem> {
    let projects = host.app.kernel.projects().all_projects().await.map_err(KernelError::from)?;
    let wanted = projects.into_iter().filter(|project| request.removed || project.removed_at.is_none());
    // A person adds each of them, and a skin cuts them by id.
    Ok(Page::whole(wanted.map(Project::from).collect()))
}

/// The project with this name or id.
pub async fn find(host: &Host, project: &str) -> Result<Project, Problem> {
    Ok(host.app.kernel.find_project(project).await?.into())
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
        project: project.into(),
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
        (Some(folder), _) => Some(format!("The folder {} does not exist.", escaped(&path_text(folder)))),
        (None, true) => Some("No folder is known.".to_owned()),
        (None, false) => None,
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Project, Page<Project>, ProjectDetails, AddedProject, ChangedProject, RemovedProject)))]
pub(in crate::operations) struct Views;

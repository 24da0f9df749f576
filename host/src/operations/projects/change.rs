//! What operators change of projects. Moves no files and deletes none.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Project, ProjectState};
use crate::{
    actor::Actor,
    escape::escaped,
    kernel::{
        KernelError,
        projects::{self, ProjectChange},
    },
    operations::{Host, Problem},
};

/// Characters of an address that is rejected, in the problem.
const EXCERPT: usize = 100;

/// A folder to add as a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddProject {
    /// The folder.
    pub folder: PathBuf,
    /// Its name; none for that of the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where others find its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// A folder to add to a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddFolder {
    /// The project's name or id.
    pub project: String,
    /// The folder.
    pub folder: PathBuf,
}

/// Another name for a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameProject {
    /// The project's name or id.
    pub project: String,
    /// Its new name.
    pub name: String,
}

/// What to change of a project. What is absent stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditProject {
    /// The project's name or id.
    pub project: String,
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where others find its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// Another place for a folder of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveProject {
    /// The project's name or id.
    pub project: String,
    /// Where the folder is now.
    pub folder: PathBuf,
    /// The folder that moved; none where the project has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
}

/// A project to which a folder was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddedProject {
    /// The project.
    #[serde(flatten)]
    pub project: Project,
    /// The name of the project in whose folder the new one lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<String>,
    /// Why no run starts in the folder: its settings cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_problem: Option<String>,
}

/// A project that was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangedProject {
    /// The project as it is now.
    #[serde(flatten)]
    pub project: Project,
    /// Its name before.
    pub former_name: String,
    /// Its state before, as it is kept.
    pub former_state: ProjectState,
}

/// A project that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedProject {
    /// Its id, under which its history is kept.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Adds a folder as a project.
pub async fn add(host: &Host, actor: &Actor, request: &AddProject) -> Result<AddedProject, Problem> {
    request.repository.as_deref().map(check_repository).transpose()?;
    let AddProject { folder, name, repository } = request;
    describe_added(host, host.app.kernel.add_project(folder, name.clone(), repository.clone(), actor).await?).await
}

/// Adds a folder to a project, such as a second checkout of the same repository.
pub async fn add_folder(host: &Host, actor: &Actor, request: &AddFolder) -> Result<AddedProject, Problem> {
    let project = host.app.kernel.find_project(&request.project).await?;
    describe_added(host, host.app.kernel.add_folder(&project, &request.folder, actor).await?).await
}

/// Gives a project another name.
pub async fn rename(host: &Host, actor: &Actor, request: &RenameProject) -> Result<ChangedProject, Problem> {
    change(host, actor, &request.project, ProjectChange::Rename(request.name.clone())).await
}

/// Changes the name of a project, and where others find its repository.
pub async fn edit(host: &Host, actor: &Actor, request: &EditProject) -> Result<ChangedProject, Problem> {
    let EditProject { project, name, repository } = request;
    repository.as_deref().map(check_repository).transpose()?;
    let before = host.app.kernel.find_project(project).await?;
    let name = name.clone().unwrap_or_else(|| before.name.clone());
    // The name first: it is what can be rejected.
    let mut changed = host.app.kernel.change_project(&before, ProjectChange::Rename(name), actor).await?;
    if let Some(repository) = repository {
        changed = host.app.kernel.change_project(&changed, ProjectChange::SetRepository(repository.clone()), actor).await?;
    }
    Ok(ChangedProject { project: changed.into(), former_name: before.name, former_state: before.state })
}

/// Pauses a project: no run starts or resumes in it.
pub async fn pause(host: &Host, actor: &Actor, project: &str) -> Result<ChangedProject, Problem> {
    change(host, actor, project, ProjectChange::Pause).await
}

/// Lets runs start and continue in a project again.
pub async fn resume(host: &Host, actor: &Actor, project: &str) -> Result<ChangedProject, Problem> {
    change(host, actor, project, ProjectChange::Resume).await
}

/// Marks a project as completed: no run starts in it.
pub async fn complete(host: &Host, actor: &Actor, project: &str) -> Result<ChangedProject, Problem> {
    change(host, actor, project, ProjectChange::Complete).await
}

/// Sets the new place of a folder that moved. What belongs to the project stays with it.
pub async fn move_folder(host: &Host, actor: &Actor, request: &MoveProject) -> Result<ChangedProject, Problem> {
    let before = host.app.kernel.find_project(&request.project).await?;
    let moved = host.app.kernel.move_project(&before, request.from.as_deref(), &request.folder, actor).await;
    let project = moved.map_err(|error| match &error {
        KernelError::Workspace { .. } => {
            let hint = "Baton moves no files: move the directory first, then set its new place.".to_owned();
            let message = escaped(&error.to_string());
            Problem { hint: Some(hint), message, ..Problem::from(error) }
        }
        _ => error.into(),
    })?;
    Ok(ChangedProject { project: project.into(), former_name: before.name, former_state: before.state })
}

/// Removes a project, and turns its autopilot off. Deletes no file, and keeps its history.
pub async fn remove(host: &Host, actor: &Actor, project: &str) -> Result<RemovedProject, Problem> {
    let project = host.app.kernel.find_project(project).await?;
    host.app.turn_autopilot_off(&project.id, true, actor).await?;
    let removed = host.app.kernel.change_project(&project, ProjectChange::Remove, actor).await?;
    Ok(RemovedProject { id: removed.id, name: project.name })
}

async fn change(host: &Host, actor: &Actor, project: &str, change: ProjectChange) -> Result<ChangedProject, Problem> {
    let before = host.app.kernel.find_project(project).await?;
    let changed = host.app.kernel.change_project(&before, change, actor).await?;
    Ok(ChangedProject { project: changed.into(), former_name: before.name, former_state: before.state })
}

async fn describe_added(host: &Host, project: projects::Project) -> Result<AddedProject, Problem> {
    let folder = project.folders.last();
    let settings_problem = folder.and_then(|folder| host.app.config.project(folder).err()).map(|error| Problem::from(error).to_string());
    Ok(AddedProject { outer: outer(host, &project).await?, settings_problem, project: project.into() })
}

/// The project in whose folder the newest folder of this one lies.
async fn outer(host: &Host, project: &projects::Project) -> Result<Option<String>, Problem> {
    let Some(folder) = project.folders.last() else { return Ok(None) };
    let others = host.app.kernel.projects().all_projects().await.map_err(KernelError::from)?.into_iter();
    let mut others = others.filter(|other| other.removed_at.is_none() && other.id != project.id);
    Ok(others.find(|other| other.folders.iter().any(|above| folder.starts_with(above))).map(|other| other.name))
}

/// Rejects what is not an address, and one with a password, which everyone who lists projects would see.
pub(super) fn check_repository(address: &str) -> Result<(), Problem> {
    const LONGEST: usize = 2_048;
    let rejected = |message: String, hint: &str| Problem::invalid("repository_invalid", "repository", message).advise(hint);
    if address.is_empty() || address.len() > LONGEST || address.chars().any(|each| each.is_control() || each.is_whitespace()) {
        let shown: String = escaped(address).chars().take(EXCERPT).collect();
        return Err(rejected(format!("`{shown}` is not a repository URL."), "Use an address such as https://github.com/ada/shop."));
    }
    let login = address.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@')).map(|(login, _)| login);
    if login.is_some_and(|login| login.contains(':')) {
        return Err(rejected("The repository URL contains a password.".to_owned(), "Leave the password out."));
    }
    Ok(())
}

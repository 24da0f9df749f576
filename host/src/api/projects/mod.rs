//! Projects over HTTP: found, added, changed, removed, and work started in them.

mod autopilot;
mod money;
mod status;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, ROOT,
    begun::Begun,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Dollars, Page,
    execution::{RunOptions, StartedRun},
    projects::{
        self, AddedProject, ChangedProject, CreateProject, EditProject, ListProjects, Project, ProjectDetails, ProjectPhase, ProjectRoots,
        ProjectState, RemovedProject, StartWork,
    },
};

/// Which projects are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those in this state.
    status: Option<ProjectState>,
    /// Only those in this phase.
    phase: Option<ProjectPhase>,
    /// Also those that were removed.
    #[serde(default)]
    removed: bool,
}

/// A project to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProject {
    /// Its folder, which exists below one that the host's settings name for projects: the path below that one, or an absolute path.
    /// With `clone` the name of a new folder; absent for the name of the repository.
    #[serde(default)]
    folder: Option<String>,
    /// The https or ssh URL of a repository from which the folder is cloned. Absent for a folder that exists.
    #[serde(default)]
    #[schema(max_length = 2048)]
    clone: Option<String>,
    /// Its name; absent for that of the folder.
    #[serde(default)]
    name: Option<String>,
    /// Where others find its repository.
    #[serde(default)]
    repository: Option<String>,
}

/// What to change of a project. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProjectEdit {
    /// Its new name.
    #[serde(default)]
    name: Option<String>,
    /// Where others find its repository.
    #[serde(default)]
    repository: Option<String>,
}

/// Work to start.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWork {
    /// The workflow; absent for `plan` in a project without stories, else `sprint`.
    #[serde(default)]
    workflow: Option<String>,
    /// What the workflow is given; absent for nothing.
    #[serde(default)]
    input: Option<Value>,
    /// The model to use instead of those of the settings: `provider/model` or an alias.
    #[serde(default)]
    model: Option<String>,
    /// What the run may spend on models, with all that it starts.
    #[serde(default)]
    budget_usd: Option<Dollars>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let own = OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, edit, remove));
    let own = own.routes(routes!(start)).routes(routes!(pause)).routes(routes!(resume)).routes(routes!(complete));
    own.merge(money::routes()).merge(autopilot::routes()).merge(status::routes())
}

/// List projects
#[utoipa::path(get, path = "/projects", tag = "projects", params(Filter, Paging), responses((status = 200, body = Page<Project>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Project>>, Failure> {
    let request = ListProjects { removed: filter.removed, state: filter.status, phase: filter.phase };
    Ok(Json(projects::list_for(&api.host, &caller, &request, paging.cursor(), paging.limit()?).await?))
}

/// Add a project
#[utoipa::path(
    post,
    path = "/projects",
    tag = "projects",
    request_body = NewProject,
    responses((status = 201, body = AddedProject, headers(("location" = String, description = "The path of the project"))))
)]
async fn create(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Input(new): Input<NewProject>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<AddedProject>), Failure> {
    let NewProject { folder, clone, name, repository } = new;
    let request = CreateProject { folder: folder.map(PathBuf::from), clone, name, repository };
    let roots = ProjectRoots { folders: &api.settings.project_roots, private_repositories: api.settings.private_repositories };
    let added = projects::create(&api.host, &caller, roots, &request).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("{ROOT}/projects/{}", added.project.id))], Json(added)))
}

/// Show a project
#[utoipa::path(
    get,
    path = "/projects/{project}",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = ProjectDetails))
)]
async fn show(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<ProjectDetails>, Failure> {
    Ok(Json(projects::show(&api.host, &project).await?))
}

/// Change a project
#[utoipa::path(
    patch,
    path = "/projects/{project}",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    request_body = ProjectEdit,
    responses((status = 200, body = ChangedProject))
)]
async fn edit(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
    Input(edit): Input<ProjectEdit>,
) -> Result<Json<ChangedProject>, Failure> {
    let request = EditProject { project, name: edit.name, repository: edit.repository };
    Ok(Json(projects::edit(&api.host, &caller.actor, &request).await?))
}

/// Remove a project. Its folder stays, and its history is kept
#[utoipa::path(
    delete,
    path = "/projects/{project}",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = RemovedProject))
)]
async fn remove(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
) -> Result<Json<RemovedProject>, Failure> {
    Ok(Json(projects::remove(&api.host, &caller.actor, &project).await?))
}

/// Start a workflow in a project
#[utoipa::path(
    post,
    path = "/projects/{project}/start",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    request_body = NewWork,
    responses((status = 202, body = StartedRun, headers(("location" = String, description = "The path of the run"))))
)]
async fn start(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
    Input(work): Input<NewWork>,
) -> Result<Begun<StartedRun>, Failure> {
    let options = RunOptions { model: work.model, budget_usd: work.budget_usd };
    let request = StartWork { project, workflow: work.workflow, input: work.input, options };
    let started = projects::start(&api.host, &caller, &request).await?;
    Ok(Begun::at(format!("/runs/{}", started.run), started))
}

/// Pause a project: no run starts or continues in it
#[utoipa::path(
    post,
    path = "/projects/{project}/pause",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = ChangedProject))
)]
async fn pause(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
) -> Result<Json<ChangedProject>, Failure> {
    Ok(Json(projects::pause(&api.host, &caller.actor, &project).await?))
}

/// Resume a project that is paused or completed
#[utoipa::path(
    post,
    path = "/projects/{project}/resume",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = ChangedProject))
)]
async fn resume(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
) -> Result<Json<ChangedProject>, Failure> {
    Ok(Json(projects::resume(&api.host, &caller.actor, &project).await?))
}

/// Complete a project: no run starts in it
#[utoipa::path(
    post,
    path = "/projects/{project}/complete",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = ChangedProject))
)]
async fn complete(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(project): Segments<String>,
) -> Result<Json<ChangedProject>, Failure> {
    Ok(Json(projects::complete(&api.host, &caller.actor, &project).await?))
}

//! What a project is doing, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    extract::{Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Moment,
    projects::{self, ProjectRef, ProjectStatus, SprintStatus, WorkflowStatus},
    reports::{self, MakeReport, Report},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(report))
        .routes(routes!(settings))
        .routes(routes!(sprint_status))
        .routes(routes!(status))
        .routes(routes!(workflow_status))
}

/// Since when a report is made.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// From when; from the beginning where it is absent.
    since: Option<Moment>,
}

/// Report what became of the stories of a project, what waits for a person, and what it cost
#[utoipa::path(
    get,
    path = "/projects/{project}/report",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name"), Since),
    responses((status = 200, body = Report))
)]
async fn report(
    State(api): State<Arc<Api>>,
    Segments(project): Segments<String>,
    Parameters(Since { since }): Parameters<Since>,
) -> Result<Json<Report>, Failure> {
    let request = MakeReport { project: ProjectRef::Name(project), since: since.unwrap_or(Moment(0)) };
    Ok(Json(reports::make(&api.host, &request).await?))
}

/// Show the settings in the file of a project
#[utoipa::path(
    get,
    path = "/projects/{project}/settings",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = Value))
)]
async fn settings(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<Value>, Failure> {
    Ok(Json(projects::settings(&api.host, &project).await?))
}

/// Show how far the epics of a project are
#[utoipa::path(
    get,
    path = "/projects/{project}/sprint-status",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = SprintStatus))
)]
async fn sprint_status(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<SprintStatus>, Failure> {
    Ok(Json(projects::sprint_status(&api.host, &project).await?))
}

/// Show what a project is doing
#[utoipa::path(
    get,
    path = "/projects/{project}/status",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = ProjectStatus))
)]
async fn status(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<ProjectStatus>, Failure> {
    Ok(Json(projects::status(&api.host, &project).await?))
}

/// Show the workflows that were started in a project
#[utoipa::path(
    get,
    path = "/projects/{project}/workflow-status",
    tag = "projects",
    params(("project" = String, Path, description = "Its id or name")),
    responses((status = 200, body = WorkflowStatus))
)]
async fn workflow_status(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<WorkflowStatus>, Failure> {
    Ok(Json(projects::workflow_status(&api.host, &project).await?))
}

//! Projects over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    projects::{self, ListProjects, Project, ProjectDetails},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// List projects
#[utoipa::path(get, path = "/projects", tag = "projects", params(Paging), responses((status = 200, body = Page<Project>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Project>>, Failure> {
    let request = ListProjects { removed: false };
    let page = projects::list(&api.host, &request).await?;
    let seen = page.items.into_iter().filter(|project| caller.sees(&project.id)).collect();
    Ok(Json(Page::cut(seen, |project| project.id.clone(), paging.cursor(), paging.limit()?)?))
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

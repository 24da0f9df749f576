//! The board of a project over HTTP, and its backlog as a whole.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    extract::{Parameters, Segments, page_length},
    failure::Failure,
};
use crate::operations::{
    items::{self, BacklogGraph, BacklogSummary, Board, ShowBoard, ShowGraph, SummarizeItems},
    projects::ProjectRef,
};

/// How much of a board is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Size {
    /// At most this many items of each column.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(show_board)).routes(routes!(show_backlog)).routes(routes!(show_graph))
}

/// Show the board of a project
#[utoipa::path(
    get,
    path = "/projects/{project}/board",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), Size),
    responses((status = 200, body = Board))
)]
async fn show_board(
    State(api): State<Arc<Api>>,
    Segments(project): Segments<String>,
    Parameters(size): Parameters<Size>,
) -> Result<Json<Board>, Failure> {
    let request = ShowBoard { project: ProjectRef::Name(project), limit: page_length(size.limit)? };
    Ok(Json(items::show_board(&api.host, &request).await?))
}

/// Show how far the backlog of a project is
#[utoipa::path(
    get,
    path = "/projects/{project}/backlog",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project")),
    responses((status = 200, body = BacklogSummary))
)]
async fn show_backlog(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<BacklogSummary>, Failure> {
    Ok(Json(items::summarize(&api.host, &SummarizeItems { project: ProjectRef::Name(project) }).await?))
}

/// Show what waits for what in the backlog of a project, with every item
#[utoipa::path(
    get,
    path = "/projects/{project}/graph",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project")),
    responses((status = 200, body = BacklogGraph))
)]
async fn show_graph(State(api): State<Arc<Api>>, Segments(project): Segments<String>) -> Result<Json<BacklogGraph>, Failure> {
    Ok(Json(items::graph(&api.host, &ShowGraph { project: ProjectRef::Name(project) }).await?))
}

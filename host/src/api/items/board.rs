//! The board of a project over HTTP.

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
    items::{self, Board, ShowBoard},
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
    OpenApiRouter::new().routes(routes!(show_board))
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

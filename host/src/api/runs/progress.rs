//! What a run is doing and what happened in it, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{Api, extract::Segments, failure::Failure};
use crate::operations::execution::{self, Snapshot};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(show_progress))
}

/// Show who is at work on what in a run
#[utoipa::path(
    get,
    path = "/runs/{run}/progress",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Snapshot))
)]
async fn show_progress(State(api): State<Arc<Api>>, Segments(run): Segments<String>) -> Result<Json<Snapshot>, Failure> {
    Ok(Json(execution::load_snapshot(&api.host, &run).await?))
}

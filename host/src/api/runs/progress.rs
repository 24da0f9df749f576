//! What a run is doing and what happened in it, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Api,
    extract::{Caller, Segments},
    failure::Failure,
};
use crate::operations::execution::{self, Outcome, RunContinuation, RunId, Snapshot, TreeStatus};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(show_continuation))
        .routes(routes!(show_tree_status))
        .routes(routes!(show_outcome))
        .routes(routes!(show_progress))
}

/// Show how a run continues, if it cannot by itself
#[utoipa::path(
    get,
    path = "/runs/{run}/continuation",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = RunContinuation))
)]
async fn show_continuation(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
) -> Result<Json<RunContinuation>, Failure> {
    Ok(Json(execution::continuation_for(&api.host, &caller, &run).await?))
}

/// Show how the tree under a run stands, with the questions that wait for an answer
#[utoipa::path(
    get,
    path = "/runs/{run}/status",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = TreeStatus))
)]
async fn show_tree_status(State(api): State<Arc<Api>>, Segments(run): Segments<RunId>) -> Result<Json<TreeStatus>, Failure> {
    Ok(Json(execution::tree_status(&api.host, &run).await?))
}

/// Show how the tree under a run stands once nothing in it can continue
#[utoipa::path(
    get,
    path = "/runs/{run}/outcome",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Outcome))
)]
async fn show_outcome(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<RunId>,
) -> Result<Json<Outcome>, Failure> {
    Ok(Json(execution::outcome_for(&api.host, &caller, &run).await?))
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

//! The work on an item over HTTP: started, shown, paused, resumed and stopped.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        Api,
        begun::Begun,
        extract::{Caller, Input, Segments},
        failure::Failure,
    },
    item_of,
};
use crate::operations::{
    Dollars,
    execution::{RunOptions, StartedRun},
    items::{self, ItemWork, ShowItem, StartItem, WorkChange},
};

/// What is chosen for the run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkOptions {
    /// The model to use instead of those of the settings: `provider/model` or an alias.
    #[serde(default)]
    model: Option<String>,
    /// What the run may spend on models, with all that it starts.
    #[serde(default)]
    budget_usd: Option<Dollars>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(pause)).routes(routes!(resume)).routes(routes!(start)).routes(routes!(status)).routes(routes!(stop))
}

/// Start the work on an item: a sprint for it alone
#[utoipa::path(
    post,
    path = "/projects/{project}/items/{item}/start",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    request_body = WorkOptions,
    responses((status = 202, body = StartedRun, headers(("location" = String, description = "The path of the run"))))
)]
async fn start(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
    Input(WorkOptions { model, budget_usd }): Input<WorkOptions>,
) -> Result<Begun<StartedRun>, Failure> {
    let ShowItem { project, key } = item_of(segments);
    let request = StartItem { project, key, options: RunOptions { model, budget_usd } };
    let started = items::start(&api.host, &caller, &request).await?;
    Ok(Begun::at(format!("/runs/{}", started.run), started))
}

/// Show what is done on an item now
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/status",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 200, body = ItemWork))
)]
async fn status(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
) -> Result<Json<ItemWork>, Failure> {
    Ok(Json(items::work(&api.host, &caller, &item_of(segments)).await?))
}

/// Stop the work on an item. Its runs may clean up before they end
#[utoipa::path(
    post,
    path = "/projects/{project}/items/{item}/stop",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 202, body = WorkChange))
)]
async fn stop(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
) -> Result<(StatusCode, Json<WorkChange>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(items::stop(&api.host, &caller.actor, &item_of(segments)).await?)))
}

/// Pause the work on an item until it is resumed
#[utoipa::path(
    post,
    path = "/projects/{project}/items/{item}/pause",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 202, body = WorkChange))
)]
async fn pause(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
) -> Result<(StatusCode, Json<WorkChange>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(items::pause(&api.host, &caller.actor, &item_of(segments)).await?)))
}

/// Resume the work on an item that is paused
#[utoipa::path(
    post,
    path = "/projects/{project}/items/{item}/resume",
    tag = "items",
    params(("project" = String, Path, description = "The id or name of the project"), ("item" = String, Path, description = "Its key")),
    responses((status = 202, body = WorkChange))
)]
async fn resume(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(segments): Segments<(String, String)>,
) -> Result<(StatusCode, Json<WorkChange>), Failure> {
    Ok((StatusCode::ACCEPTED, Json(items::resume(&api.host, &caller.actor, &item_of(segments)).await?)))
}

//! What the host is doing with runs, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Paging, Parameters},
    failure::Failure,
};
use crate::operations::{
    Page,
    orchestrator::{self, ListQueue, Orchestrator, QueuedRun},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(show_queue)).routes(routes!(trigger))
}

/// Which part of the queue is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only runs of this project, by its id or name.
    project: Option<String>,
}

/// Show how many runs the host executes, and how many are queued, waiting and paused
#[utoipa::path(get, path = "/orchestrator", tag = "orchestrator", responses((status = 200, body = Orchestrator)))]
async fn show(State(api): State<Arc<Api>>, Caller(caller): Caller) -> Result<Json<Orchestrator>, Failure> {
    Ok(Json(orchestrator::load(&api.host, &caller).await?))
}

/// List the queued runs in the order in which they are executed, each with the reason why it waits
#[utoipa::path(
    get,
    path = "/orchestrator/queue",
    tag = "orchestrator",
    params(Filter, Paging),
    responses((status = 200, body = Page<QueuedRun>))
)]
async fn show_queue(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<QueuedRun>>, Failure> {
    let request = ListQueue { project: filter.project, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(orchestrator::list_queue(&api.host, &caller, &request).await?))
}

/// Look at once for work, and for what runs wait for
#[utoipa::path(post, path = "/orchestrator/trigger", tag = "orchestrator", responses((status = 200, body = Orchestrator)))]
async fn trigger(State(api): State<Arc<Api>>, Caller(caller): Caller) -> Result<Json<Orchestrator>, Failure> {
    Ok(Json(orchestrator::trigger(&api.host, &caller).await?))
}

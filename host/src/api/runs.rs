//! Runs over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    runs::{self, ListRuns, Run, RunSummary, StateWord},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// Which runs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Also runs that other runs started.
    #[serde(default)]
    all: bool,
    /// Only those of this project, by its id or name.
    project: Option<String>,
    /// Only those of this plugin.
    plugin: Option<String>,
    /// Only those in this state.
    state: Option<StateWord>,
}

/// List runs, newest first
#[utoipa::path(get, path = "/runs", tag = "runs", params(Filter, Paging), responses((status = 200, body = Page<RunSummary>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<RunSummary>>, Failure> {
    let request = ListRuns {
        all: filter.all,
        project: filter.project,
        plugin: filter.plugin,
        states: filter.state.into_iter().collect(),
        cursor: paging.cursor().map(str::to_owned),
        limit: paging.limit()?,
        ..ListRuns::default()
    };
    Ok(Json(runs::list_for(&api.host, &caller, &request).await?))
}

/// Show a run
#[utoipa::path(
    get,
    path = "/runs/{run}",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Run))
)]
async fn show(State(api): State<Arc<Api>>, Segments(run): Segments<String>) -> Result<Json<Run>, Failure> {
    Ok(Json(runs::find(&api.host, &run).await?))
}

//! What commands of runs printed, over HTTP: listed over all runs. One is downloaded below its run.

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
    runs::{self, ExecutedCommand, ListArtifacts, RunId},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Whose outputs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Scope {
    /// Only those of this project, by its id or name.
    project: Option<String>,
    /// Only those of this run and of those below it, by its id.
    run: Option<RunId>,
    /// Only those of runs for the item with this key.
    item: Option<String>,
}

/// List the commands whose output is kept, the newest first
///
/// `/runs/{run}/commands/{call}` gives the output of one. A page may have fewer than `limit`, or none, and still have a `next`.
#[utoipa::path(get, path = "/artifacts", tag = "artifacts", params(Scope, Paging), responses((status = 200, body = Page<ExecutedCommand>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(scope): Parameters<Scope>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ExecutedCommand>>, Failure> {
    let Scope { project, run, item } = scope;
    let request = ListArtifacts { project, run, item, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(runs::list_artifacts(&api.host, &caller, &request).await?))
}

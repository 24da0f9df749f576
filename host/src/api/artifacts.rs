//! What commands of runs printed, over HTTP: listed over all runs. One is downloaded below its run.

use std::sync::Arc;

use axum::{Json, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    events::Scope,
    extract::{Caller, Paging, Parameters},
    failure::Failure,
};
use crate::operations::{
    Page,
    events::BrowseEvents,
    runs::{self, ExecutedCommand},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list))
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
    let (cursor, limit) = (paging.cursor().map(str::to_owned), paging.limit()?);
    let request = BrowseEvents { project, run, item, cursor, limit, ..BrowseEvents::default() };
    Ok(Json(runs::list_artifacts(&api.host, &caller, &request).await?))
}

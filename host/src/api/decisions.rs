//! What was decided without a person, over HTTP.

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
    decisions::{self, BrowseDecisions, Decision},
    runs::RunId,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which decisions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those of this project, by its id or name.
    project: Option<String>,
    /// Only those of this run and of those below it, by its id.
    run: Option<RunId>,
}

/// List what was decided without a person, newest first
#[utoipa::path(get, path = "/decisions", tag = "decisions", params(Filter, Paging), responses((status = 200, body = Page<Decision>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Decision>>, Failure> {
    let (cursor, limit) = (paging.cursor().map(str::to_owned), paging.limit()?);
    let request = BrowseDecisions { run: filter.run, project: filter.project, cursor, limit };
    Ok(Json(decisions::list_for(&api.host, &caller, &request).await?))
}

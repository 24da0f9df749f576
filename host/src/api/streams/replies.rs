//! What models are writing, for a client that missed some of it.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    api::{
        Api,
        extract::{Caller, Segments},
        failure::Failure,
    },
    operations::{Page, streams::ReplySoFar},
};

/// List the replies that models are writing for a run
///
/// Those of the run and of the runs below it, as far as they are written. The frames `run.token` of a stream continue them.
#[utoipa::path(
    get,
    path = "/runs/{run}/replies",
    tag = "runs",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, body = Page<ReplySoFar>))
)]
pub(in crate::api) async fn list_replies(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(run): Segments<String>,
) -> Result<Json<Page<ReplySoFar>>, Failure> {
    Ok(Json(Page::whole(api.hub.list_replies(&caller, &run).await?)))
}

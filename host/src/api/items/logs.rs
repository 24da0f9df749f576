//! What happened for an item, and what the commands for it printed, over HTTP.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        Api,
        extract::{Paging, Parameters, Segments},
        failure::Failure,
    },
    item_of,
};
use crate::operations::{
    Moment, Page,
    events::{Event, EventLevel},
    items::{self, ListItemLogs, ShowItem},
    runs::ExecutedCommand,
};

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those that ask for as much attention, or more.
    level: Option<EventLevel>,
    /// Only those from then on.
    since: Option<Moment>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(logs)).routes(routes!(artifacts)).routes(routes!(download_artifact))
}

/// List what happened in the runs for an item, the oldest first
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/logs",
    tag = "items",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("item" = String, Path, description = "Its key"),
        Filter,
        Paging
    ),
    responses((status = 200, body = Page<Event>))
)]
async fn logs(
    State(api): State<Arc<Api>>,
    Segments(segments): Segments<(String, String)>,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Event>>, Failure> {
    let ShowItem { project, key } = item_of(segments);
    let Filter { level, since } = filter;
    let request = ListItemLogs { project, key, level, since, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(items::logs(&api.host, &request).await?))
}

/// List the commands that runs for an item executed, whose output can be downloaded
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/artifacts",
    tag = "items",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("item" = String, Path, description = "Its key"),
        Paging
    ),
    responses((status = 200, body = Page<ExecutedCommand>))
)]
async fn artifacts(
    State(api): State<Arc<Api>>,
    Segments(segments): Segments<(String, String)>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ExecutedCommand>>, Failure> {
    let commands = items::artifacts(&api.host, &item_of(segments)).await?;
    let key = |command: &ExecutedCommand| format!("{}.{}", command.run, command.seq);
    Ok(Json(Page::cut(commands, key, paging.cursor(), paging.limit()?)?))
}

/// Download what a command printed
#[utoipa::path(
    get,
    path = "/projects/{project}/items/{item}/artifacts/{run}/{call}",
    tag = "items",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("item" = String, Path, description = "Its key"),
        ("run" = String, Path, description = "The run that executed the command"),
        ("call" = u64, Path, description = "The call that did, `seq` in the list")
    ),
    responses((status = 200, description = "The whole output.", body = String, content_type = "text/plain"))
)]
async fn download_artifact(
    State(api): State<Arc<Api>>,
    Segments((project, item, run, call)): Segments<(String, String, String, u64)>,
) -> Result<([(HeaderName, String); 2], String), Failure> {
    let printed = items::artifact(&api.host, &item_of((project, item)), &run, call).await?;
    // What commands print is nothing that a browser shows.
    let disposition = format!("attachment; filename=\"output-{call}.txt\"");
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, printed))
}

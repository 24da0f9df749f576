//! Tools that plugins can be granted, over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    extract::{Caller, Input, Paging, Parameters, words},
    failure::Failure,
};
use crate::operations::{
    Page,
    tools::{self, ApproveTools, ListTools, ToolApproval, ToolSet},
};

/// Which tools are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those of this MCP server or toolbox; `host` for the host's own.
    set: Option<String>,
    /// Only those of these, with commas between them.
    sets: Option<String>,
}

/// The tools to approve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToolsToApprove {
    /// Names such as `web.search`, or patterns such as `web.*`.
    tools: Vec<String>,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(approve))
}

/// List tools as they are now
#[utoipa::path(get, path = "/tools", tag = "tools", params(Filter, Paging), responses((status = 200, body = Page<ToolSet>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ToolSet>>, Failure> {
    let sets: Vec<String> = words("sets", filter.sets.as_deref())?;
    let all = tools::list(&api.host, &ListTools { sets: filter.set.into_iter().chain(sets).collect() }).await?.items;
    Ok(Json(Page::cut(all, |set| set.name.clone(), paging.cursor(), paging.limit()?)?))
}

/// Approve the present form of tools that changed since they were granted
#[utoipa::path(
    post,
    path = "/tools/approve",
    tag = "tools",
    request_body = ToolsToApprove,
    responses((status = 200, body = Page<ToolApproval>))
)]
async fn approve(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Input(given): Input<ToolsToApprove>,
) -> Result<Json<Page<ToolApproval>>, Failure> {
    Ok(Json(tools::approve(&api.host, &caller.actor, &ApproveTools { tools: given.tools }).await?))
}

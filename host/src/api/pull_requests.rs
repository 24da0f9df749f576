//! The pull requests of a project over HTTP, wherever they are kept.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, ROOT,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    projects::ProjectRef,
    pull_requests::{
        self, ChangedPullRequest, ClosePullRequest, ListPullRequests, MergeMethod, MergePullRequest, PullRequest, PullRequestSummary,
        ReviewPullRequest, ReviewVerdict, ShowPullRequest,
    },
};

/// Which pull requests are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Also those that were merged or closed.
    #[serde(default)]
    all: bool,
}

/// What is wanted of a pull request.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Parts {
    /// Also what it changes, a unified diff.
    #[serde(default)]
    diff: bool,
}

/// What is written about a pull request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Remark {
    /// Markdown.
    #[schema(min_length = 1, max_length = 65536)]
    text: String,
}

/// How a pull request is merged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Merging {
    /// How a forge that merges itself makes the commit.
    #[serde(default)]
    method: MergeMethod,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    let own = OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(comment));
    own.routes(routes!(request_changes)).routes(routes!(merge)).routes(routes!(close))
}

/// List pull requests, by number
#[utoipa::path(
    get,
    path = "/projects/{project}/pull-requests",
    tag = "pull-requests",
    params(("project" = String, Path, description = "The id or name of the project"), Filter, Paging),
    responses((status = 200, body = Page<PullRequestSummary>))
)]
async fn list(
    State(api): State<Arc<Api>>,
    Segments(project): Segments<String>,
    Parameters(filter): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<PullRequestSummary>>, Failure> {
    let (project, cursor) = (ProjectRef::Name(project), paging.cursor().map(str::to_owned));
    let request = ListPullRequests { project, all: filter.all, cursor, limit: paging.limit()? };
    Ok(Json(pull_requests::list(&api.host, &request).await?))
}

/// Show a pull request with its checks and reviews
#[utoipa::path(
    get,
    path = "/projects/{project}/pull-requests/{number}",
    tag = "pull-requests",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("number" = u64, Path, description = "Its number"),
        Parts
    ),
    responses((status = 200, body = PullRequest))
)]
async fn show(
    State(api): State<Arc<Api>>,
    Segments((project, number)): Segments<(String, u64)>,
    Parameters(parts): Parameters<Parts>,
) -> Result<Json<PullRequest>, Failure> {
    let request = ShowPullRequest { project: ProjectRef::Name(project), number, diff: parts.diff };
    Ok(Json(pull_requests::show(&api.host, &request).await?))
}

/// Write a comment about a pull request
#[utoipa::path(
    post,
    path = "/projects/{project}/pull-requests/{number}/comment",
    tag = "pull-requests",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("number" = u64, Path, description = "Its number")
    ),
    request_body = Remark,
    responses((status = 200, body = PullRequest))
)]
async fn comment(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, number)): Segments<(String, u64)>,
    Input(Remark { text }): Input<Remark>,
) -> Result<Json<PullRequest>, Failure> {
    let request = ReviewPullRequest { project: ProjectRef::Name(project), number, verdict: ReviewVerdict::Comment, text };
    Ok(Json(pull_requests::review(&api.host, &caller.actor, &request).await?))
}

/// Request changes of a pull request
#[utoipa::path(
    post,
    path = "/projects/{project}/pull-requests/{number}/request-changes",
    tag = "pull-requests",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("number" = u64, Path, description = "Its number")
    ),
    request_body = Remark,
    responses((status = 200, body = PullRequest))
)]
async fn request_changes(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, number)): Segments<(String, u64)>,
    Input(Remark { text }): Input<Remark>,
) -> Result<Json<PullRequest>, Failure> {
    let request = ReviewPullRequest { project: ProjectRef::Name(project), number, verdict: ReviewVerdict::RequestChanges, text };
    Ok(Json(pull_requests::review(&api.host, &caller.actor, &request).await?))
}

/// Merge a pull request. One of a story is landed by a run
#[utoipa::path(
    post,
    path = "/projects/{project}/pull-requests/{number}/merge",
    tag = "pull-requests",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("number" = u64, Path, description = "Its number")
    ),
    request_body = Merging,
    responses(
        (status = 200, body = ChangedPullRequest),
        (
            status = 202,
            description = "A run lands it.",
            body = ChangedPullRequest,
            headers(("location" = String, description = "The path of the run"))
        )
    )
)]
async fn merge(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, number)): Segments<(String, u64)>,
    Input(Merging { method }): Input<Merging>,
) -> Result<Response, Failure> {
    let request = MergePullRequest { project: ProjectRef::Name(project), number, method };
    let changed = pull_requests::merge(&api.host, &caller.actor, &request).await?;
    Ok(match &changed.run {
        Some(run) => (StatusCode::ACCEPTED, [(header::LOCATION, format!("{ROOT}/runs/{run}"))], Json(changed)).into_response(),
        None => Json(changed).into_response(),
    })
}

/// Close a pull request without merging it. Its branch stays
#[utoipa::path(
    post,
    path = "/projects/{project}/pull-requests/{number}/close",
    tag = "pull-requests",
    params(
        ("project" = String, Path, description = "The id or name of the project"),
        ("number" = u64, Path, description = "Its number")
    ),
    responses((status = 200, body = ChangedPullRequest))
)]
async fn close(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, number)): Segments<(String, u64)>,
) -> Result<Json<ChangedPullRequest>, Failure> {
    let request = ClosePullRequest { project: ProjectRef::Name(project), number };
    Ok(Json(pull_requests::close(&api.host, &caller.actor, &request).await?))
}

//! Pull requests listed, a page at a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Page, Problem, ProjectRef, PullRequestSummary, Request, forge_of};
use crate::operations::reject_cursor;

/// Which pull requests to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListPullRequests {
    /// The project.
    pub project: ProjectRef,
    /// Also those that were merged or closed.
    #[serde(default)]
    pub all: bool,
    /// Only those after a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// Pull requests by number.
pub async fn list(host: &Host, request: &ListPullRequests) -> Result<Page<PullRequestSummary>, Problem> {
    let behind = request.cursor.as_deref().map(read_cursor).transpose()?;
    let project = request.project.find(host).await?;
    let of = Request::reading();
    let found = forge_of(host, &project)?.list(of.place(&project)?, request.all).await?;
    let mut wanted = found.into_iter().filter(|(summary, _)| behind.is_none_or(|behind| summary.number > behind)).peekable();
    let items: Vec<_> = wanted.by_ref().take(request.limit as usize).map(PullRequestSummary::from).collect();
    let next = items.last().filter(|_| wanted.peek().is_some()).map(|last| last.number.to_string());
    Ok(Page { items, next })
}

fn read_cursor(cursor: &str) -> Result<u64, Problem> {
    cursor.parse().map_err(|_| reject_cursor())
}

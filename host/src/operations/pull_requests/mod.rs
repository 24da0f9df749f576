//! The pull requests of a project: listed, shown, reviewed, merged and closed, wherever they are. Judges none.

mod change;
mod land;
mod list;
mod show;
mod view;

use std::sync::Arc;

use utoipa::OpenApi;

use super::{
    Host, Page, Problem, ProblemKind, ProblemSource,
    projects::{ProjectLocation, ProjectRef},
};
use crate::{
    actor::Actor,
    interfaces::forge::{self, Forge},
};

pub use change::{ClosePullRequest, MergePullRequest, ReviewPullRequest, close, merge, review};
pub use land::read_landing;
pub use list::{ListPullRequests, list};
pub(in crate::operations) use show::of_branch;
pub use show::{ShowPullRequest, show};
pub use view::{
    ChangedPullRequest, Check, CheckProgress, MergeMethod, Mergeable, PullRequest, PullRequestState, PullRequestSummary, Review,
    ReviewVerdict,
};

/// The forge of a project.
fn forge_of(host: &Host, project: &ProjectLocation) -> Result<Arc<dyn Forge>, Problem> {
    host.app
        .forges
        .of(project.identity())
        .map_err(|error| Problem::new(ProblemKind::Unavailable, "forge_token_missing", error.reason, ProblemSource::Host))
}

/// By which a forge knows one request from another, and on whose behalf it is made.
struct Request {
    key: String,
    author: String,
}

impl Request {
    fn of(actor: &Actor) -> Self {
        Self { key: format!("person:{}", uuid::Uuid::now_v7()), author: actor.name.clone() }
    }

    /// One that changes nothing, whoever makes it.
    fn reading() -> Self {
        Self { key: format!("reading:{}", uuid::Uuid::now_v7()), author: String::new() }
    }

    fn place<'a>(&'a self, project: &'a ProjectLocation) -> Result<forge::PullRequestContext<'a>, Problem> {
        Ok(forge::PullRequestContext {
            project: project.id(),
            folder: project.folder()?,
            author: &self.author,
            key: &self.key,
            again: false,
        })
    }
}

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(PullRequest, Page<PullRequestSummary>, ChangedPullRequest)))]
pub(super) struct Views;

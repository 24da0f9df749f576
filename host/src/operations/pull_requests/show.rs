//! One pull request, with what it changes where that is asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Problem, ProblemKind, ProblemSource, ProjectRef, PullRequest, Request, forge_of};
use crate::actor::Actor;

/// Which pull request to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowPullRequest {
    /// The project.
    pub project: ProjectRef,
    /// Its number.
    pub number: u64,
    /// Also what it changes, read from the repository in the project's folder.
    #[serde(default)]
    pub diff: bool,
}

/// A pull request as it is now.
pub async fn show(host: &Host, actor: &Actor, request: &ShowPullRequest) -> Result<PullRequest, Problem> {
    let project = request.project.find(host).await?;
    let of = Request::of(actor);
    let found = forge_of(host, &project)?.get(of.place(&project)?, request.number).await?;
    let diff = match request.diff {
        true => Some(host.app.forges.repository().diff(project.folder()?, &found).await.map_err(no_diff)?),
        false => None,
    };
    Ok(PullRequest { diff, ..PullRequest::from(found) })
}

fn no_diff(reason: String) -> Problem {
    Problem::new(ProblemKind::Unavailable, "diff_unavailable", reason, ProblemSource::Host)
}

//! One pull request, with what it changes where that is asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Problem, ProblemKind, ProblemSource, ProjectLocation, ProjectRef, PullRequest, Request, forge_of};

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
pub async fn show(host: &Host, request: &ShowPullRequest) -> Result<PullRequest, Problem> {
    let project = request.project.find(host).await?;
    let of = Request::reading();
    let found = forge_of(host, &project)?.get(of.place(&project)?, request.number).await?;
    let diff = match request.diff {
        true => Some(host.app.forges.repository().diff(project.folder()?, &found).await.map_err(no_diff)?),
        false => None,
    };
    Ok(PullRequest { diff, ..PullRequest::from(found) })
}

/// The newest pull request of a branch, if there is one.
pub(in crate::operations) async fn of_branch(host: &Host, project: &ProjectLocation, branch: &str) -> Result<Option<PullRequest>, Problem> {
    let (forge, of) = (forge_of(host, project)?, Request::reading());
    let listed = forge.list(of.place(project)?, true).await?;
    match listed.into_iter().rev().find(|(summary, _)| summary.branch == branch) {
        Some((summary, _)) => Ok(Some(forge.get(of.place(project)?, summary.number).await?.into())),
        None => Ok(None),
    }
}

fn no_diff(reason: String) -> Problem {
    Problem::new(ProblemKind::Unavailable, "diff_unavailable", reason, ProblemSource::Host)
}

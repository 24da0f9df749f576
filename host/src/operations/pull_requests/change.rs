//! A pull request merged or closed. A story's is landed by a run; another is merged by its forge.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ChangedPullRequest, Host, MergeMethod, Problem, ProjectRef, PullRequest, PullRequestState, Request, ReviewVerdict, forge_of, land,
};
use crate::{
    actor::Actor,
    interfaces::forge::{self, Landing, State},
};

/// Bytes of the longest review.
const LONGEST_TEXT: usize = 64 << 10;

/// A pull request to merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergePullRequest {
    /// The project.
    pub project: ProjectRef,
    /// Its number.
    pub number: u64,
    /// How a forge that merges itself makes the commit.
    #[serde(default)]
    pub method: MergeMethod,
}

/// A pull request to close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosePullRequest {
    /// The project.
    pub project: ProjectRef,
    /// Its number.
    pub number: u64,
}

/// What to write about a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewPullRequest {
    /// The project.
    pub project: ProjectRef,
    /// Its number.
    pub number: u64,
    /// What the reviewer decided.
    pub verdict: ReviewVerdict,
    /// What the reviewer wrote, Markdown.
    pub text: String,
}

/// Writes a review or a comment, on behalf of whoever acts; gives the pull request as it is then.
pub async fn review(host: &Host, actor: &Actor, request: &ReviewPullRequest) -> Result<PullRequest, Problem> {
    let ReviewPullRequest { number, verdict, text, .. } = request;
    if text.trim().is_empty() || text.len() > LONGEST_TEXT {
        return Err(Problem::invalid("text_invalid", "text", format!("The text has to have 1 to {LONGEST_TEXT} bytes.")));
    }
    let project = request.project.find(host).await?;
    let (forge, of) = (forge_of(host, &project)?, Request::of(actor));
    forge.review(of.place(&project)?, *number, (*verdict).into(), text).await?;
    Ok(forge.get(of.place(&project)?, *number).await?.into())
}

/// Merges a pull request: one of a story in review by a run that lands it, which [`super::read_landing`] tells the end of;
/// another local one by marking what git has merged; one on GitHub by asking GitHub.
pub async fn merge(host: &Host, actor: &Actor, request: &MergePullRequest) -> Result<ChangedPullRequest, Problem> {
    let project = request.project.find(host).await?;
    let (forge, of) = (forge_of(host, &project)?, Request::of(actor));
    let found = forge.get(of.place(&project)?, request.number).await?;
    check_unmerged(&found)?;
    let head = found.head.clone().ok_or_else(|| without_head(request.number))?;
    if let Some(story) = land::story_to_land(host, &project, &found).await? {
        let run = land::start(host, actor, &project, &found, &story).await?;
        return Ok(ChangedPullRequest { number: request.number, state: PullRequestState::Open, merge_commit: None, run: Some(run) });
    }
    let landing = Landing { head, method: request.method.into(), commit: None };
    let commit = forge.merge(of.place(&project)?, request.number, &landing).await?;
    Ok(ChangedPullRequest::merged(request.number, commit, None))
}

/// Closes a pull request without merging it; its branch stays.
pub async fn close(host: &Host, actor: &Actor, request: &ClosePullRequest) -> Result<ChangedPullRequest, Problem> {
    let project = request.project.find(host).await?;
    let of = Request::of(actor);
    forge_of(host, &project)?.close(of.place(&project)?, request.number).await?;
    Ok(ChangedPullRequest { number: request.number, state: PullRequestState::Closed, merge_commit: None, run: None })
}

fn check_unmerged(found: &forge::PullRequest) -> Result<(), Problem> {
    let (State::Merged, Some(commit)) = (found.state, &found.merge_commit) else { return Ok(()) };
    let commit: String = commit.chars().take(12).collect();
    let message = format!("Pull request {} is already merged, by {commit}.", found.number);
    Err(Problem::conflict("pull_request_merged", message).of_field("number"))
}

fn without_head(number: u64) -> Problem {
    let message = format!("The last commit of pull request {number} is not known.");
    let problem = Problem::invalid("pull_request_invalid", "number", message);
    problem.advise("Name the directory of the project's repository with --workspace.")
}

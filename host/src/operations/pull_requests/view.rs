//! A pull request as every skin shows it. Knows no forge.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    interfaces::forge::{self, Method, Progress, State, Summary, Verdict},
    journal::RunId,
    operations::Moment,
};

/// A pull request in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PullRequestSummary {
    /// Its number in the project, from 1.
    pub number: u64,
    /// Whether it is open, merged or closed.
    pub state: PullRequestState,
    /// The branch to merge.
    pub branch: String,
    /// The branch to merge it into.
    pub into: String,
    /// One line.
    pub title: String,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PullRequest {
    /// What a list says of it.
    #[serde(flatten)]
    pub summary: PullRequestSummary,
    /// Markdown.
    pub body: String,
    /// The last commit of its branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The commit by which it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<String>,
    /// Whether it can be merged.
    pub mergeable: Mergeable,
    /// By name.
    pub checks: Vec<Check>,
    /// Oldest first.
    pub reviews: Vec<Review>,
    /// Where people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it changes, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// What became of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestState {
    /// It can be merged or closed.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without being merged.
    Closed,
}

/// Whether a branch can be merged as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mergeable {
    /// It can.
    Yes,
    /// Both branches changed the same lines.
    Conflicts,
    /// Not known, or not yet.
    Unknown,
}

/// A check of the last commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PullRequestCheck)]
pub struct Check {
    /// Such as `tests`.
    pub name: String,
    /// Whether it passed.
    pub progress: CheckProgress,
    /// One line.
    pub summary: String,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckProgress {
    /// It has no result yet.
    Pending,
    /// It passed.
    Passed,
    /// It failed.
    Failed,
}

/// A review of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// What the reviewer decided.
    pub verdict: ReviewVerdict,
    /// What the reviewer wrote.
    pub text: String,
    /// Who reviewed it.
    pub author: String,
    /// When.
    pub at: Moment,
}

/// What a reviewer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// It may be merged.
    Approve,
    /// It must change first.
    RequestChanges,
    /// Neither.
    Comment,
}

/// How a forge that merges itself makes the commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    /// With a merge commit.
    #[default]
    Merge,
    /// All commits as one.
    Squash,
    /// Every commit again.
    Rebase,
}

/// A pull request after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedPullRequest {
    /// Its number.
    pub number: u64,
    /// Its state now: still `open` while a run lands it.
    pub state: PullRequestState,
    /// The commit by which it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<String>,
    /// The run that lands it, or has landed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

impl ChangedPullRequest {
    pub(super) fn merged(number: u64, commit: String, run: Option<RunId>) -> Self {
        Self { number, state: PullRequestState::Merged, merge_commit: Some(commit), run }
    }
}

impl PullRequestState {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }
}

impl CheckProgress {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

impl ReviewVerdict {
    /// The words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::RequestChanges => "changes requested",
            Self::Comment => "commented",
        }
    }
}

impl From<(Summary, State)> for PullRequestSummary {
    fn from((Summary { number, branch, into, title }, state): (Summary, State)) -> Self {
        Self { number, state: state.into(), branch, into, title }
    }
}

impl From<forge::PullRequest> for PullRequest {
    fn from(found: forge::PullRequest) -> Self {
        let forge::PullRequest { number, proposal, state, head, merge_commit, mergeable, checks, reviews, address } = found;
        let forge::Proposal { branch, into, title, body } = proposal;
        Self {
            summary: PullRequestSummary { number, state: state.into(), branch, into, title },
            body,
            head,
            merge_commit,
            mergeable: mergeable.into(),
            checks: checks.into_iter().map(Check::from).collect(),
            reviews: reviews.into_iter().map(Review::from).collect(),
            url: address,
            diff: None,
        }
    }
}

impl From<State> for PullRequestState {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Merged => Self::Merged,
            State::Closed => Self::Closed,
        }
    }
}

impl From<forge::Mergeable> for Mergeable {
    fn from(mergeable: forge::Mergeable) -> Self {
        match mergeable {
            forge::Mergeable::Yes => Self::Yes,
            forge::Mergeable::Conflicts => Self::Conflicts,
            forge::Mergeable::Unknown => Self::Unknown,
        }
    }
}

impl From<forge::Check> for Check {
    fn from(forge::Check { name, progress, summary }: forge::Check) -> Self {
        let progress = match progress {
            Progress::Pending => CheckProgress::Pending,
            Progress::Passed => CheckProgress::Passed,
            Progress::Failed => CheckProgress::Failed,
        };
        Self { name, progress, summary }
    }
}

impl From<forge::Review> for Review {
    fn from(forge::Review { verdict, text, author, at }: forge::Review) -> Self {
        let verdict = match verdict {
            Verdict::Approve => ReviewVerdict::Approve,
            Verdict::RequestChanges => ReviewVerdict::RequestChanges,
            Verdict::Comment => ReviewVerdict::Comment,
        };
        Self { verdict, text, author, at: Moment(at) }
    }
}

impl From<ReviewVerdict> for Verdict {
    fn from(verdict: ReviewVerdict) -> Self {
        match verdict {
            ReviewVerdict::Approve => Self::Approve,
            ReviewVerdict::RequestChanges => Self::RequestChanges,
            ReviewVerdict::Comment => Self::Comment,
        }
    }
}

impl From<MergeMethod> for Method {
    fn from(method: MergeMethod) -> Self {
        match method {
            MergeMethod::Merge => Self::Merge,
            MergeMethod::Squash => Self::Squash,
            MergeMethod::Rebase => Self::Rebase,
        }
    }
}

//! What GitHub says, as a pull request. Asks nothing.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{Check, Mergeable, Progress, Proposal, PullRequest, Repository, Review, State, Verdict},
    marker::{self, Marker},
};

/// Everything about one pull request, in one question.
const QUERY: &str = "query($owner:String!,$name:String!,$number:Int!){repository(owner:$owner,name:$name){pullRequest(number:$number){\
    number title body url state mergeable headRefName headRefOid baseRefName mergeCommit{oid}\
    reviews(last:100){nodes{state body submittedAt viewerDidAuthor author{login}}}\
    comments(last:100){nodes{body createdAt viewerDidAuthor author{login}}}\
    commits(last:1){nodes{commit{statusCheckRollup{contexts(first:100){nodes{__typename \
    ...on CheckRun{name status conclusion title} ...on StatusContext{context state description}}}}}}}}}}";

/// The question for one.
pub(super) fn query(repository: &Repository, number: u32) -> Value {
    json!({ "query": QUERY, "variables": { "owner": repository.owner, "name": repository.name, "number": number } })
}

/// A pull request as the REST interface has it.
#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    state: String,
    #[serde(default)]
    merged_at: Option<String>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) head: End,
    pub(super) base: End,
}

/// One of its two ends.
#[derive(Debug, Deserialize)]
pub(super) struct End {
    #[serde(rename = "ref")]
    pub(super) branch: String,
    pub(super) sha: String,
}

impl Pull {
    pub(super) fn state(&self) -> State {
        match (self.state.as_str(), &self.merged_at) {
            (_, Some(_)) => State::Merged,
            ("open", None) => State::Open,
            _ => State::Closed,
        }
    }

    /// Whether the call of this key opened it.
    pub(super) fn was_opened_by(&self, key: &str) -> bool {
        self.body.as_deref().and_then(|body| marker::parted(body).1).is_some_and(|marker| marker.key == key)
    }
}

/// The answer to the question for one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequestDetails {
    number: u64,
    title: String,
    body: Option<String>,
    url: Option<String>,
    state: String,
    mergeable: Option<String>,
    head_ref_name: String,
    head_ref_oid: Option<String>,
    base_ref_name: String,
    merge_commit: Option<Commit>,
    reviews: Nodes<Written>,
    comments: Nodes<Written>,
    commits: Nodes<CommitNode>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    oid: String,
}

#[derive(Debug, Deserialize)]
struct Nodes<T> {
    #[serde(default = "Vec::new")]
    nodes: Vec<Option<T>>,
}

/// A review or a comment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    state: Option<String>,
    body: Option<String>,
    submitted_at: Option<String>,
    created_at: Option<String>,
    #[serde(default)]
    viewer_did_author: bool,
    author: Option<Author>,
}

#[derive(Debug, Deserialize)]
struct Author {
    login: String,
}

#[derive(Debug, Deserialize)]
struct CommitNode {
    commit: CommitChecks,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitChecks {
    status_check_rollup: Option<Rollup>,
}

#[derive(Debug, Deserialize)]
struct Rollup {
    contexts: Nodes<Context>,
}

/// A check run or a status.
#[derive(Debug, Deserialize)]
struct Context {
    name: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    title: Option<String>,
    context: Option<String>,
    state: Option<String>,
    description: Option<String>,
}

impl PullRequestDetails {
    /// Whether a review or comment was written by the call of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        let written = self.reviews.nodes.iter().chain(&self.comments.nodes).flatten();
        written.filter_map(Written::marker).any(|marker| marker.key == key)
    }
}

impl From<PullRequestDetails> for PullRequest {
    fn from(found: PullRequestDetails) -> Self {
        let reviews = found.reviews.nodes.iter().flatten().filter_map(Written::review);
        let comments = found.comments.nodes.iter().flatten().filter_map(Written::comment);
        let mut reviews: Vec<_> = reviews.chain(comments).collect();
        reviews.sort_by_key(|review| review.at);
        let rollup = found.commits.nodes.into_iter().flatten().filter_map(|node| node.commit.status_check_rollup);
        let mut checks: Vec<_> = rollup.flat_map(|rollup| rollup.contexts.nodes).flatten().filter_map(Context::check).collect();
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        let state = match found.state.as_str() {
            "OPEN" => State::Open,
            "MERGED" => State::Merged,
            _ => State::Closed,
        };
        let body = marker::parted(found.body.as_deref().unwrap_or_default()).0;
        Self {
            number: found.number,
            proposal: Proposal { branch: found.head_ref_name, into: found.base_ref_name, title: found.title, body },
            state,
            head: found.head_ref_oid,
            merge_commit: found.merge_commit.map(|commit| commit.oid),
            mergeable: match found.mergeable.as_deref() {
                Some("MERGEABLE") => Mergeable::Yes,
                Some("CONFLICTING") => Mergeable::Conflicts,
                _ => Mergeable::Unknown,
            },
            checks,
            reviews,
            address: found.url,
        }
    }
}

impl Written {
    /// Believed only where the same token wrote it: anyone may comment.
    fn marker(&self) -> Option<Marker> {
        marker::parted(self.body.as_deref()?).1.filter(|_| self.viewer_did_author)
    }

    fn review(&self) -> Option<Review> {
        let verdict = match self.state.as_deref()? {
            "APPROVED" => Verdict::Approve,
            "CHANGES_REQUESTED" => Verdict::RequestChanges,
            "COMMENTED" => Verdict::Comment,
            // Dismissed, or not sent yet.
            _ => return None,
        };
        let by = self.marker().and_then(|marker| marker.verdict).map(|(_, by)| by);
        Some(self.to_review(verdict, by))
    }

    /// A comment is a review where Baton wrote it as one: GitHub lets nobody review what they opened.
    fn comment(&self) -> Option<Review> {
        match self.marker().and_then(|marker| marker.verdict) {
            Some((verdict, by)) => Some(self.to_review(verdict, Some(by))),
            None => Some(self.to_review(Verdict::Comment, None)),
        }
    }

    fn to_review(&self, verdict: Verdict, by: Option<String>) -> Review {
        let text = self.body.as_deref().unwrap_or_default();
        let text = if self.viewer_did_author { marker::parted(text).0 } else { text.to_owned() };
        let author = by.or_else(|| self.author.as_ref().map(|author| author.login.clone()));
        let at = self.submitted_at.as_ref().or(self.created_at.as_ref()).and_then(|at| at.parse::<jiff::Timestamp>().ok());
        Review {
            verdict,
            text,
            author: author.unwrap_or_else(|| "ghost".to_owned()),
            at: at.and_then(|at| u64::try_from(at.as_millisecond()).ok()).unwrap_or(0),
        }
    }
}

impl Context {
    fn check(self) -> Option<Check> {
        if let Some(name) = self.context {
            let progress = match self.state.as_deref() {
                Some("SUCCESS") => Progress::Passed,
                Some("PENDING" | "EXPECTED") => Progress::Pending,
                _ => Progress::Failed,
            };
            return Some(Check { name, progress, summary: self.description.unwrap_or_default() });
        }
        let progress = match (self.status.as_deref(), self.conclusion.as_deref()) {
            (Some("COMPLETED"), Some("SUCCESS" | "NEUTRAL" | "SKIPPED")) => Progress::Passed,
            (Some("COMPLETED"), _) => Progress::Failed,
            _ => Progress::Pending,
        };
        Some(Check { name: self.name?, progress, summary: self.title.unwrap_or_default() })
    }
}

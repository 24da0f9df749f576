//! The story of an item: the runs that worked on it, what its tests and reviews said, what it cost and its pull request. Judges
//! none of it.

use baton_slots::{
    CODE_REVIEW, RUN_TESTS, code_review,
    run_tests::{self, outcome},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{Host, Problem};
use crate::{
    journal::RunId,
    kernel::{
        KernelError,
        run::{Filter, Run, State},
    },
    operations::{
        Moment,
        costs::{self, CostSum},
        projects::ProjectLocation,
        pull_requests::{self, PullRequest, ReviewVerdict},
        runs::{RunSummary, summarize},
    },
};

/// Runs for one item that are looked at, newest first.
const MOST_RUNS: u32 = 1_000;

/// What happened for an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemStory {
    /// The runs for it and those below them, oldest first.
    pub runs: Vec<RunSummary>,
    /// When its tests were run, and how they ended, oldest first.
    pub tests: Vec<ItemTests>,
    /// When it was reviewed, and what was found, oldest first.
    pub reviews: Vec<ItemReview>,
    /// What all of these runs cost.
    pub cost: CostSum,
    /// The newest pull request of its branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<PullRequest>,
    /// Why the pull request is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request_problem: Option<Problem>,
}

/// A run of an item's tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemTests {
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub at: Moment,
    /// Whether all tests passed.
    pub passed: bool,
    /// How it ended, in a word of the slot `run-tests`, such as `passed`, `failed` or `timed-out`.
    pub outcome: String,
    /// What was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// How many tests passed, failed and were skipped, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<TestCounts>,
    /// Whether they passed in a second run only.
    pub flaky: bool,
    /// How long they took, in milliseconds.
    pub took_ms: u64,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestCounts {
    /// They passed.
    pub passed: u32,
    /// They failed.
    pub failed: u32,
    /// They were not run.
    pub skipped: u32,
}

/// A review of an item's change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemReview {
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub at: Moment,
    /// What the reviewer decided.
    pub verdict: ReviewVerdict,
    /// In a sentence or two.
    pub summary: String,
    /// What was found, most severe first.
    pub findings: Vec<ReviewFinding>,
}

/// Something that a review found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewFinding {
    /// The file; may be empty.
    pub path: String,
    /// The line in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// Why; may be empty.
    pub why: String,
    /// Whether the item must not land with it.
    pub blocking: bool,
}

/// The story of an item on a branch.
pub(super) async fn load(host: &Host, project: &ProjectLocation, key: &str, branch: Option<&str>) -> Result<ItemStory, Problem> {
    let filter =
        Filter { projects: Some(vec![project.id().to_owned()]), item: Some(key.to_owned()), limit: MOST_RUNS, ..Filter::default() };
    let mut runs = host.app.kernel.runs().list(&filter).await.map_err(KernelError::from)?;
    runs.reverse();
    let (tests, reviews) = (tests(&runs), reviews(&runs));
    let (pull_request, pull_request_problem) = match branch {
        Some(branch) => match pull_requests::of_branch(host, project, branch).await {
            Ok(found) => (found, None),
            Err(problem) => (None, Some(problem)),
        },
        None => (None, None),
    };
    let runs = summarize(host, runs.into_iter().map(Into::into).collect()).await?;
    let cost = costs::of_item(host, project.id(), key).await?;
    Ok(ItemStory { runs, tests, reviews, cost, pull_request, pull_request_problem })
}

/// What runs in a slot answered.
fn answers<'a, T: DeserializeOwned>(runs: &'a [Run], slot: &'static str) -> impl Iterator<Item = (&'a Run, T)> {
    let fills = move |run: &&Run| run.slot.as_deref().unwrap_or(&run.plugin) == slot && run.state == State::Succeeded;
    runs.iter().filter(fills).filter_map(|run| Some((run, T::deserialize(run.output.as_ref()?).ok()?)))
}

fn tests(runs: &[Run]) -> Vec<ItemTests> {
    let ran = answers::<run_tests::Output>(runs, RUN_TESTS).filter(|(_, output)| output.ended() != outcome::NOT_RUN);
    let tests = ran.map(|(run, output)| ItemTests {
        run: run.id.clone(),
        at: Moment(run.updated_at),
        passed: output.passed,
        outcome: output.ended().to_owned(),
        counts: output.counts.map(|counts| TestCounts { passed: counts.passed, failed: counts.failed, skipped: counts.skipped }),
        flaky: output.flaky,
        took_ms: output.took_ms.into(),
        command: output.command,
    });
    tests.collect()
}

fn reviews(runs: &[Run]) -> Vec<ItemReview> {
    let reviews = answers::<code_review::Output>(runs, CODE_REVIEW).map(|(run, output)| ItemReview {
        run: run.id.clone(),
        at: Moment(run.updated_at),
        verdict: match output.verdict {
            code_review::Verdict::Approve => ReviewVerdict::Approve,
            code_review::Verdict::Changes => ReviewVerdict::RequestChanges,
        },
        summary: output.summary,
        findings: output.findings.into_iter().map(ReviewFinding::from).collect(),
    });
    reviews.collect()
}

impl From<code_review::Finding> for ReviewFinding {
    fn from(finding: code_review::Finding) -> Self {
        let blocking = finding.is_blocking();
        let code_review::Finding { path, line, what, why, .. } = finding;
        Self { path, line, what, why, blocking }
    }
}

//! Pull requests of the project: kept by the host, or on GitHub. What opens, reviews or merges one passes here.

use crate::Result;
use crate::imports::forge as host;

pub use host::{About, Check, Kind, Mergeable, Method, Opinion, Progress, Proposal, PullRequest, State, Summary, Verdict};

impl Proposal {
    /// That `branch` be merged into `into`.
    pub fn new(branch: impl Into<String>, into: impl Into<String>, title: impl Into<String>) -> Self {
        Self { branch: branch.into(), into: into.into(), title: title.into(), body: String::new() }
    }

    /// What people should know of it, in Markdown.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }
}

impl Check {
    /// How the check of this name stands.
    pub fn new(name: impl Into<String>, progress: Progress, summary: impl Into<String>) -> Self {
        Self { name: name.into(), progress, summary: summary.into() }
    }
}

impl PullRequest {
    /// Whether somebody approved it and nobody wanted changes after that; what the same author said last counts.
    pub fn is_approved(&self) -> bool {
        let decided = self.reviews.iter().filter(|review| review.verdict != Verdict::Comment);
        let latest: std::collections::BTreeMap<_, _> = decided.map(|review| (&review.author, review.verdict)).collect();
        !latest.is_empty() && latest.values().all(|verdict| *verdict == Verdict::Approve)
    }

    /// Whether there are checks, and all of them passed.
    pub fn is_green(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.progress == Progress::Passed)
    }
}

/// Which forge the project has, and whether runs may merge there.
pub fn about() -> Result<About> {
    Ok(host::about_forge()?)
}

/// Opens a pull request and returns its number. A branch that has an open one into the same branch keeps that as it is.
pub fn open(proposal: &Proposal) -> Result<u64> {
    Ok(host::open(proposal)?)
}

/// A pull request with its checks and reviews; `not-found` when there is none of this number.
pub fn get(number: u64) -> Result<PullRequest> {
    Ok(host::get(number)?)
}

/// Those that are open, by number.
pub fn all_open() -> Result<Vec<Summary>> {
    Ok(host::all_open()?)
}

/// Says what somebody who read it thinks; `conflict` when it is not open any more.
pub fn review(number: u64, verdict: Verdict, text: &str) -> Result<()> {
    Ok(host::review(number, verdict, text)?)
}

/// Says how a check of its last commit stands.
pub fn report(number: u64, check: &Check) -> Result<()> {
    Ok(host::report(number, check)?)
}

/// Merges, if its branch still ends with `head`, and returns the merge commit. A local one is marked
/// as merged by `commit`, which `git` made; without it the host looks for it. `denied` unless the operator lets runs merge.
pub fn merge(number: u64, head: &str, method: Method, commit: Option<&str>) -> Result<String> {
    Ok(host::merge(number, head, method, commit)?)
}

/// Closes it without merging. Closing what is closed is no error.
pub fn close(number: u64) -> Result<()> {
    Ok(host::close(number)?)
}

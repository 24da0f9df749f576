//! Pull requests of the project, kept by the host or on GitHub. Needs `pull-requests`.
//!
//! ```
//! use baton_sdk::{forge::Proposal, prelude::*};
//!
//! fn propose(branch: &str) -> Result<u32> {
//!     forge::open(&Proposal::new(branch, "main", "Add the parser"))
//! }
//! # let host = baton_sdk::testing::Host::new().with_repository().with_commit("parser", "a.rs", "");
//! # assert_eq!(host.inside(|| propose("parser")), Ok(1));
//! ```

use crate::Result;
use crate::imports::forge as host;

pub use host::{About, Check, Mergeable, Method, Opinion, Progress, Proposal, PullRequest, State, Summary, Verdict};

impl Proposal {
    /// Proposes to merge `branch` into `into`.
    pub fn new(branch: impl Into<String>, into: impl Into<String>, title: impl Into<String>) -> Self {
        Self { branch: branch.into(), into: into.into(), title: title.into(), body: String::new() }
    }

    /// Its description in Markdown.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }
}

impl Check {
    /// A check and its state.
    pub fn new(name: impl Into<String>, progress: Progress, summary: impl Into<String>) -> Self {
        Self { name: name.into(), progress, summary: summary.into() }
    }
}

impl PullRequest {
    /// Whether it has an approval and no request for changes. The last review of each author counts.
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

/// Describes the project's forge, and whether runs may merge there.
pub fn about() -> Result<About> {
    Ok(host::about_forge()?)
}

/// Opens a pull request and returns its number. If the branch already has an open one into the same branch, returns that
/// one unchanged.
pub fn open(proposal: &Proposal) -> Result<u32> {
    Ok(host::open(proposal)?)
}

/// Reads a pull request with its checks and reviews. Error: `not-found` if there is none with this number.
pub fn get(number: u32) -> Result<PullRequest> {
    Ok(host::get(number)?)
}

/// Lists the open pull requests, by number.
pub fn all_open() -> Result<Vec<Summary>> {
    Ok(host::all_open()?)
}

/// Adds a review. Error: `conflict` if the pull request is not open.
///
/// ```
/// # use baton_sdk::{forge::{Proposal, Verdict}, prelude::*, testing::Host};
/// fn judge(number: u32, problems: &[String]) -> Result<()> {
///     match problems {
///         [] => forge::review(number, Verdict::Approve, "Nothing is wrong."),
///         problems => forge::review(number, Verdict::RequestChanges, &problems.join("\n")),
///     }
/// }
/// # let host = Host::new();
/// # let number = host.inside(|| forge::open(&Proposal::new("parser", "main", "Add the parser"))).unwrap();
/// # host.inside(|| judge(number, &[])).unwrap();
/// # assert!(host.inside(|| forge::get(number)).unwrap().is_approved());
/// ```
pub fn review(number: u32, verdict: Verdict, text: &str) -> Result<()> {
    Ok(host::review(number, verdict, text)?)
}

/// Reports a check of its last commit.
///
/// ```
/// # use baton_sdk::{forge::{Check, Progress, Proposal}, prelude::*, sandbox::Execution, testing::Host};
/// fn test(number: u32) -> Result<bool> {
///     forge::report(number, &Check::new("tests", Progress::Pending, ""))?;
///     let passed = sandbox::execute(&Job::new(["make", "test"]))?.succeeded();
///     let progress = if passed { Progress::Passed } else { Progress::Failed };
///     forge::report(number, &Check::new("tests", progress, "make test"))?;
///     Ok(forge::get(number)?.is_green())
/// }
/// # let host = Host::new().when_executed("make test", Execution::exited(0));
/// # let number = host.inside(|| forge::open(&Proposal::new("parser", "main", "Add the parser"))).unwrap();
/// # assert_eq!(host.inside(|| test(number)), Ok(true));
/// ```
pub fn report(number: u32, check: &Check) -> Result<()> {
    Ok(host::report(number, check)?)
}

/// Merges the pull request if its branch still ends with `head`, and returns the merge commit. A local pull request is
/// marked as merged by `commit`, which `git` made; without it, the host looks for the commit.
///
/// Error: `denied` unless the operator lets runs merge.
///
/// ```
/// # use baton_sdk::{forge::{Check, Method, Progress, Proposal, Verdict}, prelude::*, testing::Host};
/// /// Merges what is approved and green, where runs may. `landed` is the commit that `git` made.
/// fn merge(number: u32, landed: &str) -> Result<bool> {
///     let request = forge::get(number)?;
///     if !forge::about()?.auto_merge || !request.is_approved() || !request.is_green() {
///         return Ok(false);
///     }
///     let head = request.head.unwrap_or_else(|| landed.to_owned());
///     forge::merge(number, &head, Method::Merge, Some(landed))?;
///     Ok(true)
/// }
/// # let host = Host::new();
/// # host.inside(|| {
/// #     let number = forge::open(&Proposal::new("parser", "main", "Add the parser"))?;
/// #     let commit = "ab".repeat(20);
/// #     assert_eq!(merge(number, &commit), Ok(false));
/// #     forge::review(number, Verdict::Approve, "")?;
/// #     forge::report(number, &Check::new("tests", Progress::Passed, ""))?;
/// #     assert_eq!(merge(number, &commit), Ok(true));
/// #     Ok::<_, Error>(())
/// # }).unwrap();
/// ```
pub fn merge(number: u32, head: &str, method: Method, commit: Option<&str>) -> Result<String> {
    Ok(host::merge(number, head, method, commit)?)
}

/// Closes a pull request without merging. Closing it again is not an error.
pub fn close(number: u32) -> Result<()> {
    Ok(host::close(number)?)
}

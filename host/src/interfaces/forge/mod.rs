//! Pull requests: kept by the host itself, or on GitHub. Decides nothing about whether something is good enough to be
//! merged, and changes no branch of the project's repository.

mod authority;
mod checked;
pub(crate) mod events;
mod github;
mod host;
mod local;
mod pull_requests;
mod service;
mod settings;

#[cfg(test)]
mod tests;

use std::path::Path;

use wasmtime::component::{HasData, Linker};

use crate::{
    bindings,
    interfaces::{pins::Pin, project::Project},
    journal::{CapabilityKind, Matching, Recorder},
};

pub use authority::MergeAuthority;
pub use github::{GitHub, Hub};
pub use local::{Ending, Kept, Local, PullRequests, Repository as Repositories};
pub use pull_requests::{
    Check, Forge, ForgeError, Landing, Mergeable, Method, Progress, Proposal, PullRequest, PullRequestContext, Review, State, Summary,
    Verdict,
};
pub use service::{Connect, Forges, NoToken};
pub use settings::{Config, Kind, Repository, Rules, SettingError, Sources, Token};

/// Allows to read, open, review, report on, merge or close the project's pull requests.
pub const PULL_REQUESTS: CapabilityKind = CapabilityKind {
    word: "pull-requests",
    matching: Matching::Name,
    interface: "forge",
    meaning: "do these things with the project's pull requests (read, open, review, report, merge, close)",
    values: &["read", "open", "review", "report", "merge", "close"],
};

/// What one call borrows of the session.
pub struct View<'a> {
    /// The gate.
    pub recorder: &'a mut Recorder,
    /// Where pull requests are.
    pub forges: &'a Forges,
    /// The project that has them.
    pub project: &'a Project,
    /// The workspace, a checkout or worktree of the project's repository.
    pub folder: &'a Path,
    /// What the workspace was when the run began.
    pub pin: Option<&'a Pin>,
    /// The plugin that asks.
    pub author: &'a str,
    /// What a person ordered the run to merge.
    pub ordered: Option<&'a MergeAuthority>,
}

bindings::convert_faults!(View<'_>);

struct Viewed;

impl HasData for Viewed {
    type Data<'a> = View<'a>;
}

/// Serves the interface to every component of `linker`.
pub fn link<T: Send + 'static>(linker: &mut Linker<T>, view: fn(&mut T) -> View<'_>) -> wasmtime::Result<()> {
    bindings::forge::add_to_linker::<T, Viewed>(linker, view)
}

//! Runs started, executed and followed. Shows nothing, and decides nothing about what a run may do.

mod continuation;
mod drive;
mod feed;
mod fold;
mod host_happening;
mod options;
mod outcome;
mod progress;
mod served;
mod service;
mod start;
#[cfg(test)]
pub(crate) mod testing;

use utoipa::OpenApi;

pub use crate::journal::RunId;
pub use continuation::{Continuation, RetryKind, RunContinuation, continuation, continuation_for};
pub use drive::{Execution, Replay, STOP_PATIENCE, Stop, TreeState, replay, tree_state, waits_for_people};
pub use feed::{Feed, Update, load_snapshot};
pub use host_happening::{HostHappening, read_host_happening};
pub use options::RunOptions;
pub use outcome::{Outcome, outcome};
pub use progress::{Activity, Branch, Happening, Member, Replies, ReplyPiece, Snapshot, Step, SweepDeed, Work};
pub use served::{ServedTree, TreeStatus, outcome_for, tree_status};
pub use service::{Announcement, EventStream, Service, name_run};
pub use start::{StartInProject, StartNotice, StartRun, StartedRun, Workflow, start, start_in_project, workflows};

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(
    Announcement,
    Outcome,
    Replay,
    ReplyPiece,
    RunContinuation,
    Snapshot,
    StartedRun,
    Step,
    TreeState,
    TreeStatus,
    Workflow
)))]
pub(super) struct Views;

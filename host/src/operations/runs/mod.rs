//! Runs: listed, shown and acted on. Executes none by itself.

mod list;
mod state;
mod view;

use utoipa::OpenApi;

use super::{Moment, Page};

pub use crate::journal::{QuestionId, RunId};
pub(in crate::operations) use list::summarize;
pub use list::{ListRuns, StateWord, find, list};
pub use state::{Awaited, FailedCall, Failure, Need, NeedKind, Pause, PauseKind, RunState, Wait};
pub use view::{Bound, CallRef, CancelCause, Cancelling, Limit, PendingSignal, PluginKind, PublishedDocument, Run, RunSummary, Tally};

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(Run, RunSummary, Page<RunSummary>)))]
pub(super) struct Views;

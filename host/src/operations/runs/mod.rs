//! Runs: listed, shown and acted on. Executes none by itself.

mod artifacts;
mod calls;
mod commands;
mod control;
mod divergence;
mod journal;
mod list;
mod recordings;
mod resuming;
mod state;
mod transcript;
mod tree;
mod view;

use utoipa::OpenApi;

use super::{Moment, Page};

pub use crate::journal::{QuestionId, RunId, form::pointer_part};
pub use artifacts::list_artifacts;
pub use calls::{JournalCall, ListCalls, find_call, list_calls, list_entries};
pub(in crate::operations) use commands::commands_of;
pub use commands::{CommandEnding, CommandOutput, ExecutedCommand, command_output, commands};
pub use control::{CancelRun, CancelledRun, PausedRun, SendSignal, SentSignal, cancel, pause, signal};
pub use divergence::{ComparedCall, Divergence};
pub use journal::{Effect, EntryState, Journal, JournalEntry, journal};
pub(in crate::operations) use list::summarize;
pub use list::{ListRuns, StateWord, find, find_for, identify_for, list, list_for};
pub use recordings::{
    LARGEST_RECORDING, RecordedRun, RecordingFile, RecordingSource, ReplayRecording, ReplayVerdict, Replayed, RunEnding, record, replay,
};
pub use resuming::{ForkRun, ForkedRun, Repair, ResumeRun, ResumedRun, SettingsChange, fork, fork_for, resume, resume_for};
pub use state::{Awaited, FailedCall, Failure, Need, NeedKind, Pause, PauseKind, RunState, Wait};
pub use transcript::{
    Exchange, ExchangeOutcome, Message, OfferedTool, Part, ReadTranscript, Reply, Role, RunTranscript, Stop, Transcript, Usage, transcript,
};
pub use tree::{ListTree, RunOutput, list_tree, load_output};
pub(in crate::operations) use view::present;
pub use view::{Bound, CallRef, CancelCause, Cancelling, Limit, PendingSignal, PluginKind, PublishedDocument, Run, RunSummary, Tally};

/// The views of this folder.
#[derive(OpenApi)]
#[openapi(components(schemas(CancelledRun, CommandOutput, ExecutedCommand, ForkedRun, Journal, JournalCall, PausedRun, RecordedRun, RecordingFile, Replayed, ResumedRun, Run, RunOutput, RunSummary, SentSignal, Transcript, Page<ExecutedCommand>, Page<JournalCall>, Page<JournalEntry>, Page<RunSummary>)))]
pub(super) struct Views;

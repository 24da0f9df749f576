//! What comes of a command that has no outcome: the run pauses or waits, or its caller is told. Executes nothing.

use super::{engine::EngineError, job::Outcome};
use crate::journal::{CallError, NeedKind, Pause, PauseKind, Performed, Wait};

/// Bytes of a command that are told.
const LONGEST_COMMAND: usize = 500;
/// What a run waits for whose command may still be running.
pub(super) const RUNNING: &str = "container engine, in which a command may be running";

/// The run pauses for its operator; `happened`: whether the command may have been executed.
pub(super) fn paused(reason: String, happened: bool) -> Performed<Outcome> {
    Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened }
}

/// Whether a command may still be running, although its call has no answer.
pub(super) fn may_run(performed: &Performed<Outcome>) -> bool {
    match performed {
        Performed::Paused { happened, .. } => *happened,
        Performed::Waiting(Wait::Needed(needed)) => needed.subject == RUNNING,
        Performed::Waiting(_) | Performed::Answered(..) | Performed::Continued(_) => false,
    }
}

/// What comes of a command that was not started: where an operator provides what is missing, the run waits for it.
pub(super) fn not_started(error: EngineError) -> Performed<Outcome> {
    match error {
        EngineError::Absent(reason) => Performed::Waiting(Wait::needed(NeedKind::Engine, "container engine", reason)),
        EngineError::NoImage { image, reason } => Performed::Waiting(Wait::needed(NeedKind::Image, image, reason)),
        EngineError::Unavailable(_) | EngineError::Lost(_) | EngineError::CutOff => unavailable(&error.to_string()),
    }
}

/// The command was not executed, and can be again.
pub(super) fn unavailable(reason: &str) -> Performed<Outcome> {
    Performed::answer(Err(CallError::unavailable(reason.to_owned())))
}

/// A command as it is told.
pub(super) fn shorten_command(command: &str) -> String {
    match command.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{}…", &command[..end]),
        None => command.to_owned(),
    }
}

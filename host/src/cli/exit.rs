//! How the program ends, as the shell sees it. Prints nothing.

use std::process::ExitCode;

use crate::{kernel::run::State, operations::ProblemKind};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was done: 0.
    Done,
    /// It failed: 1.
    Failed,
    /// It was called wrongly: 2.
    Usage,
    /// A run was begun and can continue: 3.
    Unfinished,
    /// A run came to its end, and its output tells what it leaves undone: 4.
    Short,
    /// Somebody stopped it at once: 130.
    Interrupted,
}

impl Exit {
    /// How a command ends whose run stands so.
    pub(super) fn of(state: &State) -> Self {
        match state {
            State::Succeeded => Self::Done,
            State::Failed { .. } | State::Cancelled => Self::Failed,
            State::Queued | State::Running | State::Waiting { .. } | State::Paused { .. } => Self::Unfinished,
        }
    }

    /// How a command ends that did not do what it was asked.
    pub(super) fn of_problem(kind: ProblemKind) -> Self {
        match kind {
            // Something that is not there was named, or something was given in the wrong form.
            ProblemKind::NotFound | ProblemKind::Invalid => Self::Usage,
            ProblemKind::Conflict | ProblemKind::Forbidden | ProblemKind::Unavailable | ProblemKind::Exhausted | ProblemKind::Internal => {
                Self::Failed
            }
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unfinished => 3,
            Self::Short => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The command line asks for something that cannot be; the text says what to give instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misuse(pub(super) String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::CallError;
    use crate::journal::{Pause, PauseKind, Wait};

    #[test]
    fn every_state_has_its_code() {
        let paused = State::Paused { pause: Pause::new(PauseKind::Provider, "no key") };
        let codes = [
            (State::Succeeded, 0),
            (State::Failed { error: CallError::other("") }, 1),
            (State::Cancelled, 1),
            (paused, 3),
            (State::Waiting { wait: Wait::Until(5) }, 3),
            (State::Queued, 3),
            (State::Running, 3),
        ];
        for (state, code) in codes {
            assert_eq!(Exit::of(&state).code(), code, "{state:?}");
        }
    }
}

//! How the program ends, as the shell sees it. Prints nothing.

use std::process::ExitCode;

use crate::operations::{ProblemKind, runs::RunState};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It succeeded: 0.
    Done,
    /// It failed: 1.
    Failed,
    /// The command line or a request is wrong: 2.
    Usage,
    /// A run was started and can continue: 3.
    Unfinished,
    /// A run ended, and its output says what it leaves undone: 4.
    Short,
    /// It was stopped at once: 130.
    Interrupted,
}

impl Exit {
    /// How a command ends whose run is in this state.
    pub(super) fn of(state: &RunState) -> Self {
        match state {
            RunState::Succeeded => Self::Done,
            RunState::Failed { .. } | RunState::Cancelled => Self::Failed,
            RunState::Queued | RunState::Running | RunState::Waiting { .. } | RunState::Paused { .. } => Self::Unfinished,
        }
    }

    /// How a command ends that did not do what it was asked.
    pub(super) fn of_problem(kind: ProblemKind) -> Self {
        match kind {
            // Something that is not there was named, or something was given in the wrong form.
            ProblemKind::NotFound | ProblemKind::Invalid => Self::Usage,
            ProblemKind::Conflict
            | ProblemKind::Unauthenticated
            | ProblemKind::Forbidden
            | ProblemKind::Unavailable
            | ProblemKind::Exhausted
            | ProblemKind::Internal => Self::Failed,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{
        Moment,
        runs::{Failure, Pause, PauseKind, Wait},
    };

    #[test]
    fn every_state_has_its_code() {
        let paused = RunState::Paused { pause: Pause { kind: PauseKind::Provider, reason: "no key".to_owned(), fork_at: None } };
        let failure = Failure { kind: "other".to_owned(), text: String::new(), subject: None, details: None, call: None };
        let codes = [
            (RunState::Succeeded, 0),
            (RunState::Failed { failure }, 1),
            (RunState::Cancelled, 1),
            (paused, 3),
            (RunState::Waiting { wait: Wait::Time { until: Moment(5) } }, 3),
            (RunState::Queued, 3),
            (RunState::Running, 3),
        ];
        for (state, code) in codes {
            assert_eq!(Exit::of(&state).code(), code, "{state:?}");
        }
    }
}

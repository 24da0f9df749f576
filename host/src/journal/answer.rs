//! What a call gives back: an answer for the guest, or a reason why there is none yet.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CallError, Pause, PauseKind, Wait};
use crate::{errors::Hint, events::Draft};

/// What came of doing a call.
#[derive(Debug)]
pub enum Performed<A> {
    /// The guest gets this, now and at every replay. The events are written with it, once.
    Answered(Result<A, CallError>, Vec<Draft>),
    /// The run is suspended until this comes to pass; then the call is looked at again.
    Waiting(Wait),
    /// The run stops for the operator. `happened`: whether the call may have taken effect.
    Paused {
        /// Why, and what to do.
        pause: Pause,
        /// False when it is certain that nothing was done or charged: the call is simply made on resume.
        happened: bool,
    },
    /// The run begins again with this input. The call is answered in the step in which it does.
    Continued(Value),
}

impl<A> Performed<A> {
    /// An answer that nobody but the guest needs to hear of.
    pub fn answer(answer: Result<A, CallError>) -> Self {
        Self::Answered(answer, Vec::new())
    }

    /// What comes of a call whose port says what its errors mean for the run.
    pub fn of<E: Into<Self>>(result: Result<A, E>) -> Self {
        result.map_or_else(E::into, |answer| Self::answer(Ok(answer)))
    }

    /// What comes of a call whose store failed: what was asked may have been kept, and only the operator can do anything about it.
    pub fn of_failed_store(error: &impl Hint) -> Self {
        let reason = format!("{} Check the store, then resume the run.", error.explain());
        Self::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: true }
    }

    /// The same with another answer.
    pub fn map<B>(self, change: impl FnOnce(Result<A, CallError>) -> Result<B, CallError>) -> Performed<B> {
        match self {
            Self::Answered(answer, events) => Performed::Answered(change(answer), events),
            Self::Waiting(wait) => Performed::Waiting(wait),
            Self::Paused { pause, happened } => Performed::Paused { pause, happened },
            Self::Continued(input) => Performed::Continued(input),
        }
    }
}

/// How an answer lies in the journal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kept<A> {
    Ok(A),
    Err(CallError),
}

impl<A> From<Result<A, CallError>> for Kept<A> {
    fn from(result: Result<A, CallError>) -> Self {
        match result {
            Ok(answer) => Self::Ok(answer),
            Err(error) => Self::Err(error),
        }
    }
}

impl<A> From<Kept<A>> for Result<A, CallError> {
    fn from(kept: Kept<A>) -> Self {
        match kept {
            Kept::Ok(answer) => Ok(answer),
            Kept::Err(error) => Err(error),
        }
    }
}

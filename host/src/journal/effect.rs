//! What a call does to the world, and so what to do about one that a crash cut off.

use serde::{Deserialize, Serialize};

/// What a call does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Looks. The answer alone is written.
    Read,
    /// Tells somebody something and needs no answer. Written in order; the guest does not wait for the disk.
    Emit,
    /// Asks a model, which costs money. Cut off, it is asked again under the same key and flagged.
    Model,
    /// Changes something for which doing it twice is doing it once. Cut off, it is done again.
    Write,
    /// Changes something that cannot be done twice. Cut off, the run is paused for the operator.
    Once,
    /// Waits for a time or for other runs. Cut off, it looks again.
    Wait,
}

/// What to do with a call that was intended and has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it again changes nothing.
    Freely,
    /// Do it again, and say that it may have been charged twice.
    Flagged,
    /// Ask the operator.
    Never,
}

impl Effect {
    /// Whether the intent is written before the call is done.
    pub fn has_intent(self) -> bool {
        !matches!(self, Self::Read | Self::Emit)
    }

    /// What to do with such a call when a crash cut it off.
    pub fn repeat(self) -> Repeat {
        match self {
            Self::Read | Self::Emit | Self::Write | Self::Wait => Repeat::Freely,
            Self::Model => Repeat::Flagged,
            Self::Once => Repeat::Never,
        }
    }

    /// The word the journal keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Emit => "emit",
            Self::Model => "model",
            Self::Write => "write",
            Self::Once => "once",
            Self::Wait => "wait",
        }
    }

    /// The effect the journal's word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Read, Self::Emit, Self::Model, Self::Write, Self::Once, Self::Wait].into_iter().find(|effect| effect.as_str() == word)
    }
}

/// One try at doing a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The call's place in its run, from 1.
    pub seq: u64,
    /// `run:seq`, for whoever can recognise a repetition.
    pub key: String,
    /// An earlier try was cut off and may have happened.
    pub again: bool,
    /// When the first try was made, in milliseconds since 1970 UTC.
    pub asked_at: u64,
}

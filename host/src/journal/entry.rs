//! One host call of a run as the journal keeps it. Says nothing of where it is kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CallError, Effect, answer::Kept, form};

/// The answer of a call that gives nothing back, as the journal keeps it.
pub const NOTHING: &str = r#"{"ok":null}"#;

/// Names a run for ever. UUID text: version 7 for a run somebody started, version 8 for a child.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A new id; sorts by the time it was made, in milliseconds since 1970 UTC.
    pub fn at(milliseconds: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid().to_string())
    }

    /// The id of the child that call `seq` of this run starts. The same call always names the same child,
    /// so that starting it twice is starting it once. Children sort beside their parent.
    pub fn child(&self, seq: u64) -> Self {
        let digest = blake3::hash(format!("{}:{seq}", self.0).as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        if let Ok(parent) = uuid::Uuid::parse_str(&self.0) {
            bytes[..6].copy_from_slice(&parent.as_bytes()[..6]);
        }
        Self(uuid::Uuid::new_v8(bytes).to_string())
    }

    /// Takes an id that was read back from a store or a command line as it is.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as people read it: its last eight characters, which every command takes. Documents, journals and events hold
    /// the whole.
    pub fn short(&self) -> &str {
        self.0.char_indices().rev().nth(7).map_or(&self.0, |(start, _)| &self.0[start..])
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How far a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryState {
    /// Written down before it was done; found so after a crash it is the one ambiguous call.
    Intended,
    /// Written down, and known not to have happened.
    Released,
    /// Done; the answer is there.
    Done,
    /// Given up by an operator, whatever came of it. It keeps its number and answers nothing: what it started or changed
    /// under its key is not taken for what a later call does.
    GivenUp,
}

/// One host call of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The run that called.
    pub run: RunId,
    /// Counts the calls of the run, from 1.
    pub seq: u64,
    /// Interface and function, such as `llm.complete`.
    pub call: String,
    /// What the call does to the world.
    pub effect: Effect,
    /// Hash of `call` and its whole request in the journal form, in hexadecimal.
    pub request_hash: String,
    /// The request, a JSON document.
    pub request: String,
    /// How far it came.
    pub state: EntryState,
    /// The answer once it is `Done`: a JSON document, `{"ok": …}` or `{"err": …}`.
    pub answer: Option<String>,
    /// The call was cut off once and sent again: it may have happened, or been charged, twice.
    pub repeated: bool,
    /// When the call was asked, in milliseconds since 1970 UTC.
    pub asked_at: u64,
    /// When the answer was written, in milliseconds since 1970 UTC.
    pub answered_at: Option<u64>,
}

impl Entry {
    /// The key under which the outside world may recognise a repetition of this call.
    pub fn key(&self) -> String {
        format!("{}:{}", self.run, self.seq)
    }

    /// The error that was its answer, if it was one.
    pub fn error(&self) -> Option<CallError> {
        let answer = self.answer.as_deref().filter(|_| self.state == EntryState::Done)?;
        match serde_json::from_str::<Kept<serde::de::IgnoredAny>>(answer) {
            Ok(Kept::Err(error)) => Some(error),
            _ => None,
        }
    }

    /// The call by which a run asked to be paused, answered at `now` by whoever resumed it.
    #[must_use]
    pub fn carried_on(self, now: u64) -> Self {
        let answered_at = Some(now.max(self.asked_at));
        Self { state: EntryState::Done, answer: Some(NOTHING.to_owned()), answered_at, ..self }
    }

    /// Hash of a call and its request in the journal form, in hexadecimal.
    pub fn hash(call: &str, request: &str) -> String {
        form::hash(call, &form::read(request))
    }
}

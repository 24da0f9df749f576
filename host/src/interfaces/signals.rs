//! The port for signals: what operators send to runs, in the order in which they sent it. Says what can be sent, and not
//! how a run waits for it.

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    journal::{Performed, RunId},
};

/// Characters of a name.
const LONGEST_NAME: usize = 64;
/// Bytes of a value as JSON text.
const LARGEST_VALUE: usize = 64 << 10;
/// Signals of one run that no call has taken. More is a sender that does not look whether anything takes them.
pub const MOST_UNTAKEN: u64 = 1_000;

/// A signal that was sent to a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Counts the signals of the run, from 1.
    pub place: u64,
    /// What the run asks for it by.
    pub name: String,
    /// A JSON document.
    pub value: Value,
    /// When it was sent, in milliseconds since 1970 UTC.
    pub sent_at: u64,
    /// Who sent it.
    pub sent_by: String,
}

/// Why a signal was not sent or not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignalError {
    #[error("`{}` cannot be the name of a signal.", beginning(.0))]
    Name(String),
    #[error("The value of the signal has {0} bytes as JSON, and a signal holds at most {LARGEST_VALUE}.")]
    TooLarge(usize),
    #[error("Run `{0}` does not exist.")]
    NoRun(RunId),
    /// `state` is the word for how it ended.
    #[error("Run {id} has ended ({state}) and takes no signals.", id = .run.short())]
    Ended { run: RunId, state: String },
    #[error("Run {id} is being cancelled and takes no more signals.", id = .0.short())]
    Cancelling(RunId),
    #[error("Run {id} has {MOST_UNTAKEN} signals that it has not taken, which is the limit.", id = .0.short())]
    TooMany(RunId),
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for SignalError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name(_) => format!("Name it with 1 to {LONGEST_NAME} of the characters a-z, 0-9 and `-`."),
            Self::TooLarge(_) => "Put what is large into a file of the workspace and send its path.".to_owned(),
            Self::NoRun(_) => "`baton runs list` lists the runs.".to_owned(),
            Self::Ended { .. } | Self::Cancelling(_) => "`baton runs list` shows which runs have not ended.".to_owned(),
            Self::TooMany(_) => "Send more once it has taken some.".to_owned(),
            Self::Store(error) => error.hint()?,
        })
    }
}

/// A store that fails pauses the run that waits: nothing could be kept of it.
impl<A> From<SignalError> for Performed<A> {
    fn from(error: SignalError) -> Self {
        Self::of_failed_store(&error)
    }
}

/// Checks the name of a signal, be it sent or waited for.
pub fn check_name(name: &str) -> Result<(), SignalError> {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    match (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) {
        true => Ok(()),
        false => Err(SignalError::Name(name.to_owned())),
    }
}

/// Checks a signal before it is sent: its name, and the size of its value.
pub fn check(name: &str, value: &Value) -> Result<(), SignalError> {
    check_name(name)?;
    match value.to_string().len() {
        size if size > LARGEST_VALUE => Err(SignalError::TooLarge(size)),
        _ => Ok(()),
    }
}

/// Keeps signals. Every change is durable when it returns.
#[async_trait]
pub trait Signals: Send + Sync {
    /// Sends a signal to a run that has not ended and is not being cancelled, and queues the run where it waits for it, in one step. `by`: who sends it.
    async fn send(&self, run: &RunId, name: &str, value: &Value, by: &Actor) -> Result<(), SignalError>;
    /// The signal that call `seq` of the run took before, whatever its name; else the oldest of this name that no call has
    /// taken, which the call takes now. So a call that was cut off and is made again gets the same signal, and no signal is
    /// lost or given twice.
    async fn take(&self, run: &RunId, name: &str, seq: u64) -> Result<Option<Signal>, SignalError>;
    /// The signal that call `seq` took before.
    async fn find_taken(&self, run: &RunId, seq: u64) -> Result<Option<Signal>, SignalError>;
    /// The signals that no call has taken, in their order.
    async fn untaken(&self, run: &RunId) -> Result<Vec<Signal>, SignalError>;
}

/// As much of a name as is shown, without what a terminal would obey.
fn beginning(name: &str) -> String {
    name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "stop-now", "9", &"x".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "Stop", "a b", "a.b", "ü", "a\n", "\u{1b}[2J", &"x".repeat(65), &"x".repeat(1 << 20)] {
            let error = check_name(name).unwrap_err();
            assert_eq!(error, SignalError::Name(name.to_owned()));
            let text = error.explain();
            assert!(text.len() < 400 && !text.contains(['\n', '\u{1b}']), "{text}");
        }
    }

    #[test]
    fn a_value_is_measured_as_json() {
        let fits = json!("x".repeat(LARGEST_VALUE - 2));
        assert_eq!(check("a", &fits), Ok(()));
        assert_eq!(check("a", &json!("x".repeat(LARGEST_VALUE - 1))), Err(SignalError::TooLarge(LARGEST_VALUE + 1)));
        // Each of them is two bytes as JSON.
        assert!(matches!(check("a", &json!("\"".repeat(LARGEST_VALUE / 2))), Err(SignalError::TooLarge(_))));
        assert!(matches!(check("A", &fits), Err(SignalError::Name(_))));
    }
}

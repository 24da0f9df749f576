//! Why a call failed. Every text is a sentence for people and says what to do next.

use crate::bindings::host::baton::plugin::types;

/// A result whose error is [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// The contract's `error`. Errors of the host arrive unchanged; an error that a plugin returns goes to its caller.
///
/// ```
/// use baton_sdk::prelude::*;
///
/// fn read_if_there(path: &str) -> Result<String> {
///     match files::read_text(path) {
///         Err(Error::NotFound(_)) => Ok(String::new()),
///         other => other,
///     }
/// }
/// # assert_eq!(baton_sdk::testing::Host::new().inside(|| read_if_there("a.md")), Ok(String::new()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call was not granted. The text names the command that grants it.
    #[error("{0}")]
    Denied(String),
    /// The request is wrong. Repeating it gives the same answer.
    #[error("{0}")]
    Invalid(String),
    /// The request names something that does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Something else changed it first, or a merge does not apply.
    #[error("{0}")]
    Conflict(String),
    /// A budget is spent.
    #[error("{0}")]
    BudgetExceeded(String),
    /// Still failing after the host's own retries.
    #[error("{0}")]
    Unavailable(String),
    /// The run was cancelled, or its deadline passed.
    #[error("{0}")]
    Cancelled(String),
    /// Anything else; final.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// The request is wrong. `sentence` says what is wrong and how to fix it.
    pub fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }

    /// Any other error. `sentence` says what happened and what to do next.
    pub fn other(sentence: impl Into<String>) -> Self {
        Self::Other(sentence.into())
    }

    /// Whether no retry in this run can succeed: it was cancelled, or its budget is spent.
    pub fn ends_the_run(&self) -> bool {
        matches!(self, Self::Cancelled(_) | Self::BudgetExceeded(_))
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Denied(text) => Self::Denied(text),
            types::Error::Invalid(text) => Self::Invalid(text),
            types::Error::NotFound(text) => Self::NotFound(text),
            types::Error::Conflict(text) => Self::Conflict(text),
            types::Error::BudgetExceeded(text) => Self::BudgetExceeded(text),
            types::Error::Unavailable(text) => Self::Unavailable(text),
            types::Error::Cancelled(text) => Self::Cancelled(text),
            types::Error::Other(text) => Self::Other(text),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(text) => Self::Denied(text),
            Error::Invalid(text) => Self::Invalid(text),
            Error::NotFound(text) => Self::NotFound(text),
            Error::Conflict(text) => Self::Conflict(text),
            Error::BudgetExceeded(text) => Self::BudgetExceeded(text),
            Error::Unavailable(text) => Self::Unavailable(text),
            Error::Cancelled(text) => Self::Cancelled(text),
            Error::Other(text) => Self::Other(text),
        }
    }
}

/// So that `?` works on JSON a plugin reads or writes.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Invalid(format!("A JSON document does not have the form expected here: {error}. Correct the document and try again."))
    }
}

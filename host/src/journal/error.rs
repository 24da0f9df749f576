//! Why a call did not do what it was asked, in the shape of the contract's `types.error`. Decides nothing by it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a call did not do what it was asked, as the guest sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[error("{text}")]
pub struct CallError {
    /// What went wrong, for programs. Baton 0.1 called it `case`.
    #[serde(alias = "case")]
    pub kind: ErrorKind,
    /// What went wrong and what to do, for people.
    pub text: String,
    /// What the error is about: a path, a name, a capability as `kind=value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// More for programs; its members depend on the kind. Boxed, for few errors have it and all are handed around.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Value>>,
}

/// The kinds of errors that the contract documents, and those that plugins made themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Cow<'_, str>", into = "String")]
pub enum ErrorKind {
    /// No grant allows it; the text names the command that would.
    Denied,
    /// The request is wrong.
    Invalid,
    /// What the request names does not exist.
    NotFound,
    /// Something else changed it first.
    Conflict,
    /// A budget is spent.
    BudgetExceeded,
    /// Still failing after retries.
    Unavailable,
    /// The run, or what it waited for, was cancelled.
    Cancelled,
    /// It took longer than it was given.
    TimedOut,
    /// A child ended with an error, which `details` holds under `error`.
    ChildFailed,
    /// The component ended by itself: a panic, or a trap.
    Trapped,
    /// Anything else.
    #[default]
    Other,
    /// A kind that a plugin made itself.
    Own(String),
}

/// Each kind that the contract documents, with its word there.
const WORDS: [(&str, ErrorKind); 11] = [
    ("denied", ErrorKind::Denied),
    ("invalid", ErrorKind::Invalid),
    ("not-found", ErrorKind::NotFound),
    ("conflict", ErrorKind::Conflict),
    ("budget-exceeded", ErrorKind::BudgetExceeded),
    ("unavailable", ErrorKind::Unavailable),
    ("cancelled", ErrorKind::Cancelled),
    ("timed-out", ErrorKind::TimedOut),
    ("child-failed", ErrorKind::ChildFailed),
    ("trapped", ErrorKind::Trapped),
    ("other", ErrorKind::Other),
];

impl ErrorKind {
    /// The word in the contract, such as `not-found`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(word) => word,
            known => WORDS.iter().find(|(_, kind)| kind == known).map_or("other", |(word, _)| word),
        }
    }
}

impl From<Cow<'_, str>> for ErrorKind {
    fn from(word: Cow<'_, str>) -> Self {
        match WORDS.into_iter().find(|(known, _)| *known == word) {
            Some((_, kind)) => kind,
            None => Self::Own(word.into_owned()),
        }
    }
}

impl From<ErrorKind> for String {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Own(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

/// One constructor for each kind that the host gives.
macro_rules! constructors {
    ($($name:ident => $kind:ident),* $(,)?) => {
        impl CallError {
            $(
                #[doc = concat!("An error of the kind ", stringify!($kind), ". `text` says what is wrong and what to do.")]
                pub fn $name(text: impl Into<String>) -> Self {
                    Self::new(ErrorKind::$kind, text)
                }
            )*
        }
    };
}

constructors! {
    denied => Denied,
    invalid => Invalid,
    not_found => NotFound,
    conflict => Conflict,
    unavailable => Unavailable,
    cancelled => Cancelled,
    timed_out => TimedOut,
    other => Other,
}

impl CallError {
    /// An error of any kind.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), subject: None, details: None }
    }

    /// What a run that is being cancelled is told. Without a subject: of a child that was cancelled, the child is the subject.
    pub fn cancelling() -> Self {
        Self::cancelled("The run is being cancelled. Put things in order, then return.")
    }

    /// The end of a child, for the run that waited for it: `error` is the child's own, handed up whole.
    pub fn child_failed(child: &str, text: impl Into<String>, error: &Self) -> Self {
        let details = Some(Box::new(json!({ "error": error })));
        Self { kind: ErrorKind::ChildFailed, text: text.into(), subject: Some(child.to_owned()), details }
    }

    /// Says what the error is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_without_what_it_has_not_and_read_back() {
        let bare = CallError::not_found("There is no a.md.");
        let written = json!({ "kind": "not-found", "text": "There is no a.md." });
        assert_eq!(serde_json::to_value(&bare).unwrap(), written);
        assert_eq!(serde_json::from_value::<CallError>(written).unwrap(), bare);
        let own = CallError::new(ErrorKind::Own("rate-limited".to_owned()), "Wait.").about("a");
        let handed_up = CallError::child_failed("abc.1", "The child failed: Wait.", &own);
        let value = serde_json::to_value(&handed_up).unwrap();
        assert_eq!(value["details"]["error"], json!({ "kind": "rate-limited", "text": "Wait.", "subject": "a" }));
        assert_eq!(serde_json::from_value::<CallError>(value).unwrap(), handed_up);
    }

    #[test]
    fn every_kind_has_one_word() {
        for (word, kind) in WORDS {
            assert_eq!((kind.as_str(), ErrorKind::from(Cow::Borrowed(word))), (word, kind.clone()));
        }
    }

    #[test]
    fn what_an_older_baton_wrote_is_read() {
        let answer: CallError = serde_json::from_value(json!({ "case": "denied", "text": "No." })).unwrap();
        assert_eq!(answer, CallError::denied("No."));
    }
}

//! Why a call failed: a kind for programs, and a sentence for people that says what to do next.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bindings::host::baton::plugin::types;

/// A result whose error is [`struct@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// The contract's `error`. Errors of the host arrive unchanged; an error that a plugin returns goes to its caller.
///
/// ```
/// use baton_sdk::prelude::*;
///
/// fn read_if_there(path: &str) -> Result<String> {
///     match files::read_text(path) {
///         Err(error) if error.kind == ErrorKind::NotFound => Ok(String::new()),
///         other => other,
///     }
/// }
/// # assert_eq!(baton_sdk::testing::Host::new().inside(|| read_if_there("a.md")), Ok(String::new()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    /// What went wrong, for programs.
    pub kind: ErrorKind,
    /// What went wrong and what to do, for people.
    pub text: String,
    /// What the error is about: a path, a name, a run, or the missing capability as `kind=value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A JSON object with more for programs; its members depend on the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Value>>,
}

/// The kinds of errors. The contract documents all but [`ErrorKind::Own`], and may document more: treat a kind that you do
/// not know as final.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call was not granted. The text names the command that grants it, the subject is the missing capability.
    Denied,
    /// The request is wrong. Repeating it gives the same answer.
    Invalid,
    /// The request names something that does not exist.
    NotFound,
    /// Something else changed it first, or a merge does not apply.
    Conflict,
    /// A budget is spent.
    BudgetExceeded,
    /// Still failing after the host's own retries.
    Unavailable,
    /// The run is being cancelled; or what it waited for was cancelled, which is the subject then.
    Cancelled,
    /// It took longer than it was given.
    TimedOut,
    /// A run that this one started failed. The subject is that run; [`Error::of_child`] gives its own error.
    ChildFailed,
    /// A component ended by itself: a panic, or a limit. Only as the error of a child.
    Trapped,
    /// Anything else; final.
    #[default]
    Other,
    /// A kind of a plugin's own, or of a later contract.
    Own(String),
}

/// Each kind with its word in the contract.
const WORDS: &[(&str, ErrorKind)] = &[
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

impl From<String> for ErrorKind {
    fn from(word: String) -> Self {
        WORDS.iter().find(|(known, _)| *known == word).map_or(Self::Own(word), |(_, kind)| kind.clone())
    }
}

impl From<ErrorKind> for String {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Own(word) => word,
            known => WORDS.iter().find(|(_, kind)| *kind == known).map_or("other", |(word, _)| word).to_owned(),
        }
    }
}

/// One constructor for each kind.
macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)*) => {
        impl Error {
            $(
                $(#[$doc])*
                pub fn $name(sentence: impl Into<String>) -> Self {
                    Self::new(ErrorKind::$kind, sentence)
                }
            )*
        }
    };
}

constructors! {
    /// The call was not granted. `sentence` says what to grant.
    denied => Denied;
    /// The request is wrong. `sentence` says what is wrong and how to fix it.
    invalid => Invalid;
    /// The request names something that does not exist.
    not_found => NotFound;
    /// Something else changed it first.
    conflict => Conflict;
    /// A budget is spent.
    budget_exceeded => BudgetExceeded;
    /// Still failing after retries.
    unavailable => Unavailable;
    /// What was waited for was cancelled.
    cancelled => Cancelled;
    /// It took longer than it was given.
    timed_out => TimedOut;
    /// Any other error. `sentence` says what happened and what to do next.
    other => Other;
}

impl Error {
    /// An error of any kind, also one of your own: `Error::new(ErrorKind::Own("rate-limited".into()), "…")`.
    ///
    /// ```
    /// # use baton_sdk::prelude::*;
    /// fn check_pace(requests: u32) -> Result<()> {
    ///     if requests <= 60 {
    ///         return Ok(());
    ///     }
    ///     let error = Error::new(ErrorKind::Own("rate-limited".to_owned()), "More than 60 requests in a minute. Wait a minute.");
    ///     Err(error.about("search").with_details(json!({ "retry-after-ms": 60_000 })))
    /// }
    /// # assert!(check_pace(60).is_ok());
    /// # assert_eq!(check_pace(61).unwrap_err().subject.as_deref(), Some("search"));
    /// ```
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self { kind, text: sentence.into(), subject: None, details: None }
    }

    /// The failure of the child run `child`, with the child's own error in the details.
    pub fn child_failed(child: &str, sentence: impl Into<String>, error: &Self) -> Self {
        let details = Some(Box::new(serde_json::json!({ "error": error })));
        Self { kind: ErrorKind::ChildFailed, text: sentence.into(), subject: Some(child.to_owned()), details }
    }

    /// Says what the error is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a JSON object with more for programs.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// The child's own error, where this one says that a child failed.
    ///
    /// ```
    /// use baton_sdk::prelude::*;
    ///
    /// let own = Error::invalid("The brief is empty.");
    /// let handed_up = Error::child_failed("0190.1", "The workflow `plan` failed: The brief is empty.", &own);
    /// assert_eq!(handed_up.of_child(), Some(own));
    /// ```
    pub fn of_child(&self) -> Option<Self> {
        let error = self.details.as_ref().filter(|_| self.kind == ErrorKind::ChildFailed)?.get("error")?;
        serde_json::from_value(error.clone()).ok()
    }

    /// Whether no retry in this run can succeed: it is being cancelled, or its budget is spent. A child that was cancelled,
    /// which is the subject of its error, ends no other run.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// /// Every answer there is, and none for what failed by itself.
    /// fn answers(agents: &[&str], task: &Task) -> Result<Vec<String>> {
    ///     let mut answers = Vec::new();
    ///     for agent in agents {
    ///         match agents::perform(agent, task) {
    ///             Ok(outcome) => answers.push(outcome.answer),
    ///             Err(error) if error.ends_the_run() => return Err(error),
    ///             Err(error) => run::warn(&format!("{agent} is left out: {error}")),
    ///         }
    ///     }
    ///     Ok(answers)
    /// }
    /// # let host = Host::new().with_agent("ann", |_| Ok(Report::new("Yes.", ""))).with_agent("bob", |_| Err(Error::cancelled("No.")));
    /// # assert_eq!(host.inside(|| answers(&["zoe", "bob", "ann"], &Task::new("Is it?"))), Ok(vec!["Yes.".to_owned()]));
    /// # assert!(host.with_cancel_after(0).inside(|| answers(&["ann"], &Task::new("Is it?"))).is_err());
    /// ```
    pub fn ends_the_run(&self) -> bool {
        match self.kind {
            ErrorKind::Cancelled => self.subject.is_none(),
            ErrorKind::BudgetExceeded => true,
            _ => false,
        }
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        let details = error.details.and_then(|text| serde_json::from_str(&text).ok()).map(Box::new);
        Self { kind: error.kind.into(), text: error.text, subject: error.subject, details }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        let details = error.details.map(|details| details.to_string());
        Self { kind: error.kind.into(), text: error.text, subject: error.subject, details }
    }
}

/// So that `?` works on JSON a plugin reads or writes.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::invalid(format!("A JSON document does not have the form expected here: {error}. Correct the document and try again."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_the_contract_and_comes_back() {
        for (word, kind) in WORDS.iter().cloned().chain([("rate-limited", ErrorKind::Own("rate-limited".to_owned()))]) {
            let error = Error::new(kind, "No.").about("docs/a.md").with_details(serde_json::json!({ "retry-after-ms": 5 }));
            let crossing = types::Error::from(error.clone());
            assert_eq!(crossing.kind, word);
            assert_eq!(Error::from(crossing), error);
        }
    }

    #[test]
    fn only_the_failure_of_a_child_has_an_error_of_a_child() {
        let own = Error::denied("No.").about("write=a");
        assert_eq!(Error::child_failed("a.1", "It failed.", &own).of_child(), Some(own.clone()));
        assert_eq!(own.clone().with_details(serde_json::json!({ "error": own })).of_child(), None);
        let odd = Error::new(ErrorKind::ChildFailed, "It failed.").with_details(serde_json::json!({ "error": 7 }));
        assert_eq!(odd.of_child(), None);
    }
}

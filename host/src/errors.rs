//! What the errors of all rooms share: a hint apart from the message, and the failure of a store behind any port. Knows no store.

use std::{error::Error, fmt, sync::Arc};

/// An error that says apart what is wrong (`Display`) and what to do about it.
pub trait Hint: Error {
    /// What to do, one sentence or two; none where the message leaves nothing to do.
    fn hint(&self) -> Option<String>;

    /// Both, for a reader that gets one text: a guest, the reason of a pause, a line of the log.
    fn explain(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self} {hint}"),
            None => self.to_string(),
        }
    }
}

/// Why something is not done, where no variant of an error is worth it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Reason {
    message: String,
    hint: Option<String>,
}

impl Reason {
    /// A message without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn advise(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What an error says, apart from its type.
    pub fn of(error: &(impl Hint + ?Sized)) -> Self {
        Self { message: error.to_string(), hint: error.hint() }
    }
}

impl Hint for Reason {
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// Why a store did not do what a port asked of it.
#[derive(Clone, Debug)]
pub struct StorageError {
    access: Access,
    subject: &'static str,
    cause: Arc<dyn Error + Send + Sync>,
    hint: Option<String>,
    /// How far the failure reaches.
    pub scope: FailureScope,
}

/// What was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Search,
}

/// How far a failure of a store reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureScope {
    /// It is about what this run, or this caller, wrote or read; others are served.
    Run,
    /// Every other access would fail as well.
    Store,
}

impl StorageError {
    /// Something, such as `the budgets`, cannot be read.
    pub fn read(subject: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Access::Read, subject, cause.into())
    }

    /// Something cannot be written.
    pub fn write(subject: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Access::Write, subject, cause.into())
    }

    /// Something cannot be searched.
    pub fn search(subject: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Access::Search, subject, cause.into())
    }

    /// The same with what to do about its cause.
    #[must_use]
    pub fn advise(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The same, where only the run that asked is concerned.
    pub fn of_run(self) -> Self {
        Self { scope: FailureScope::Run, ..self }
    }

    fn new(access: Access, subject: &'static str, cause: Box<dyn Error + Send + Sync>) -> Self {
        Self { access, subject, cause: cause.into(), hint: None, scope: FailureScope::Store }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.access {
            Access::Read => "read",
            Access::Write => "write",
            Access::Search => "search",
        };
        write!(to, "Cannot {verb} {}: {}", self.subject, self.cause)
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

impl Hint for StorageError {
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// Alike are two that say the same and reach as far.
impl PartialEq for StorageError {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope && self.explain() == other.explain()
    }
}

impl Eq for StorageError {}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_failure_says_what_was_to_be_done_and_keeps_its_cause() {
        let error = StorageError::write("the budgets", io::Error::from(io::ErrorKind::StorageFull));
        assert!(error.to_string().starts_with("Cannot write the budgets: "), "{error}");
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        assert_eq!(cause.map(io::Error::kind), Some(io::ErrorKind::StorageFull));
        assert_eq!(StorageError::read("the runs", "It is gone.").to_string(), "Cannot read the runs: It is gone.");
    }

    #[test]
    fn a_hint_stands_behind_the_message_where_there_is_one() {
        let reason = Reason::new("The disk is full.");
        assert_eq!(reason.explain(), "The disk is full.");
        assert_eq!(reason.advise("Free some space.").explain(), "The disk is full. Free some space.");
        let error = StorageError::read("the runs", "It is gone.").advise(Some("Restore it.".to_owned()));
        assert_eq!(Reason::of(&error), Reason::new("Cannot read the runs: It is gone.").advise("Restore it."));
    }

    #[test]
    fn two_failures_are_alike_where_they_say_the_same_of_the_same() {
        let error = || StorageError::read("the runs", "It is gone.");
        assert_eq!(error(), error());
        assert_ne!(error(), error().of_run());
        assert_ne!(error(), StorageError::search("the runs", "It is gone."));
    }
}

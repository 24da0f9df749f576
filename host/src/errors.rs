//! What the errors of all rooms share: the failure of a store, told alike behind every port. Knows no store.

use std::{error::Error, fmt, sync::Arc};

/// Why a store did not do what a port asked of it.
#[derive(Clone, Debug)]
pub struct StorageError {
    access: Access,
    subject: &'static str,
    cause: Arc<dyn Error + Send + Sync>,
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

    /// The same, where only the run that asked is concerned.
    pub fn of_run(self) -> Self {
        Self { scope: FailureScope::Run, ..self }
    }

    fn new(access: Access, subject: &'static str, cause: Box<dyn Error + Send + Sync>) -> Self {
        Self { access, subject, cause: cause.into(), scope: FailureScope::Store }
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

/// Alike are two that say the same and reach as far.
impl PartialEq for StorageError {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope && self.to_string() == other.to_string()
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
    fn two_failures_are_alike_where_they_say_the_same_of_the_same() {
        let error = || StorageError::read("the runs", "It is gone.");
        assert_eq!(error(), error());
        assert_ne!(error(), error().of_run());
        assert_ne!(error(), StorageError::search("the runs", "It is gone."));
    }
}

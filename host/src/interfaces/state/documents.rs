//! The port below `state`: small JSON documents with versions. Knows no run and no grant.

use crate::errors::{Hint, StorageError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a document lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentScope<'a> {
    /// The project that owns it.
    pub project: &'a str,
    /// Its bucket.
    pub bucket: &'a str,
    /// Its key in the bucket.
    pub key: &'a str,
}

/// A document as it was at some moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versioned {
    /// The document.
    pub value: Value,
    /// Counts the changes of its key, from 1.
    pub version: u64,
}

/// Why the documents did not do what they were asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentsError {
    /// The document has another version than the one expected.
    #[error("`{key}` has version {found} and not {expected}, because something else changed it.")]
    Conflict {
        /// The key that was to be set.
        key: String,
        /// The version the writer had read; 0 for none.
        expected: u64,
        /// The version it has; 0 for none.
        found: u64,
    },
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for DocumentsError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Conflict { .. } => Some("Read it and decide again.".to_owned()),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Keeps documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// The document, if there is one.
    async fn get(&self, place: DocumentScope<'_>) -> Result<Option<Versioned>, DocumentsError>;
    /// Sets the document and returns its new version. `expected`: the version read, 0 for none, `None` to overwrite.
    /// `writer` names the call that writes: the same writer again gets the version it made, and changes nothing.
    async fn set(&self, place: DocumentScope<'_>, value: &Value, expected: Option<u64>, writer: &str) -> Result<u64, DocumentsError>;
    /// Forgets the document. A key that is set again later continues with the next version.
    async fn delete(&self, place: DocumentScope<'_>) -> Result<(), DocumentsError>;
    /// The keys of a bucket that begin with `prefix`, sorted.
    async fn keys(&self, project: &str, bucket: &str, prefix: &str) -> Result<Vec<String>, DocumentsError>;
}

//! The port for what runs show to operators and programs: documents, each under a key. Knows no grant, and tells nobody.

use async_trait::async_trait;
use serde_json::Value;

use crate::journal::RunId;

/// Keys of one run.
pub const MOST_KEYS: u64 = 64;

/// A document that a run shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it is found by.
    pub key: String,
    /// The document.
    pub value: Value,
    /// When it was shown, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// Why a document is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The run shows as many as it may.
    #[error("The run publishes {MOST_KEYS} keys, which is the limit. Publish `null` under one that is not needed, or use an earlier key.")]
    Full,
    /// The store failed.
    #[error("What the run publishes could not be kept or read: {0}")]
    Store(String),
}

/// Keeps what runs show. Every change is durable when it returns.
#[async_trait]
pub trait Published: Send + Sync {
    /// Shows `value` under `key` in the place of what was there before; `null` removes it.
    async fn publish(&self, run: &RunId, key: &str, value: &Value) -> Result<(), PublishError>;
    /// What a run shows, by key.
    async fn published(&self, run: &RunId) -> Result<Vec<Shown>, PublishError>;
}

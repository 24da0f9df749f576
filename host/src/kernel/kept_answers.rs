//! Answers to requests that must not be done twice, and the port of the table that keeps them. Does nothing itself.

use async_trait::async_trait;

use crate::errors::StorageError;

/// What tells a request from all others: who sent it, and the key that they gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Who sent it: keys of two callers are never the same.
    pub caller: String,
    /// The key.
    pub key: String,
}

/// What is known of a key when a request comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing: the request is to be done, and the key belongs to it from now on.
    New,
    /// The same request is being done by this process.
    InFlight,
    /// The same request was begun by a process that ended before it answered.
    Interrupted,
    /// The same request was answered.
    Answered(String),
    /// The key belongs to another request.
    Other,
}

/// Keeps answers by the keys of their requests, for a day.
#[async_trait]
pub trait KeptAnswers: Send + Sync {
    /// Takes a key for a request, known by its hash, that `process` is about to do; or says what is known of the key.
    async fn claim(&self, key: &RequestKey, request: &str, process: &str) -> Result<Claimed, StorageError>;
    /// Keeps the answer of the request that has the key.
    async fn keep(&self, key: &RequestKey, answer: &str) -> Result<(), StorageError>;
    /// Gives a key back whose request was not done.
    async fn release(&self, key: &RequestKey) -> Result<(), StorageError>;
}

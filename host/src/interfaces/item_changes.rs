//! The port through which `waits` learns that an item of the backlog changed. What an item is, `backlog` says.

use async_trait::async_trait;

use super::backlog::{self, BACKLOG, BacklogError};
use crate::journal::{CallError, Capability};

/// What a run that waits for an item sees of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Counts the changes of the item.
    pub revision: u64,
    /// How far it is.
    pub status: backlog::Status,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Where.
    pub branch: Option<String>,
}

/// Tells of items as they stand.
#[async_trait]
pub trait ItemChanges: Send + Sync {
    /// The item of this key.
    async fn see(&self, project: &str, key: &str) -> Result<Seen, BacklogError>;
}

/// What a run needs that waits for an item.
pub(super) fn needed() -> Capability<'static> {
    Capability::new(BACKLOG.word, "read")
}

/// Nothing else can name an item.
pub(super) fn check_key(key: &str) -> Result<(), CallError> {
    backlog::check_key(key).map_err(CallError::from)
}

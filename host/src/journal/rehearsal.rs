//! Rehearses a crash: a journal that stands still for ever after so many writes, so that somebody can kill the host
//! exactly there. Changes nothing before that.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use super::{Count, Entry, Inspected, Journal, JournalError, RunId, Write};

/// Passes writes on to another journal until their number is used up.
pub struct Rehearsal {
    inner: Arc<dyn Journal>,
    left: AtomicU64,
    frozen: PathBuf,
}

impl Rehearsal {
    /// Stands still after `writes` writes, having made the empty file `frozen`.
    pub fn new(inner: Arc<dyn Journal>, writes: u64, frozen: PathBuf) -> Self {
        Self { inner, left: AtomicU64::new(writes), frozen }
    }

    async fn count(&self) -> Result<(), JournalError> {
        let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if taken.is_ok() {
            return Ok(());
        }
        std::fs::write(&self.frozen, []).map_err(|error| JournalError { action: "written", reason: error.to_string() })?;
        std::future::pending().await
    }
}

#[async_trait]
impl Journal for Rehearsal {
    async fn write(&self, writes: Vec<Write>) -> Result<(), JournalError> {
        self.count().await?;
        self.inner.write(writes).await
    }

    async fn enqueue(&self, write: Write) -> Result<(), JournalError> {
        self.count().await?;
        self.inner.enqueue(write).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<Entry>, JournalError> {
        self.inner.entries(run).await
    }

    async fn inspect(&self, run: &RunId) -> Result<Vec<Inspected>, JournalError> {
        self.inner.inspect(run).await
    }

    async fn count(&self, run: &RunId) -> Result<Count, JournalError> {
        self.inner.count(run).await
    }
}

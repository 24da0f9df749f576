//! What the gate needs from outside: somewhere to write, and the time.

use async_trait::async_trait;

use super::{Entry, EntryState, RunId};
use crate::{errors::StorageError, events::Draft};

/// An entry and the events that become known with it: both are written, or neither.
#[derive(Clone, Debug)]
pub struct Write {
    /// The entry as it is from now on; replaces an earlier state of the same call.
    pub entry: Entry,
    /// What watchers, audit and history hear of it.
    pub events: Vec<Draft>,
}

/// An entry as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The entry. What is damaged of its texts is empty.
    pub entry: Entry,
    /// What is damaged and what to do, as a sentence.
    pub damage: Option<String>,
}

/// How many calls a run has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub made: u64,
    /// Those whose answer is known.
    pub answered: u64,
}

/// Keeps the entries of all runs. Writes of one process reach the disk in the order they were given.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Returns once the writes are durable; all of them, or none.
    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError>;
    /// Returns once the write has its place in the order; it is durable before any later write is.
    async fn enqueue(&self, write: Write) -> Result<(), StorageError>;
    /// The entries of a run after call `after` by `seq`; fails when one of them is damaged.
    async fn entries_after(&self, run: &RunId, after: u64) -> Result<Vec<Entry>, StorageError>;
    /// All entries of a run by `seq`; fails when one of them is damaged.
    async fn entries(&self, run: &RunId) -> Result<Vec<Entry>, StorageError> {
        self.entries_after(run, 0).await
    }
    /// All entries of a run by `seq`, also those that are damaged.
    async fn inspect(&self, run: &RunId) -> Result<Vec<Inspected>, StorageError> {
        Ok(self.entries(run).await?.into_iter().map(|entry| Inspected { entry, damage: None }).collect())
    }
    /// The entries of a run after call `after` by `seq`, at most `limit`, without what was asked and answered: each text is empty.
    async fn outline(&self, run: &RunId, after: u64, limit: u32) -> Result<Vec<Entry>, StorageError> {
        let entries = self.entries_after(run, after).await?.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(entries.map(|entry| Entry { request: String::new(), answer: None, ..entry }).collect())
    }
    /// The entry of one call, also where it is damaged.
    async fn find_entry(&self, run: &RunId, seq: u64) -> Result<Option<Inspected>, StorageError> {
        Ok(self.inspect(run).await?.into_iter().find(|inspected| inspected.entry.seq == seq))
    }
    /// How many entries a run has after call `after`, without looking into them.
    async fn count(&self, run: &RunId, after: u64) -> Result<Count, StorageError> {
        let entries = self.entries_after(run, after).await?;
        let answered = entries.iter().filter(|entry| entry.state == EntryState::Done).count();
        Ok(Count { made: entries.len() as u64, answered: answered as u64 })
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC.
    fn now(&self) -> u64;
}

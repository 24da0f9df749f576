//! Fault injection: a journal that stands still for ever at one write, so that a test can kill the host exactly
//! there. Changes nothing before that.

use std::{
    path::PathBuf,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use super::{Count, Entry, EntryState, Inspected, Journal, RunId, Write};
use crate::errors::StorageError;

/// Where the journal is to stand still: after so many writes, or after so many of one kind.
///
/// As text the number, and behind it the kind where there is one: `120`, or `3 git.commit done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPoint {
    /// Writes that are made.
    pub writes: u64,
    /// Counted are those of this call and state alone, such as `git.commit done`.
    pub of: Option<String>,
}

impl FromStr for FaultPoint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (writes, of) = text.split_once(' ').map_or((text, None), |(writes, of)| (writes, Some(of.to_owned())));
        Ok(Self { writes: writes.parse()?, of })
    }
}

/// Passes writes on to another journal until it stands still.
pub struct FaultInjection {
    inner: Arc<dyn Journal>,
    left: AtomicU64,
    of: Option<String>,
    stands: AtomicBool,
    frozen: PathBuf,
}

impl FaultInjection {
    /// Stands still having made the file `frozen`, in which stand the kinds of what was to be written.
    pub fn new(inner: Arc<dyn Journal>, point: FaultPoint, frozen: PathBuf) -> Self {
        Self { inner, left: AtomicU64::new(point.writes), of: point.of, stands: AtomicBool::new(false), frozen }
    }

    async fn count(&self, writes: &[Write]) -> Result<(), StorageError> {
        let kinds: Vec<_> = writes.iter().map(|write| kind(&write.entry)).collect();
        let counts = self.of.as_ref().is_none_or(|of| kinds.contains(of));
        let taken = || self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if !self.stands.load(Ordering::SeqCst) && (!counts || taken()) {
            return Ok(());
        }
        if !self.stands.swap(true, Ordering::SeqCst) {
            let written = std::fs::write(&self.frozen, kinds.join("\n"));
            written.map_err(|error| StorageError::write("the journal", error))?;
        }
        std::future::pending().await
    }
}

/// The call and how far it came, which tell one kind of write from another.
fn kind(entry: &Entry) -> String {
    let state = match entry.state {
        EntryState::Intended => "intended",
        EntryState::Released => "released",
        EntryState::Done => "done",
        EntryState::GivenUp => "given-up",
    };
    format!("{} {state}", entry.call)
}

#[async_trait]
impl Journal for FaultInjection {
    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        self.count(&writes).await?;
        self.inner.write(writes).await
    }

    async fn enqueue(&self, write: Write) -> Result<(), StorageError> {
        self.count(std::slice::from_ref(&write)).await?;
        self.inner.enqueue(write).await
    }

    async fn entries_after(&self, run: &RunId, after: u64) -> Result<Vec<Entry>, StorageError> {
        self.inner.entries_after(run, after).await
    }

    async fn inspect(&self, run: &RunId) -> Result<Vec<Inspected>, StorageError> {
        self.inner.inspect(run).await
    }

    async fn count(&self, run: &RunId, after: u64) -> Result<Count, StorageError> {
        self.inner.count(run, after).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::journal::{
        Call, Effect, Performed,
        testing::{Bench, MemoryJournal},
    };

    /// How much of what a run writes, which changes twice and looks in between, gets past a point.
    async fn stood(point: &str) -> (usize, String) {
        let (bench, journal, folder) = (Bench::new(), Arc::new(MemoryJournal::default()), tempfile::tempdir().unwrap());
        let mut recorder = bench.recorder();
        for (name, effect) in [("files.write", Effect::Write), ("files.read", Effect::Read), ("files.write", Effect::Write)] {
            let call = Call::new(name, effect, &json!({})).unwrap();
            let _answer = recorder.call(call, |_| async { Performed::answer(Ok(Value::Null)) }).await.unwrap();
        }
        let frozen = folder.path().join("frozen");
        let faulty = FaultInjection::new(Arc::clone(&journal) as _, point.parse().unwrap(), frozen.clone());
        let writes = async {
            for written in bench.journal.written() {
                faulty.write(vec![Write { entry: written.entry, events: Vec::new() }]).await.unwrap();
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(50), writes).await;
        (journal.written().len(), std::fs::read_to_string(frozen).unwrap_or_default())
    }

    #[tokio::test]
    async fn it_stands_still_after_so_many_writes_or_so_many_of_a_kind() {
        let at = |writes, kind: &str| (writes, kind.to_owned());
        assert_eq!(stood("0").await, at(0, "files.write intended"));
        assert_eq!(stood("2").await, at(2, "files.read done"));
        assert_eq!(stood("0 files.read done").await, at(2, "files.read done"));
        assert_eq!(stood("1 files.write done").await, at(4, "files.write done"));
        assert_eq!(stood("1 files.read done").await, at(5, ""));
        assert!("some".parse::<FaultPoint>().is_err());
    }
}

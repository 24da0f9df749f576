//! Stand-ins for what the gate needs from outside, all in memory. For tests alone.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use super::{Authority, Capability, Clock, Denial, Entry, Halt, Journal, Limits, Ports, Recorder, RunId, Write};
use crate::{errors::StorageError, events::Draft};

/// What reached the journal, in order.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) entry: Entry,
    pub(crate) events: Vec<Draft>,
    /// The guest did not wait for the disk.
    pub(crate) enqueued: bool,
}

/// Keeps entries in memory.
#[derive(Default)]
pub(crate) struct MemoryJournal(Mutex<Vec<Written>>);

impl MemoryJournal {
    pub(crate) fn written(&self) -> Vec<Written> {
        self.0.lock().unwrap().clone()
    }

    /// Every event, in order.
    pub(crate) fn events(&self) -> Vec<Draft> {
        self.written().into_iter().flat_map(|written| written.events).collect()
    }

    /// The run's calls as they stand now.
    pub(crate) fn history(&self) -> Vec<Entry> {
        let latest: BTreeMap<_, _> = self.written().into_iter().map(|written| (written.entry.seq, written.entry)).collect();
        latest.into_values().collect()
    }

    fn keep(&self, write: Write, enqueued: bool) {
        self.0.lock().unwrap().push(Written { entry: write.entry, events: write.events, enqueued });
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        writes.into_iter().for_each(|write| self.keep(write, false));
        Ok(())
    }

    async fn enqueue(&self, write: Write) -> Result<(), StorageError> {
        self.keep(write, true);
        Ok(())
    }

    async fn entries_after(&self, _: &RunId, after: u64) -> Result<Vec<Entry>, StorageError> {
        Ok(self.history().into_iter().filter(|entry| entry.seq > after).collect())
    }
}

/// A clock that moves one millisecond whenever somebody looks at it.
pub(crate) struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Allows everything but what it lists, and counts how often it was asked.
#[derive(Default)]
pub(crate) struct DenyList {
    denied: Mutex<Vec<(String, String)>>,
    asked: AtomicU64,
    undecided: AtomicBool,
}

impl DenyList {
    /// From now on denies every value of `kind` that begins with `prefix`.
    pub(crate) fn deny(&self, kind: &str, prefix: &str) {
        self.denied.lock().unwrap().push((kind.to_owned(), prefix.to_owned()));
    }

    /// Allows everything again.
    pub(crate) fn relent(&self) {
        self.denied.lock().unwrap().clear();
    }

    /// Whether what it denies is for an operator to decide yet.
    pub(crate) fn leave_undecided(&self, undecided: bool) {
        self.undecided.store(undecided, Ordering::SeqCst);
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Authority for DenyList {
    fn decide(&self, capability: &Capability<'_>) -> Result<(), Denial> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let denied = self.denied.lock().unwrap();
        match denied.iter().any(|(kind, prefix)| kind == capability.kind && capability.value.starts_with(prefix.as_str())) {
            true => Err(Denial { reason: format!("No grant of `{}` for `{}`.", capability.kind, capability.value) }),
            false => Ok(()),
        }
    }

    fn awaits_decision(&self, _capability: &Capability<'_>) -> bool {
        self.undecided.load(Ordering::SeqCst)
    }
}

/// One run whose host can die and come back as often as a test likes.
pub(crate) struct Bench {
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) authority: Arc<DenyList>,
    pub(crate) halt: Halt,
    pub(crate) limits: Limits,
    clock: Arc<TickingClock>,
}

impl Bench {
    pub(crate) const STARTED_AT: u64 = 1_000;
    const CLOCK_AT: u64 = 5_000;

    pub(crate) fn new() -> Self {
        Self {
            journal: Arc::default(),
            authority: Arc::default(),
            halt: Halt::default(),
            limits: Limits { payload: 8 << 20, calls: 1_000 },
            clock: Arc::new(TickingClock(AtomicU64::new(Self::CLOCK_AT))),
        }
    }

    pub(crate) fn run() -> RunId {
        RunId::at(Self::STARTED_AT, [7; 10])
    }

    /// A new execution of the run, which replays what the journal holds.
    pub(crate) fn recorder(&self) -> Recorder {
        self.resumed_from(self.journal.history())
    }

    /// A new execution that finds `history` in its journal.
    pub(crate) fn resumed_from(&self, history: Vec<Entry>) -> Recorder {
        let (journal, clock, authority) = (self.journal.clone(), self.clock.clone(), self.authority.clone());
        Recorder::new(Self::run(), history, Self::STARTED_AT, self.limits, self.halt.clone(), Ports { journal, clock, authority })
    }
}

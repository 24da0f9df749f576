//! What becomes known of a call while it is being made, such as that a first try may have been charged. Written at once, so
//! that a crash loses none of it. Answers no call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Effect, Entry, Journal, Redactor, Write, recorder::repeated};
use crate::{errors::StorageError, events::Draft};

/// Writes notes on the calls of one execution that are being made. Clones write for the same execution.
#[derive(Clone)]
pub struct Notes {
    journal: Arc<dyn Journal>,
    redactor: Redactor,
    made: Arc<Mutex<HashMap<u64, Noted>>>,
}

struct Noted {
    entry: Entry,
    /// A try was made that may have taken effect.
    may_have_happened: bool,
}

impl Notes {
    pub(super) fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal, redactor: Redactor::default(), made: Arc::default() }
    }

    pub(super) fn redacting(self, redactor: Redactor) -> Self {
        Self { redactor, ..self }
    }

    /// A call is about to be made. Only those that may be charged are noted on.
    pub(super) fn begin(&self, entry: &Entry) {
        if entry.effect == Effect::Model {
            self.lock_notes().insert(entry.seq, Noted { entry: entry.clone(), may_have_happened: false });
        }
    }

    /// The call has come to an end. Gives whether a try of it may have taken effect, and flags the entry where it was sent again.
    pub(super) fn end(&self, entry: &mut Entry) -> bool {
        let Some(noted) = self.lock_notes().remove(&entry.seq) else { return false };
        entry.repeated |= noted.entry.repeated;
        noted.may_have_happened
    }

    /// Writes down that a try of call `seq` may have taken effect, with the events that say so.
    pub async fn may_have_happened(&self, seq: u64, events: Vec<Draft>) -> Result<(), StorageError> {
        let Some(entry) = self.change(seq, |noted| noted.may_have_happened = true) else { return Ok(()) };
        self.write(entry, events).await
    }

    /// Writes down that call `seq` is made again, which a try before may have done already. Returns once the flag is on the disk.
    pub async fn is_repeated(&self, seq: u64) -> Result<(), StorageError> {
        let mut is_new = false;
        let Some(entry) = self.change(seq, |noted| is_new = !std::mem::replace(&mut noted.entry.repeated, true)) else { return Ok(()) };
        if !is_new {
            return Ok(());
        }
        let event = repeated(&entry);
        self.write(entry, vec![event]).await
    }

    fn change(&self, seq: u64, change: impl FnOnce(&mut Noted)) -> Option<Entry> {
        let mut made = self.lock_notes();
        let noted = made.get_mut(&seq)?;
        change(noted);
        Some(noted.entry.clone())
    }

    async fn write(&self, entry: Entry, events: Vec<Draft>) -> Result<(), StorageError> {
        let events = events.into_iter().map(|event| event.map(|data| self.redactor.value(data))).collect();
        self.journal.write(vec![Write { entry, events }]).await
    }

    fn lock_notes(&self) -> MutexGuard<'_, HashMap<u64, Noted>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

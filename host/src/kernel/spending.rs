//! How much of an amount the runs from one run down have used together: summed once from what is kept, and then from what
//! their journals are given. Bounds nothing itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use async_trait::async_trait;

use super::{Kernel, KernelError};
use crate::{
    errors::StorageError,
    events::Draft,
    interfaces::children::spent,
    journal::{Count, Entry, Inspected, Journal, RunId, Write},
};

const BILLION: f64 = 1e9;

/// What was used so far. Counted in billionths, so that sums are exact.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Option<u64>>);

impl Meter {
    /// One that stands at so much.
    pub(super) fn new(used: Option<f64>) -> Self {
        Self(Mutex::new(used.map(billionths)))
    }

    /// The sum; none when a part of it is not known.
    #[expect(clippy::cast_precision_loss, reason = "sums of prices are far below what a double holds exactly")]
    pub(super) fn used(&self) -> Option<f64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|used| used as f64 / BILLION)
    }

    fn add(&self, amount: Option<f64>) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.zip(amount).map(|(used, amount)| used.saturating_add(billionths(amount)));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float converts to the nearest number there is")]
fn billionths(amount: f64) -> u64 {
    (amount * BILLION).round() as u64
}

/// The meters that somebody reads, by the run at which each begins.
#[derive(Default)]
pub(super) struct Meters {
    known: Mutex<HashMap<RunId, Weak<Meter>>>,
    /// Held while one is set up, so that it is set up once.
    setting_up: tokio::sync::Mutex<()>,
}

impl Meters {
    fn find(&self, run: &RunId) -> Option<Arc<Meter>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(run).and_then(Weak::upgrade)
    }

    fn insert(&self, run: &RunId, meter: &Arc<Meter>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, meter| meter.strong_count() > 0);
        known.insert(run.clone(), Arc::downgrade(meter));
    }
}

impl Kernel {
    /// What the runs from `run` down have used, from now on as it grows.
    pub(super) async fn meter(&self, run: &RunId) -> Result<Arc<Meter>, KernelError> {
        let _turn = self.meters.setting_up.lock().await;
        if let Some(meter) = self.meters.find(run) {
            return Ok(meter);
        }
        let meter = Arc::new(Meter::new(self.parts.runs.tally(run).await?.cost_usd));
        self.meters.insert(run, &meter);
        Ok(meter)
    }

    /// The journal of a run whose spending counts on `meters`, and on one that begins at the run itself as soon as there is
    /// one.
    pub(super) fn metered(&self, run: &RunId, mut meters: Vec<Arc<Meter>>) -> Arc<dyn Journal> {
        let (journal, all, run) = (Arc::clone(&self.parts.journal), Arc::clone(&self.meters), run.clone());
        // Bounds that begin at one run have one meter, which counts once.
        meters.sort_by_key(Arc::as_ptr);
        meters.dedup_by(|one, other| Arc::ptr_eq(one, other));
        Arc::new(Metered { journal, all, run, meters })
    }
}

struct Metered {
    journal: Arc<dyn Journal>,
    all: Arc<Meters>,
    run: RunId,
    meters: Vec<Arc<Meter>>,
}

impl Metered {
    /// Once it is kept: a meter that is set up at the same moment may count it twice and never misses it.
    fn add(&self, amounts: &[Option<f64>]) {
        if amounts.is_empty() {
            return;
        }
        let own = self.all.find(&self.run).filter(|own| !self.meters.iter().any(|meter| Arc::ptr_eq(meter, own)));
        for meter in self.meters.iter().chain(&own) {
            amounts.iter().for_each(|amount| meter.add(*amount));
        }
    }
}

fn amounts<'a>(events: impl Iterator<Item = &'a Draft>) -> Vec<Option<f64>> {
    events.filter_map(spent).collect()
}

#[async_trait]
impl Journal for Metered {
    async fn write(&self, writes: Vec<Write>) -> Result<(), StorageError> {
        let amounts = amounts(writes.iter().flat_map(|write| &write.events));
        self.journal.write(writes).await?;
        self.add(&amounts);
        Ok(())
    }

    async fn enqueue(&self, write: Write) -> Result<(), StorageError> {
        let amounts = amounts(write.events.iter());
        self.journal.enqueue(write).await?;
        self.add(&amounts);
        Ok(())
    }

    async fn entries_after(&self, run: &RunId, after: u64) -> Result<Vec<Entry>, StorageError> {
        self.journal.entries_after(run, after).await
    }

    async fn inspect(&self, run: &RunId) -> Result<Vec<Inspected>, StorageError> {
        self.journal.inspect(run).await
    }

    async fn count(&self, run: &RunId, after: u64) -> Result<Count, StorageError> {
        self.journal.count(run, after).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_decimals_is_the_decimal() {
        let meter = Meter::new(Some(0.1));
        (0..7).for_each(|_| meter.add(Some(0.1)));
        assert_eq!(meter.used(), Some(0.8));
        meter.add(None);
        meter.add(Some(1.0));
        assert_eq!(meter.used(), None, "one unknown price makes the sum unknown");
    }

    #[test]
    fn a_meter_that_nobody_reads_is_forgotten() {
        let (meters, run) = (Meters::default(), RunId::from_text("a"));
        let meter = Arc::new(Meter::default());
        meters.insert(&run, &meter);
        assert!(meters.find(&run).is_some());
        drop(meter);
        assert!(meters.find(&run).is_none());
    }
}

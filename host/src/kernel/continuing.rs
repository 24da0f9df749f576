//! How runs begin again with another input, and how often they may: a workflow that does nothing else would keep a processor
//! and the disk busy for ever. Executes none of them.

use std::{
    collections::{HashMap, VecDeque},
    sync::PoisonError,
};

use super::events::{Continued, Waiting};
use super::{Kernel, KernelError, run::State};
use crate::{
    events::Draft,
    journal::{Continuation, RunId, Wait},
};

/// How often a run may continue in [`WINDOW`].
const MOST: usize = 60;
/// In milliseconds.
const WINDOW: u64 = 60_000;

/// When each run continued lately, as far as this process knows: after a restart the count begins again.
#[derive(Debug, Default)]
pub(super) struct Rounds(HashMap<RunId, VecDeque<u64>>);

impl Rounds {
    /// Counts that a run continues, and returns until when it has to wait first, if it has to; in milliseconds since 1970 UTC.
    fn count(&mut self, run: &RunId, now: u64) -> Option<u64> {
        self.0.retain(|_, rounds| rounds.back().is_some_and(|last| now.saturating_sub(*last) < WINDOW));
        let rounds = self.0.entry(run.clone()).or_default();
        let first = if rounds.len() < MOST { None } else { rounds.pop_front() };
        let until = first.map(|first| first.saturating_add(WINDOW)).filter(|until| *until > now);
        rounds.push_back(until.unwrap_or(now));
        until
    }
}

impl Kernel {
    /// Queues a run to begin again with another input, or has it wait before where it continues all the time. The input
    /// before is in the request of the call that gave it; that of the start, which no call gave, is told with the event.
    pub(super) async fn begin_again(&self, id: &RunId, continuation: &Continuation) -> Result<(), KernelError> {
        let run = self.run(id).await?;
        let input = (run.journal_from == 0).then_some(run.input);
        let mut events = vec![Draft::of_run(id, &Continued { seq: continuation.seq, input })];
        let until = self.rounds.lock().unwrap_or_else(PoisonError::into_inner).count(id, self.now());
        let to = until.map_or(State::Queued, |until| State::Waiting { wait: Wait::Until(until) });
        if let State::Waiting { wait } = &to {
            events.push(Draft::of_run(id, &Waiting { wait: wait.into() }));
        }
        if !self.parts.runs.continue_with(id, continuation, to, events).await? {
            tracing::debug!(run = %id, "a run does not continue, because it was ended meanwhile");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_continues_all_the_time_waits() {
        let (mut rounds, run, other) = (Rounds::default(), RunId::from_text("a"), RunId::from_text("b"));
        let most = MOST as u64;
        for at in 0..most {
            assert_eq!(rounds.count(&run, at), None);
        }
        assert_eq!(rounds.count(&other, most), None, "each counts for itself");
        assert_eq!(rounds.count(&run, most), Some(WINDOW), "a minute after the first");
        assert_eq!(rounds.count(&run, WINDOW), Some(WINDOW + 1), "and after the second");
        assert_eq!(rounds.count(&run, WINDOW * 2), None);
        assert_eq!(rounds.count(&run, WINDOW * 3 + 1), None, "what rested begins to count again");
        assert_eq!((rounds.0.len(), rounds.0[&run].len()), (1, 1));
    }

    #[test]
    fn a_run_that_continues_now_and_then_never_waits() {
        let (mut rounds, run) = (Rounds::default(), RunId::from_text("a"));
        for round in 0..1_000 {
            assert_eq!(rounds.count(&run, round * WINDOW / MOST as u64), None);
        }
        assert!(rounds.0[&run].len() <= MOST);
    }
}

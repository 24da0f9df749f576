//! How a run is told from outside to end, and how long it then still may take. Ends nothing itself.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedRwLockReadGuard, RwLock, watch};

use super::{Effect, Interrupt, Repeat};

/// How long a call that is in flight when its run is stopped is waited for.
pub const GRACE: Duration = Duration::from_secs(5);

/// Tells a run from outside to end. Clones speak to the same run.
#[derive(Clone, Debug)]
pub struct Halt {
    signal: Arc<watch::Sender<Signal>>,
    /// Read by each call from its intent to its answer, so that none is cut off in between.
    calls: Arc<RwLock<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    GoOn,
    Stop,
    Cancel,
}

impl Default for Halt {
    fn default() -> Self {
        Self { signal: Arc::new(watch::Sender::new(Signal::GoOn)), calls: Arc::default() }
    }
}

impl Halt {
    /// The run ends at its next call and carries on when it is resumed. A call in flight is waited for as long as
    /// [`Self::in_time`] says.
    pub fn stop(&self) {
        self.raise(Signal::Stop);
    }

    /// The run ends for good, also in the middle of a call.
    pub fn cancel(&self) {
        self.raise(Signal::Cancel);
    }

    /// Why the run has to end, if it has to.
    pub fn interrupt(&self) -> Option<Interrupt> {
        match *self.signal.borrow() {
            Signal::GoOn => None,
            Signal::Stop => Some(Interrupt::Stopped),
            Signal::Cancel => Some(Interrupt::Cancelled),
        }
    }

    /// Returns once somebody has cancelled.
    pub async fn cancelled(&self) {
        // The sender is ours, so the wait ends only by the signal.
        let _ = self.signal.subscribe().wait_for(|signal| *signal == Signal::Cancel).await;
    }

    /// Returns once somebody has stopped or cancelled.
    pub async fn raised(&self) {
        let _ = self.signal.subscribe().wait_for(|signal| *signal != Signal::GoOn).await;
    }

    /// What comes of a call, unless somebody stops the run and the call takes longer than [`GRACE`] from then on: that is as if
    /// the host had died in the middle of it. What must not happen twice is waited for to its end.
    pub async fn in_time<T>(&self, effect: Effect, call: impl Future<Output = T>) -> Option<T> {
        if effect.repeat() == Repeat::Never {
            return Some(call.await);
        }
        tokio::select! {
            biased;
            done = call => Some(done),
            () = self.overdue() => None,
        }
    }

    /// Marks a call as being made, until the mark is dropped.
    pub async fn calling(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.calls).read_owned().await
    }

    /// Returns once the guest itself is to be ended: somebody stopped the run, [`GRACE`] has passed, and no call is being
    /// made. A guest that computes or sleeps never comes to the call by which it would end.
    pub async fn stalled(&self) {
        self.stalled_for(GRACE).await;
    }

    async fn stalled_for(&self, grace: Duration) {
        self.raised().await;
        tokio::time::sleep(grace).await;
        let _no_call_is_made = self.calls.write().await;
    }

    /// Returns once somebody has stopped or cancelled and [`GRACE`] has passed.
    pub async fn overdue(&self) {
        self.raised().await;
        tokio::time::sleep(GRACE).await;
    }

    /// A cancellation is final: a later stop does not soften it.
    fn raise(&self, signal: Signal) {
        self.signal.send_if_modified(|current| {
            let raised = *current != Signal::Cancel && *current != signal;
            if raised {
                *current = signal;
            }
            raised
        });
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Instant};

    use super::*;

    #[tokio::test]
    async fn a_guest_is_ended_after_the_grace_but_not_in_a_call() {
        let (halt, moment) = (Halt::default(), Duration::from_millis(20));
        let call = halt.calling().await;
        assert!(tokio::time::timeout(moment, halt.stalled_for(Duration::ZERO)).await.is_err(), "nobody stopped it");
        halt.stop();
        assert!(tokio::time::timeout(moment, halt.stalled_for(Duration::ZERO)).await.is_err(), "a call is being made");
        drop(call);
        halt.stalled_for(moment).await;
    }

    #[tokio::test]
    async fn a_stopped_run_leaves_its_call_after_the_grace_unless_it_must_not_happen_twice() {
        let halt = Halt::default();
        assert_eq!(halt.in_time(Effect::Model, async { 1 }).await, Some(1));
        halt.stop();
        let begun = Instant::now();
        tokio::select! {
            biased;
            once = halt.in_time(Effect::Once, pending::<()>()) => panic!("it was left: {once:?}"),
            left = halt.in_time(Effect::Model, pending::<()>()) => assert_eq!(left, None),
        }
        assert!((GRACE..GRACE * 2).contains(&begun.elapsed()), "after {:?}", begun.elapsed());
        assert_eq!(halt.in_time(Effect::Model, async { 2 }).await, Some(2), "what is done is done");
    }
}

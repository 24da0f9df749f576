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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Signal {
    /// The run is being cancelled, and may put things in order.
    cancelling: bool,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stop,
    Cancel,
}

impl Default for Halt {
    fn default() -> Self {
        Self { signal: Arc::new(watch::Sender::new(Signal::default())), calls: Arc::default() }
    }
}

impl Halt {
    /// The run ends at its next call and continues when it is resumed. A call in flight is waited for as long as
    /// [`Self::in_time`] says.
    pub fn stop(&self) {
        self.end(End::Stop);
    }

    /// The run ends for good, also in the middle of a call.
    pub fn cancel(&self) {
        self.end(End::Cancel);
    }

    /// The run is being cancelled: what waits, calls a model or begins something answers `cancelled` from now on, and all
    /// else is done, so that the run can put things in order and end itself.
    pub fn begin_cancelling(&self) {
        self.signal.send_if_modified(|signal| !std::mem::replace(&mut signal.cancelling, true));
    }

    /// Whether the run is being cancelled.
    pub fn is_cancelling(&self) -> bool {
        self.signal.borrow().cancelling
    }

    /// Returns once the run is being cancelled.
    pub async fn cancelling(&self) {
        self.wait_for(|signal| signal.cancelling).await;
    }

    /// The same for work that belongs to putting things in order where that has begun before: then it never returns.
    pub fn cancelling_begins(&self) -> impl Future<Output = ()> {
        let (halt, has_begun) = (self.clone(), self.is_cancelling());
        async move { if has_begun { std::future::pending().await } else { halt.cancelling().await } }
    }

    /// Why the run has to end, if it has to.
    pub fn interrupt(&self) -> Option<Interrupt> {
        match self.signal.borrow().end? {
            End::Stop => Some(Interrupt::Stopped),
            End::Cancel => Some(Interrupt::Cancelled),
        }
    }

    /// Returns once somebody has cancelled, and the run may not even put things in order.
    pub async fn cancelled(&self) {
        self.wait_for(|signal| signal.end == Some(End::Cancel)).await;
    }

    /// Returns once somebody has stopped or cancelled.
    pub async fn raised(&self) {
        self.wait_for(|signal| signal.end.is_some()).await;
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

    async fn wait_for(&self, condition: impl FnMut(&Signal) -> bool) {
        // The sender is ours, so the wait ends only by the signal.
        let _ = self.signal.subscribe().wait_for(condition).await;
    }

    /// A cancellation is final: a later stop does not soften it.
    fn end(&self, end: End) {
        self.signal.send_if_modified(|signal| {
            let is_new = signal.end != Some(End::Cancel) && signal.end != Some(end);
            if is_new {
                signal.end = Some(end);
            }
            is_new
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
        assert_eq!(halt.in_time(Effect::Model, async { 1 }).await, Some(1), "what is done is done");
    }

    #[tokio::test]
    async fn a_run_that_is_being_cancelled_may_still_put_things_in_order() {
        let (halt, moment) = (Halt::default(), Duration::from_millis(20));
        let begins = halt.cancelling_begins();
        halt.begin_cancelling();
        begins.await;
        assert!(tokio::time::timeout(moment, halt.cancelling_begins()).await.is_err(), "it begins once");
        assert!(halt.is_cancelling() && halt.interrupt().is_none());
        halt.stop();
        assert!(matches!(halt.interrupt(), Some(Interrupt::Stopped)));
    }
}

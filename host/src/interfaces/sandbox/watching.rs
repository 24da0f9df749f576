//! Stays beside a command while it runs: ends the wait for it once the disk is used up, or the run or the host is to end.

use std::{pin::pin, time::Duration};

use super::service::CommandContext;

/// How often the disk is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long a command may still take to end by itself when the host is told to. What is left of the grace that a call in
/// flight has is for ending it and for sweeping up after it.
const LAST_MOMENTS: Duration = Duration::from_secs(3);

/// How the wait for a command ended.
pub(super) enum Watched<T> {
    /// With the command.
    Ended(T),
    /// Something is used up; a sentence.
    UsedUp(String),
    /// The host was told to end.
    Stopped,
    /// The run began to be cancelled.
    Cancelled,
}

/// Waits for the end of `work`, a command in a place. Drops it where it is to end; `lacking` tells what is used up on the disk.
pub(super) async fn watch_work<T>(
    work: impl Future<Output = T>,
    place: &CommandContext,
    lacking: impl Fn() -> Option<String>,
) -> Watched<T> {
    let stopped = async {
        place.halt.raised().await;
        tokio::time::sleep(LAST_MOMENTS).await;
    };
    let (mut work, mut stopped, mut cancelled) = (pin!(work), pin!(stopped), pin!(place.halt.cancelling_begins()));
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Watched::Ended(done),
            () = &mut stopped => return Watched::Stopped,
            () = &mut cancelled => return Watched::Cancelled,
            _ = look.tick() => if let Some(reason) = lacking() {
                return Watched::UsedUp(reason);
            },
        }
    }
}

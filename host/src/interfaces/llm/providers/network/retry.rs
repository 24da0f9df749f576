//! Tries again what certainly cost nothing, a few times, later each time. Does not know what is being tried.

use std::time::Duration;

use super::circuit_breaker::CircuitBreaker;
use super::failure::Failure;
use crate::interfaces::llm::messages::Reply;
use crate::interfaces::llm::provider::ProviderError;
use crate::interfaces::llm::providers::pace::Pace;

/// Pauses before the second, third and fourth attempt.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Waits before a call is made again after so many tries; later each time.
pub(in super::super) async fn back_off(pace: &dyn Pace, tries: u32) {
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    pace.pause(spread(pace, PAUSES[place])).await;
}

/// Spread out, so that runs that failed together do not come back together.
fn spread(pace: &dyn Pace, pause: Duration) -> Duration {
    pause.mul_f64(1.0 + pace.jitter().clamp(0.0, 1.0) / 2.0)
}

/// The last answer of `attempt`, repeated while it fails in a way that may be tried again and the account's circuit breaker
/// lets it be made.
pub(super) async fn retry<F>(
    pace: &dyn Pace,
    circuit_breaker: &CircuitBreaker,
    mut attempt: impl FnMut() -> F,
) -> Result<Reply, ProviderError>
where
    F: Future<Output = Result<Reply, Box<Failure>>>,
{
    let mut pauses = PAUSES.iter();
    let mut tries = 1;
    loop {
        circuit_breaker.admit(pace.now())?;
        let failure = match attempt().await {
            Ok(reply) => {
                circuit_breaker.answered();
                return Ok(reply);
            }
            Err(failure) => circuit_breaker.failed(failure, pace.now()),
        };
        let Some(pause) = pauses.next().filter(|_| failure.again) else { return Err(failure.after(tries)) };
        // The last failure is told by what becomes of the run.
        tracing::info!(tries, error = %failure.error, "a model call is tried again");
        // Never sooner than told.
        pace.pause(spread(pace, *pause).max(failure.wait.unwrap_or_default())).await;
        tries += 1;
    }
}

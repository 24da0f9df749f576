//! Time and chance as the adapters need them, so that tests wait for nothing. Decides no delay itself.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// A clock that can be waited on, and a source of chance.
#[async_trait]
pub trait Pace: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
    /// A number from 0.0 up to 1.0, different every time.
    fn jitter(&self) -> f64;
    /// Waits.
    async fn pause(&self, duration: Duration);
}

/// The machine's clock and the thread's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPace;

#[async_trait]
impl Pace for SystemPace {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn jitter(&self) -> f64 {
        rand::random()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

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
    /// How long that is which an adapter would wait for.
    fn shorten(&self, duration: Duration) -> Duration {
        duration
    }
    /// Waits.
    async fn pause(&self, duration: Duration);
}

/// The machine's clock and the thread's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPace {
    /// By how much all waiting is shortened; not at all by less than 2.
    pub haste: u32,
}

#[async_trait]
impl Pace for SystemPace {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn shorten(&self, duration: Duration) -> Duration {
        duration / self.haste.max(1)
    }

    fn jitter(&self) -> f64 {
        rand::random()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(self.shorten(duration)).await;
    }
}

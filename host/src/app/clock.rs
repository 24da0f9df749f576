//! What time it is: the machine's clock, which tests can move. Waits for nothing.

#[cfg(fault_injection)]
use std::{fs, path::PathBuf};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{config::Config, journal::Clock};

/// The machine's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The machine's clock, moved by what a file says.
#[cfg(fault_injection)]
struct MovedClock(PathBuf);

#[cfg(fault_injection)]
impl Clock for MovedClock {
    fn now(&self) -> u64 {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        SystemClock.now().saturating_add(text.trim().parse().unwrap_or_default())
    }
}

#[cfg(not(fault_injection))]
pub(super) fn of(_: &Config) -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The clock that a configuration asks for.
#[cfg(fault_injection)]
pub(super) fn of(config: &Config) -> Arc<dyn Clock> {
    match &config.faults.clock_file {
        Some(file) => Arc::new(MovedClock(file.clone())),
        None => Arc::new(SystemClock),
    }
}

#[cfg(all(test, fault_injection))]
mod tests {
    use super::*;

    #[test]
    fn a_file_moves_the_clock_and_none_leaves_it() {
        let home = tempfile::tempdir().unwrap();
        let clock = MovedClock(home.path().join("clock"));
        let day = 24 * 60 * 60 * 1000;
        assert!(clock.now() < SystemClock.now() + day);
        fs::write(&clock.0, format!("{day}\n")).unwrap();
        assert!(clock.now() >= SystemClock.now() + day - 1_000);
        fs::write(&clock.0, "soon").unwrap();
        assert!(clock.now() < SystemClock.now() + day);
    }
}

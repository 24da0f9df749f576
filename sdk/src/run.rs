//! The run itself: its id, its time, its log and its progress. Needs no grant.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn wait_a_minute() {
//!     run::progress(0.5, "Waiting");
//!     run::sleep_until(run::now() + 60_000);
//!     run::info("Waited for a minute.");
//! }
//! # let host = baton_sdk::testing::Host::new();
//! # host.inside(wait_a_minute);
//! # assert_eq!(host.logged()[0].message, "Waited for a minute.");
//! ```

use serde_json::Value;

use crate::imports::run as host;
use crate::numbers;

pub use host::{Info, Level};

/// Describes the run: its id, project and plugin.
pub fn about() -> Info {
    host::about()
}

/// The time in milliseconds since 1970 UTC. It does not change between host calls, so that a replay sees the same time.
pub fn now() -> u64 {
    numbers::from_contract(host::now())
}

/// Suspends the run until `until`, in milliseconds since 1970 UTC. Returns immediately if that time has passed.
pub fn sleep_until(until: u64) {
    host::sleep_until(numbers::to_contract(until));
}

/// Pauses the run until its operator resumes it. Use it for what only people can fix: `reason` tells them what is wrong
/// and what to do.
pub fn pause(reason: &str) {
    host::pause(reason);
}

/// Adds a line to the run's log, with the fields of a JSON object (`Null` for none).
pub fn log(level: Level, message: &str, fields: &Value) {
    let fields = if fields.is_null() { "{}".to_owned() } else { fields.to_string() };
    host::log(level, message, &fields);
}

/// Adds a line at level info.
pub fn info(message: &str) {
    log(Level::Info, message, &Value::Null);
}

/// Adds a line at level warn.
pub fn warn(message: &str) {
    log(Level::Warn, message, &Value::Null);
}

/// Reports the progress of the run. `fraction` is 0.0 to 1.0; `step` is shown to people.
pub fn progress(fraction: f32, step: &str) {
    host::progress(fraction, step);
}

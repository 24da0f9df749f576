//! The run this component is executing in: who it is, what time it is, and what its watchers are told.

use serde_json::Value;

use crate::imports::run as host;

pub use host::{Info, Level};

/// Who is running, and for which project.
pub fn about() -> Info {
    host::about()
}

/// Milliseconds since 1970 UTC. Stands still between host calls, so that a replay sees the same time.
pub fn now() -> u64 {
    host::now()
}

/// Sleeps without memory until `until`, milliseconds since 1970 UTC. Returns at once when that time has passed.
pub fn sleep_until(until: u64) {
    host::sleep_until(until);
}

/// Puts the run away until its operator resumes it, and returns then. For what only people can mend: `reason` tells them
/// what is wrong and what to do.
pub fn pause(reason: &str) {
    host::pause(reason);
}

/// One line for whoever reads the run's log, with the fields of a JSON object beside it (`Null` for none).
pub fn log(level: Level, message: &str, fields: &Value) {
    let fields = if fields.is_null() { "{}".to_owned() } else { fields.to_string() };
    host::log(level, message, &fields);
}

/// One line of the run's log at level info.
pub fn info(message: &str) {
    log(Level::Info, message, &Value::Null);
}

/// One line of the run's log at level warn.
pub fn warn(message: &str) {
    log(Level::Warn, message, &Value::Null);
}

/// Tells whoever watches where the run is. `fraction` is 0.0 to 1.0; `step` is shown as it is.
pub fn progress(fraction: f32, step: &str) {
    host::progress(fraction, step);
}

//! The run itself: its id, its time, its log, its progress, and what it publishes. Needs no grant.
//!
//! When the run is cancelled, the call in which it waits, or has a model or a command at work, returns the error
//! `cancelled`, and so does every later call that would wait, call a model, ask people or start a run. All other calls
//! still work, so that a plugin can put things in order before it returns; it has 10 seconds for that, unless the operator
//! sets `limits.grace-s`.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn wait_a_minute() -> Result<()> {
//!     run::progress(0.5, "Waiting");
//!     run::sleep_until(run::now() + 60_000)?;
//!     run::info("Waited for a minute.");
//!     Ok(())
//! }
//! # let host = baton_sdk::testing::Host::new();
//! # host.inside(wait_a_minute).unwrap();
//! # assert_eq!(host.logged()[0].message, "Waited for a minute.");
//! ```

use serde::Serialize;
use serde_json::Value;

use crate::imports::run as host;
use crate::{Error, Result, numbers};

pub use host::{Info, Level};

/// Describes the run: its id, project and plugin.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn file_of_this_run() -> String {
///     format!("reports/{}.md", run::about().id)
/// }
/// # assert!(Host::new().inside(file_of_this_run).starts_with("reports/0000"));
/// ```
pub fn about() -> Info {
    host::about()
}

/// The time in milliseconds since 1970 UTC. It does not change between host calls, so that a replay sees the same time.
pub fn now() -> u64 {
    numbers::from_contract(host::now())
}

/// Suspends the run until `until`, in milliseconds since 1970 UTC. Returns immediately if that time has passed.
///
/// Error: `cancelled` if the run is being cancelled.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Holds a place for an hour, and gives it back also when the run is cancelled meanwhile.
/// fn hold() -> Result<()> {
///     state::set("places", "window", &"taken", None)?;
///     let slept = run::sleep_until(run::now() + 60 * 60 * 1000);
///     state::remove("places", "window")?;
///     slept
/// }
/// # let host = Host::new().with_cancel_after(60_000);
/// # assert_eq!(host.inside(hold).unwrap_err().kind, ErrorKind::Cancelled);
/// # assert_eq!(host.state("places", "window"), None);
/// ```
pub fn sleep_until(until: u64) -> Result<()> {
    Ok(host::sleep_until(numbers::to_contract(until))?)
}

/// Pauses the run until its operator resumes it. Use it for what only people can fix: `reason` tells them what is wrong
/// and what to do.
///
/// Error: `cancelled` if the run is being cancelled.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Reads a file that only the operator can provide.
/// fn license() -> Result<String> {
///     loop {
///         match files::read_text("LICENSE") {
///             Ok(text) => return Ok(text),
///             Err(error) => run::pause(&format!("The license is missing: {error} Add the file LICENSE, then resume the run."))?,
///         }
///     }
/// }
/// # assert_eq!(Host::new().with_file("LICENSE", "MIT").inside(license), Ok("MIT".to_owned()));
/// ```
pub fn pause(reason: &str) -> Result<()> {
    Ok(host::pause(reason)?)
}

/// Shows `value` under `key` to operators and programs, in the place of what was there before; `Null` removes it. A key has
/// 1 to 64 of a-z, 0-9, `-` and `.`.
///
/// Error: `invalid` for another key, for a value of more than 64 KiB, and for more than 64 keys.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn count(files: &[&str]) -> Result<()> {
///     for (done, file) in files.iter().enumerate() {
///         run::publish("files", &json!({ "done": done, "now": file }))?;
///     }
///     run::publish("files", &json!({ "done": files.len() }))
/// }
/// # let host = Host::new();
/// # host.inside(|| count(&["a.md", "b.md"])).unwrap();
/// # assert_eq!(host.published("files"), Some(json!({ "done": 2 })));
/// ```
pub fn publish<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<()> {
    Ok(host::publish(key, &serde_json::to_string(value)?)?)
}

/// Begins the run again from the top with another input and an empty journal. For workflows without an end, whose journal
/// would grow for ever. The run keeps its id, its signals and what it published; the tickets it holds are given up.
///
/// It returns only if that is not possible, so return what it returns: `invalid` in an agent or a toolbox, or for an input
/// that is too large.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// struct Nightly;
///
/// impl Workflow<u64> for Nightly {
///     fn run(nights: u64) -> Result<Value> {
///         run::sleep_until(run::now() + 24 * 60 * 60 * 1000)?;
///         workflows::start::<Value, _>("run-tests", &json!({}))?.wait()?;
///         Err(run::continue_with(&(nights + 1)))
///     }
/// }
/// # let host = Host::new().with_workflow("run-tests", |_| Ok(json!("green"))).with_cancel_after(200_000_000);
/// # assert_eq!(host.run(Nightly::run, 0).unwrap_err().kind, ErrorKind::Cancelled);
/// # assert_eq!(host.requests("run.continue-with"), [json!({ "input": 1 }), json!({ "input": 2 })]);
/// ```
pub fn continue_with<T: Serialize + ?Sized>(input: &T) -> Error {
    let continued = serde_json::to_string(input).map_err(Error::from).and_then(|input| Ok(host::continue_with(&input)?));
    continued
        .err()
        .unwrap_or_else(|| Error::other("The run did not begin again, and the host gave no reason. Report this to its operator."))
}

/// Adds a line to the run's log, with the fields of a JSON object (`Null` for none).
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn report(story: &str, tests: u32) {
///     run::log(run::Level::Info, "The tests pass.", &json!({ "story": story, "tests": tests }));
/// }
/// # let host = Host::new();
/// # host.inside(|| report("login", 12));
/// # assert_eq!(host.logged()[0].fields, json!({ "story": "login", "tests": 12 }));
/// ```
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

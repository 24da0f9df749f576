//! `run`, with a clock that moves only when the plugin sleeps, or waits for a child that takes time.

use serde_json::{Value, json};

use super::Contract;
pub use crate::bindings::host::baton::plugin::run::{Info, Level};
use crate::numbers;
use crate::testing::{installed, level_word};

pub(crate) fn about() -> Info {
    let world = installed::world("run.about");
    let about = world.about.borrow().clone();
    let noted = json!([about.id, about.parent, about.project, about.plugin, about.plugin_version]);
    let answer = world.call("run.about", Value::Null, None, || Ok(about.clone()), |_| noted);
    answer.unwrap_or(about)
}

pub(crate) fn now() -> f64 {
    numbers::to_contract(installed::world("run.now").now.get())
}

pub(crate) fn sleep_until(until: f64) -> Contract<()> {
    let until = numbers::from_contract(until);
    let world = installed::world("run.sleep-until");
    let wake = || {
        world.pass(until);
        Ok(())
    };
    Ok(world.call("run.sleep-until", json!(until), None, wake, super::done)?)
}

pub(crate) fn pause(reason: &str) -> Contract<()> {
    let world = installed::world("run.pause");
    let resume = || {
        world.resume(reason);
        Ok(())
    };
    Ok(world.call("run.pause", json!(reason), None, resume, super::done)?)
}

pub(crate) fn log(level: Level, message: &str, fields: &str) {
    let fields = match serde_json::from_str(fields) {
        Ok(fields @ Value::Object(_)) => fields,
        _ => json!({ "fields": fields }),
    };
    let line = json!({ "level": level_word(level), "message": message, "fields": fields });
    tell(installed::world("run.log").call("run.log", line, None, || Ok(()), super::done));
}

pub(crate) fn progress(fraction: f32, step: &str) {
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    let place = json!({ "fraction": fraction, "step": step });
    tell(installed::world("run.progress").call("run.progress", place, None, || Ok(()), super::done));
}

/// A call that needs nothing and always succeeds.
fn tell(_: crate::Result<()>) {}

//! `run`, with a clock that moves only when the plugin waits for what takes time.

use serde_json::{Value, json};

use super::Contract;
pub use crate::bindings::host::baton::plugin::run::{Info, Level};
use crate::testing::{continuing, installed, level_word, world::Role};
use crate::{Error, Result, numbers};

const LONGEST_KEY: usize = 64;
const LARGEST_PUBLISHED: usize = 64 << 10;
const MOST_PUBLISHED: usize = 64;

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
    Ok(world.call("run.sleep-until", json!(until), None, || world.wait_until(until), super::done)?)
}

pub(crate) fn pause(reason: &str) -> Contract<()> {
    let world = installed::world("run.pause");
    Ok(world.call("run.pause", json!(reason), None, || world.resume(reason), super::done)?)
}

pub(crate) fn publish(key: &str, value: &str) -> Contract<()> {
    let world = installed::world("run.publish");
    check_key(key)?;
    let value = published(value)?;
    let publish = || {
        let mut published = world.published.borrow_mut();
        if value.is_null() {
            published.remove(key);
        } else if published.len() >= MOST_PUBLISHED && !published.contains_key(key) {
            return Err(Error::invalid(format!(
                "The run publishes {MOST_PUBLISHED} keys, which is the limit. Publish `null` under one that is not needed, or use an earlier key."
            ))
            .about(key));
        } else {
            published.insert(key.to_owned(), value.clone());
        }
        Ok(())
    };
    Ok(world.call("run.publish", json!({ "key": key, "value": value }), None, publish, super::done)?)
}

/// Ends the execution, unless the run cannot begin again.
pub(crate) fn continue_with(input: &str) -> Contract<()> {
    let world = installed::world("run.continue-with");
    if world.role.get() != Role::Workflow {
        let text = "Only a workflow continues with another input. Return what there is to the run that waits for it.";
        return Err(Error::invalid(text).into());
    }
    let input: Value = serde_json::from_str(input).map_err(|error| {
        Error::invalid(format!("The input to continue with is not JSON: {error}. Send a JSON document.")).about("input")
    })?;
    world.call("run.continue-with", json!({ "input": input }), None, || Ok(()), super::done)?;
    continuing::continue_with(input)
}

fn check_key(key: &str) -> Result<()> {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    if (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(fits) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "The key is not one that a run can publish under. It has 1 to {LONGEST_KEY} of the characters a-z, 0-9, `-` and `.`; rename it."
    ))
    .about("key"))
}

fn published(value: &str) -> Result<Value> {
    if value.len() > LARGEST_PUBLISHED {
        return Err(Error::invalid(format!(
            "A value of {} bytes is more than the {LARGEST_PUBLISHED} that can be published under one key; publish less, or write a file and \
             publish its path.",
            value.len()
        ))
        .about("value"));
    }
    serde_json::from_str(value)
        .map_err(|error| Error::invalid(format!("The value to publish is not JSON: {error}. Send a JSON document.")).about("value"))
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

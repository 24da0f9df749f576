//! Implements `run` of the contract.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::events::{Logged, Progressed, Published};
use super::{About, View};
use crate::{
    bindings::{
        Fault,
        run::{Host, Info, Level},
    },
    errors::Hint,
    events::{Draft, Payload},
    interfaces::{
        children::Role,
        numbers,
        published::{CALL, PublishError},
    },
    journal::{Call, CallError, Effect, Pause, PauseKind, Performed, Wait},
};

/// Bytes of a text that are kept. Words need no grant, so they must not be a way to fill the disk.
const LONGEST_TEXT: usize = 8 << 10;

/// Bytes of a document that is shown to others.
const LARGEST_PUBLISHED: usize = 64 << 10;
/// Characters of its key.
const LONGEST_KEY: usize = 64;

/// What a run is told of itself, as the journal keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RunDescription {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    project: String,
    plugin: String,
    plugin_version: String,
}

impl Host for View<'_> {
    /// Journaled, so that a fork's guest sees what the first one saw.
    async fn about(&mut self) -> wasmtime::Result<Info> {
        let (about, id) = (self.about.clone(), self.recorder.run().to_string());
        let About { parent, project, plugin, plugin_version, .. } = about;
        let told = RunDescription { id, parent, project: project.id, plugin, plugin_version };
        let call = Call::new("run.about", Effect::Read, &())?;
        let answer = self.recorder.call(call, |_| async move { Performed::answer(Ok(told)) }).await?;
        let RunDescription { id, parent, project, plugin, plugin_version } = answer.map_err(wasmtime::Error::new)?;
        Ok(Info { id, parent, project, plugin, plugin_version })
    }

    async fn now(&mut self) -> wasmtime::Result<f64> {
        Ok(numbers::to_wit(self.recorder.now()))
    }

    async fn sleep_until(&mut self, until: f64) -> Result<(), Fault> {
        let until = numbers::time(until, "until-ms")?;
        let call = Call::new("run.sleep-until", Effect::Wait, &until)?;
        let now = self.recorder.clock();
        let looked = move |_| async move { if now >= until { Performed::answer(Ok(())) } else { Performed::Waiting(Wait::Until(until)) } };
        Ok(self.recorder.call(call, looked).await??)
    }

    /// The kernel answers it when an operator resumes the run. Made again, as after a crash, it pauses the run again.
    async fn pause(&mut self, reason: String) -> Result<(), Fault> {
        let reason = beginning(reason);
        let call = Call::new("run.pause", Effect::Wait, &reason)?;
        let pause = Pause::new(PauseKind::Requested, quote_reason(&reason));
        let paused = self.recorder.call::<(), _>(call, |_| async move { Performed::Paused { pause, happened: true } }).await;
        Ok(paused??)
    }

    async fn publish(&mut self, key: String, value: String) -> Result<(), Fault> {
        check_key(&key)?;
        let value = published(&value)?;
        let call = Call::new(CALL, Effect::Write, &json!({ "key": key, "value": value }))?;
        let (published, run, value) = (Arc::clone(self.published), self.recorder.run().clone(), self.recorder.redacted(value));
        let event = Draft::of_run(&run, &publish_event(&key, &value));
        let publish = |_| async move {
            match published.publish(&run, &key, &value).await {
                Ok(()) => Performed::Answered(Ok(()), vec![event]),
                Err(error @ PublishError::Full) => Performed::answer(Err(CallError::invalid(error.explain()).about(key))),
                Err(error @ PublishError::Store(_)) => Performed::of_failed_store(&error),
            }
        };
        Ok(self.recorder.call(call, publish).await??)
    }

    /// The kernel answers it in the step in which the run begins again. Made again, as after a crash, it asks for that again.
    async fn continue_with(&mut self, input: String) -> Result<(), Fault> {
        if self.about.role != Role::Workflow {
            let text = "Only a workflow continues with another input. Return what there is to the run that waits for it.";
            return Err(CallError::invalid(text.to_owned()).into());
        }
        let input: Value = serde_json::from_str(&input).map_err(|error| {
            CallError::invalid(format!("The input to continue with is not JSON: {error}. Send a JSON document.")).about("input")
        })?;
        let call = Call::new("run.continue-with", Effect::Write, &json!({ "input": input }))?.beginning();
        Ok(self.recorder.call(call, |_| async move { Performed::Continued(input) }).await??)
    }

    async fn log(&mut self, level: Level, message: String, fields: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let fields = match serde_json::from_str(&fields) {
            Ok(object @ Value::Object(_)) if fields.len() <= LONGEST_TEXT => object,
            _ => json!({ "fields": beginning(fields) }),
        };
        self.tell("run.log", &Logged { level: level.to_owned(), message: beginning(message), fields }).await
    }

    async fn progress(&mut self, fraction: f32, step: String) -> wasmtime::Result<()> {
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
        self.tell("run.progress", &Progressed { fraction: f64::from(fraction), step: beginning(step) }).await
    }
}

impl View<'_> {
    /// The request in the journal is what the event carries.
    async fn tell(&mut self, call: &'static str, payload: &impl Payload) -> wasmtime::Result<()> {
        let event = Draft::of_run(self.recorder.run(), payload);
        let call = Call::new(call, Effect::Emit, &event.data)?;
        let told = self.recorder.call(call, |_| async move { Performed::Answered(Ok(()), vec![event]) }).await;
        told?.map_err(wasmtime::Error::new)
    }
}

fn check_key(key: &str) -> Result<(), CallError> {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    match (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(fits) {
        true => Ok(()),
        false => Err(CallError::invalid(format!(
            "The key is not one that a run can publish under. It has 1 to {LONGEST_KEY} of the characters a-z, 0-9, `-` and `.`; rename it."
        ))
        .about("key")),
    }
}

fn published(value: &str) -> Result<Value, CallError> {
    if value.len() > LARGEST_PUBLISHED {
        return Err(CallError::invalid(format!(
            "A value of {} bytes is more than the {LARGEST_PUBLISHED} that can be published under one key; publish less, or write a file and \
             publish its path.",
            value.len()
        ))
        .about("value"));
    }
    serde_json::from_str(value)
        .map_err(|error| CallError::invalid(format!("The value to publish is not JSON: {error}. Send a JSON document.")).about("value"))
}

/// What watchers are told of a document that is shown; a large one they look up.
fn publish_event(key: &str, value: &Value) -> Published {
    let bytes = value.to_string().len();
    let is_long = bytes > LONGEST_TEXT;
    Published { key: key.to_owned(), value: (!is_long).then(|| value.clone()), bytes: is_long.then_some(bytes as u64) }
}

/// A plugin's words as such, in one line, so that nobody takes them for the host's.
fn quote_reason(reason: &str) -> String {
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "The plugin asked for its operator and gave no reason.".to_owned() } else { format!("The plugin says: {line}") }
}

/// As much of a text as is kept, with an ellipsis where something was left out.
fn beginning(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        text.push('…');
    }
    text
}

crate::bindings::convert_faults!(View<'_>);

//! A run as a file: what it was given, every call with its answer, how it ended. Read with suspicion, for it may come
//! from anywhere; holds no secret setting.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    ceiling::Ceiling,
    package::Kind,
    run::{Run, State},
};
use crate::{
    errors::Hint,
    interfaces::{Settings, children::Outcome},
    journal::{CallError, Effect, Entry, EntryState, RunId, form::FORM},
    rules::mismatch,
};

/// The version of the format this host writes, and the only one it reads.
const FORMAT: u64 = 2;
/// More calls than any run makes, with enough numbers above it for those of one recording.
const MOST_CALLS: u64 = 1 << 53;

/// Why a text is not a recording that can be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    #[error("The recording has {0} bytes, more than the limit of {largest}.", largest = Recording::LARGEST)]
    TooLarge(u64),
    #[error("The recording is not JSON: {0}.")]
    NotJson(String),
    #[error("Not a recording: {0}.")]
    NotARecording(String),
    #[error("The recording has the format {0}, and this host reads format {FORMAT}.")]
    OtherFormat(u64),
    #[error("The recording has the journal form {0}, and this host reads form {FORM}.")]
    OtherForm(u64),
    /// Calls are missing, doubled or mixed up.
    #[error("The recording's calls are out of order: number {found} stands where {expected} has to be.")]
    Disordered { expected: u64, found: u64 },
}

impl Hint for RecordingError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooLarge(_) => "Record a shorter run.",
            Self::NotJson(_) | Self::NotARecording(_) => "Give a file that `baton runs record` wrote.",
            Self::OtherFormat(_) | Self::OtherForm(_) => "Replay it with the version of Baton that wrote it, or record the run again.",
            Self::Disordered { .. } => "Record the run again.",
        };
        Some(hint.to_owned())
    }
}

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recording {
    #[serde(rename = "baton-recording")]
    format: u64,
    journal_form: u64,
    /// Name of the plugin that ran.
    pub plugin: String,
    /// Its version.
    pub plugin_version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub plugin_hash: String,
    /// Which export ran.
    pub kind: Kind,
    pub(super) run: RunId,
    pub(super) seed: String,
    pub(super) started_at: u64,
    /// The call by which the run continued with this input; its calls are those after it.
    #[serde(default, skip_serializing_if = "is_zero")]
    journal_from: u64,
    pub(super) input: Value,
    pub(super) settings: Value,
    /// How the run stood when it was recorded.
    pub ending: Ending,
    calls: Vec<Answered>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// With this outcome.
    Succeeded(Outcome),
    /// With this error.
    Failed(CallError),
    /// Not at all, so far.
    Unfinished,
}

/// One call of a recorded run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Answered {
    seq: u64,
    call: String,
    effect: Effect,
    request: Value,
    /// Of the whole request, where the journal keeps less of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    answer: Value,
    answered_at: u64,
}

impl Recording {
    /// Bytes of the largest recording that is read.
    pub const LARGEST: u64 = 64 << 20;

    /// Records a run from the calls of its journal that are replayed, up to the first call without an answer. `settings` are those it was given by,
    /// and of them only what a plugin could see is kept.
    pub fn of(run: &Run, journal: Vec<Entry>, settings: &[Value]) -> Self {
        let ending = match (&run.state, &run.output) {
            (State::Succeeded, output) => {
                Ending::Succeeded(Outcome { output: output.clone().unwrap_or_default(), shortfall: run.shortfall.clone() })
            }
            (State::Failed { error }, _) => Ending::Failed(error.clone()),
            _ => Ending::Unfinished,
        };
        Self {
            format: FORMAT,
            journal_form: run.journal_form,
            plugin: run.plugin.clone(),
            plugin_version: run.plugin_version.clone(),
            plugin_hash: run.plugin_hash.clone(),
            kind: run.kind,
            run: run.id.clone(),
            seed: run.seed.clone(),
            started_at: run.started_at,
            journal_from: run.journal_from,
            input: run.input.clone(),
            settings: visible(settings),
            ending,
            calls: (run.first_call()..)
                .zip(still_made(journal).map_while(Answered::of))
                .map(|(seq, call)| Answered { seq, ..call })
                .collect(),
        }
    }

    /// Reads what [`Recording::to_text`] wrote, or what somebody claims it did.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let size = text.len() as u64;
        if size > Self::LARGEST {
            return Err(RecordingError::TooLarge(size));
        }
        let document: Value = serde_json::from_str(text).map_err(|error| RecordingError::NotJson(error.to_string()))?;
        match document.get("baton-recording").map(Value::as_u64) {
            Some(Some(FORMAT)) => {}
            Some(Some(other)) => return Err(RecordingError::OtherFormat(other)),
            Some(None) => return Err(RecordingError::NotARecording("its `baton-recording` is not a number".to_owned())),
            None => return Err(RecordingError::NotARecording("it has no field `baton-recording`".to_owned())),
        }
        let recording: Self =
            serde_json::from_value(document).map_err(|error| RecordingError::NotARecording(mismatch::describe(&error)))?;
        if recording.journal_form != FORM {
            return Err(RecordingError::OtherForm(recording.journal_form));
        }
        if recording.journal_from > MOST_CALLS {
            return Err(RecordingError::NotARecording("its `journal-from` is not the number of a call".to_owned()));
        }
        let misplaced = (recording.journal_from + 1..).zip(&recording.calls).find(|(expected, call)| call.seq != *expected);
        match misplaced {
            Some((expected, call)) => Err(RecordingError::Disordered { expected, found: call.seq }),
            None => Ok(recording),
        }
    }

    /// The recording as a JSON document that can be read and compared by people.
    pub fn to_text(&self) -> Result<String, RecordingError> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| RecordingError::NotJson(error.to_string()))
    }

    /// How many calls were recorded.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn journal(&self) -> Vec<Entry> {
        self.calls.iter().map(|call| call.entry(&self.run)).collect()
    }

    /// The run to be executed again, over an empty workspace. It is kept nowhere.
    pub(super) fn run(&self, workspace: &Path) -> Run {
        // Whoever asked a model without a name was answered, so there was one; which does not matter here.
        let any_model = json!({ "models": { "default": "recording/any" } });
        Run {
            id: self.run.clone(),
            parent: None,
            root: self.run.clone(),
            forked_from: None,
            plugin: self.plugin.clone(),
            plugin_version: self.plugin_version.clone(),
            plugin_hash: self.plugin_hash.clone(),
            kind: self.kind,
            input: self.input.clone(),
            project: String::new(),
            workspace: workspace.to_owned(),
            pin: None,
            settings: Settings::merge(&[any_model, self.settings.clone()]).into_value(),
            project_settings: Some(json!({})),
            ceiling: Ceiling::default(),
            slot: None,
            item: None,
            seed: self.seed.clone(),
            started_at: self.started_at,
            started_by: None,
            journal_form: self.journal_form,
            journal_from: self.journal_from,
            state: State::Running,
            output: None,
            shortfall: None,
            failed_call: None,
            cancelling: None,
            created_at: self.started_at,
            updated_at: self.started_at,
        }
    }
}

impl Answered {
    /// None for a call that has no answer yet.
    fn of(entry: Entry) -> Option<Self> {
        let answer = entry.answer.filter(|_| entry.state == EntryState::Done)?;
        let is_whole = Entry::hash(&entry.call, &entry.request) == entry.request_hash;
        Some(Self {
            seq: entry.seq,
            call: entry.call,
            effect: entry.effect,
            request: serde_json::from_str(&entry.request).ok()?,
            request_hash: (!is_whole).then_some(entry.request_hash),
            answer: serde_json::from_str(&answer).ok()?,
            answered_at: entry.answered_at.unwrap_or_default(),
        })
    }

    fn entry(&self, run: &RunId) -> Entry {
        let request = self.request.to_string();
        Entry {
            run: run.clone(),
            seq: self.seq,
            call: self.call.clone(),
            effect: self.effect,
            request_hash: self.request_hash.clone().unwrap_or_else(|| Entry::hash(&self.call, &request)),
            request,
            state: EntryState::Done,
            answer: Some(self.answer.to_string()),
            repeated: false,
            asked_at: self.answered_at,
            answered_at: Some(self.answered_at),
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A recording counts its calls without those that were given up.
fn still_made(journal: Vec<Entry>) -> impl Iterator<Item = Entry> {
    journal.into_iter().filter(|entry| entry.state != EntryState::GivenUp)
}

/// The settings without those that no plugin may see.
fn visible(layers: &[Value]) -> Value {
    let merged = Settings::merge(layers);
    let names: Vec<String> = merged.clone().into_value().as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default();
    let members: Map<_, _> = names.into_iter().filter_map(|name| merged.get(&name).map(|value| (name, value))).collect();
    json!(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> Value {
        json!({
            "baton-recording": 2, "journal-form": 1, "plugin": "probe", "plugin-version": "0.1.0", "plugin-hash": "00", "kind": "workflow",
            "run": "r", "seed": "s", "started-at": 5, "input": {}, "settings": {}, "ending": { "succeeded": { "output": 3 } },
            "calls": [
                { "seq": 1, "call": "files.read", "effect": "read", "request": { "path": "a" }, "answer": { "ok": { "text": "A" } }, "answered-at": 6 },
                { "seq": 2, "call": "run.log", "effect": "emit", "request": {}, "answer": { "ok": null }, "answered-at": 7 },
            ],
        })
    }

    fn parsed(change: impl FnOnce(&mut Value)) -> Result<Recording, RecordingError> {
        let mut document = recording();
        change(&mut document);
        Recording::parse(&document.to_string())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let recording = parsed(|_| ()).unwrap();
        assert_eq!(recording.calls(), 2);
        assert_eq!(Recording::parse(&recording.to_text().unwrap()).unwrap(), recording);
    }

    #[test]
    fn hostile_recordings_are_refused_with_a_sentence() {
        assert!(matches!(Recording::parse("not json"), Err(RecordingError::NotJson(_))));
        assert!(matches!(Recording::parse(&"[".repeat(1_000_000)), Err(RecordingError::NotJson(_))));
        assert!(matches!(Recording::parse("[1]"), Err(RecordingError::NotARecording(_))));
        assert!(matches!(Recording::parse("{\"baton-recording\": 2}"), Err(RecordingError::NotARecording(_))));
        assert_eq!(parsed(|document| document["baton-recording"] = json!(1)), Err(RecordingError::OtherFormat(1)));
        assert_eq!(parsed(|document| document["journal-form"] = json!(0)), Err(RecordingError::OtherForm(0)));
        assert!(matches!(parsed(|document| document["baton-recording"] = json!("1")), Err(RecordingError::NotARecording(_))));
        assert!(matches!(parsed(|document| document["surprise"] = json!(1)), Err(RecordingError::NotARecording(_))));
        assert!(matches!(parsed(|document| document["calls"][0]["effect"] = json!("explode")), Err(RecordingError::NotARecording(_))));
        let huge = " ".repeat(usize::try_from(Recording::LARGEST).unwrap() + 1);
        assert!(matches!(Recording::parse(&huge), Err(RecordingError::TooLarge(_))));
    }

    #[test]
    fn calls_have_to_be_in_order_and_complete() {
        assert_eq!(parsed(|document| document["calls"][0]["seq"] = json!(2)), Err(RecordingError::Disordered { expected: 1, found: 2 }));
        assert_eq!(parsed(|document| document["calls"][1]["seq"] = json!(1)), Err(RecordingError::Disordered { expected: 2, found: 1 }));
        assert_eq!(
            parsed(|document| document["calls"][1]["seq"] = json!(u64::MAX)),
            Err(RecordingError::Disordered { expected: 2, found: u64::MAX })
        );
    }

    #[test]
    fn a_run_that_continued_is_recorded_from_its_last_beginning() {
        let plain = parsed(|_| ()).unwrap();
        assert!(!plain.to_text().unwrap().contains("journal-from"), "older hosts read what they can");
        let continued = |document: &mut Value| {
            document["journal-from"] = json!(7);
            document["calls"][0]["seq"] = json!(8);
            document["calls"][1]["seq"] = json!(9);
        };
        let recording = parsed(continued).unwrap();
        assert_eq!(Recording::parse(&recording.to_text().unwrap()).unwrap(), recording);
        let run = recording.run(Path::new("/"));
        assert_eq!((run.journal_from, run.first_call(), &*run.execution_seed()), (7, 8, "s:7"));
        assert_eq!(Recording::of(&run, recording.journal(), &[]).calls, recording.calls);
        assert_eq!(parsed(|document| document["journal-from"] = json!(7)), Err(RecordingError::Disordered { expected: 8, found: 1 }));
        for hostile in [json!(u64::MAX), json!(MOST_CALLS + 1), json!(-1), json!("7")] {
            assert!(
                matches!(parsed(|document| document["journal-from"] = hostile.clone()), Err(RecordingError::NotARecording(_))),
                "{hostile}"
            );
        }
    }

    #[test]
    fn a_request_of_which_the_journal_keeps_less_is_known_by_its_hash() {
        let recording = parsed(|_| ()).unwrap();
        let mut journal = recording.journal();
        journal[0].request = json!({ "too-large": 9_000 }).to_string();
        let recorded = Recording::of(&recording.run(Path::new("/")), journal.clone(), &[]);
        let text = recorded.to_text().unwrap();
        assert_eq!(text.matches("request-hash").count(), 1, "{text}");
        let read = Recording::parse(&text).unwrap().journal();
        assert_eq!((&read[0].request_hash, &read[1].request_hash), (&journal[0].request_hash, &journal[1].request_hash));
    }

    #[test]
    fn no_secret_setting_is_recorded() {
        let kept = visible(&[json!({ "models": { "default": "a/b", "api-key": "x" }, "keys": { "a": "y" } }), json!({ "model": "c/d" })]);
        assert_eq!(kept, json!({ "models": { "default": "a/b" }, "model": "c/d" }));
    }
}

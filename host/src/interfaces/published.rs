//! The port for what runs show to operators and programs: documents, each under a key. Knows no grant, and tells nobody.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    errors::{Hint, StorageError},
    journal::{Entry, EntryState, RunId},
};

/// The call by which a run shows a document.
pub const CALL: &str = "run.publish";

/// Keys of one run.
pub const MOST_KEYS: u64 = 64;

/// A document that a run shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// What it is found by.
    pub key: String,
    /// The document.
    pub value: Value,
    /// When it was shown, in milliseconds since 1970 UTC.
    pub at: u64,
}

/// Why a document is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    #[error("The run publishes {MOST_KEYS} keys, which is the limit.")]
    Full,
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for PublishError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Full => Some("Publish `null` under one that is not needed, or use an earlier key.".to_owned()),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Keeps what runs show. Every change is durable when it returns.
#[async_trait]
pub trait Published: Send + Sync {
    /// Shows `value` under `key` in the place of what was there before; `null` removes it.
    async fn publish(&self, run: &RunId, key: &str, value: &Value) -> Result<(), PublishError>;
    /// What a run shows, by key.
    async fn published(&self, run: &RunId) -> Result<Vec<Publication>, PublishError>;
}

/// What a run showed before it made call `at`: `shown` is what it shows now, and `calls` all its calls of [`CALL`]. What no call
/// of its journal showed it has from the run that it was forked from.
pub fn shown_before(at: u64, calls: &[Entry], shown: Vec<Publication>) -> Vec<Publication> {
    let mut before: BTreeMap<String, Option<Publication>> = shown.into_iter().map(|shown| (shown.key.clone(), Some(shown))).collect();
    let calls: Vec<_> = calls.iter().filter_map(publication).collect();
    before.extend(calls.iter().map(|(_, shown)| (shown.key.clone(), None)));
    for (_, shown) in calls.into_iter().filter(|(seq, _)| *seq < at) {
        before.insert(shown.key.clone(), Some(shown).filter(|shown| !shown.value.is_null()));
    }
    before.into_values().flatten().collect()
}

/// What a call showed. One that was given up was made all the same.
fn publication(entry: &Entry) -> Option<(u64, Publication)> {
    #[derive(Deserialize)]
    struct Request {
        key: String,
        value: Value,
    }
    let made = Entry { state: EntryState::Done, ..entry.clone() };
    let is_answered = made.answer.is_some() && made.error().is_none();
    let Request { key, value } = serde_json::from_str(&entry.request).ok().filter(|_| is_answered)?;
    Some((entry.seq, Publication { key, value, at: entry.answered_at.unwrap_or(entry.asked_at) }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::journal::Effect;

    fn call(seq: u64, key: &str, value: Value, answer: &str) -> Entry {
        Entry {
            run: RunId::from_text("a"),
            seq,
            call: CALL.to_owned(),
            effect: Effect::Write,
            request_hash: String::new(),
            request: json!({ "key": key, "value": value }).to_string(),
            state: EntryState::Done,
            answer: Some(answer.to_owned()),
            repeated: false,
            asked_at: seq,
            answered_at: Some(seq),
        }
    }

    #[test]
    fn a_fork_shows_what_its_source_did_at_the_call() {
        let (done, refused) = (r#"{"ok":null}"#, r#"{"err":{"kind":"invalid","text":"Full."}}"#);
        let given_up = Entry { state: EntryState::GivenUp, ..call(4, "a", json!(4), done) };
        let calls = [
            call(1, "a", json!(1), done),
            call(2, "b", json!(2), done),
            call(3, "b", json!(null), done),
            given_up,
            call(5, "a", json!(5), refused),
            call(7, "a", json!(7), done),
            call(8, "late", json!(8), done),
        ];
        let inherited = Publication { key: "old".to_owned(), value: json!(0), at: 0 };
        let now = vec![
            inherited,
            Publication { key: "a".to_owned(), value: json!(7), at: 7 },
            Publication { key: "late".to_owned(), value: json!(8), at: 8 },
        ];
        let before = |at| shown_before(at, &calls, now.clone()).into_iter().map(|shown| (shown.key, shown.value)).collect::<Vec<_>>();
        let one = |key: &str, value: u64| (key.to_owned(), json!(value));
        assert_eq!(before(1), [one("old", 0)]);
        assert_eq!(before(3), [one("a", 1), one("b", 2), one("old", 0)]);
        assert_eq!(before(6), [one("a", 4), one("old", 0)]);
        assert_eq!(before(u64::MAX), [one("a", 7), one("late", 8), one("old", 0)]);
    }
}

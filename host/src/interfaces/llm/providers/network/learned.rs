//! What the models of one account refuse, as they said themselves: in memory, and in a file of the data directory for a month.
//! The operator's settings go before it; a file that cannot be read or written is done without.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::refused::Refused;
use crate::interfaces::llm::abilities::Abilities;

/// Models about which something is remembered.
const MOST_MODELS: usize = 256;
/// A model's next version may take what the one before refused: it is asked again after so long.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Bytes of the largest file that is read.
const LARGEST_FILE: u64 = 1 << 20;
/// Where the facts of the file come from, as tables say it.
const SOURCE: &str = "learned";

/// What the models of one account refuse.
#[derive(Debug, Default)]
pub(super) struct Learned {
    place: Option<Place>,
    known: Mutex<BTreeMap<String, Known>>,
}

/// Where it is kept, and of which service.
#[derive(Debug)]
struct Place {
    file: PathBuf,
    account: String,
    base_url: String,
}

#[derive(Clone, Debug, Default)]
struct Known {
    refused: Refused,
    at: Option<Timestamp>,
}

/// The file: rows by `provider/model`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Table {
    source: String,
    models: BTreeMap<String, Row>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    learned_at: Timestamp,
    base_url: String,
    refuses: Refused,
}

impl Learned {
    /// What is in `file` of the service at `base_url`, without what the operator says of its models.
    pub(super) fn kept(file: &Path, account: &str, base_url: &str, abilities: &Abilities, now: Timestamp) -> Self {
        let place = Place { file: file.to_owned(), account: account.to_owned(), base_url: base_url.to_owned() };
        let mut known = BTreeMap::new();
        for (name, row) in read(file).models {
            let is_fresh = row.learned_at.checked_add(KEPT).is_ok_and(|end| end > now);
            let Some(model) = name.strip_prefix(account).and_then(|rest| rest.strip_prefix('/')) else { continue };
            if is_fresh && row.base_url == base_url {
                let refused = row.refuses.known().without(&abilities.said_of(&name));
                known.insert(model.to_owned(), Known { refused, at: Some(row.learned_at) });
            }
        }
        Self { place: Some(place), known: Mutex::new(known) }
    }

    /// What is known of a model.
    pub(super) fn of(&self, model: &str) -> Refused {
        self.lock_known().get(model).map(|known| known.refused.clone()).unwrap_or_default()
    }

    /// When something was learned of a model last.
    pub(super) fn at(&self, model: &str) -> Option<Timestamp> {
        self.lock_known().get(model).filter(|known| known.refused != Refused::default())?.at
    }

    /// Remembers what a model refuses, once it has taken a request without it.
    pub(super) fn keep(&self, model: &str, refused: Refused, now: Timestamp) {
        let all = {
            let mut known = self.lock_known();
            if known.len() >= MOST_MODELS && !known.contains_key(model) {
                return;
            }
            let entry = known.entry(model.to_owned()).or_default();
            // Another call may have learned something else meanwhile.
            entry.refused.add(refused);
            entry.at = Some(now);
            entry.refused.clone()
        };
        let Some(place) = &self.place else { return };
        if let Err(error) = place.write(model, all, now) {
            tracing::warn!(file = %place.file.display(), %error, model, "what a model refuses is remembered by this process alone");
        }
    }

    fn lock_known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn write(&self, model: &str, refuses: Refused, now: Timestamp) -> io::Result<()> {
        let mut table = read(&self.file);
        table.models.retain(|_, row| row.learned_at.checked_add(KEPT).is_ok_and(|end| end > now));
        let name = format!("{}/{model}", self.account);
        if table.models.len() >= MOST_MODELS && !table.models.contains_key(&name) {
            return Ok(());
        }
        table.models.insert(name, Row { learned_at: now, base_url: self.base_url.clone(), refuses });
        replace(&self.file, &table)
    }
}

/// Forgets in `file` what these models refuse, as `provider/model`.
pub(in super::super) fn forget<'a>(file: &Path, models: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut table = read(file);
    let before = table.models.len();
    models.for_each(|model| _ = table.models.remove(model));
    if table.models.len() == before { Ok(()) } else { replace(file, &table) }
}

/// Nothing where the file cannot be read: it is learned again.
fn read(file: &Path) -> Table {
    let mut text = String::new();
    let read = fs::File::open(file).and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text));
    match read {
        Ok(_) => serde_json::from_str(&text).unwrap_or_default(),
        Err(_) => Table::default(),
    }
}

fn replace(file: &Path, table: &Table) -> io::Result<()> {
    let folder = file.parent().ok_or_else(|| io::Error::other("a path without a folder"))?;
    fs::create_dir_all(folder)?;
    let table = serde_json::json!({ "source": SOURCE, "models": table.models });
    let mut written = tempfile::NamedTempFile::new_in(folder)?;
    written.write_all(format!("{table:#}\n").as_bytes())?;
    written.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "http://127.0.0.1:1/v1/";

    fn refused() -> Refused {
        let sent = json!({ "messages": [], "temperature": 0.3, "max_tokens": 64_000 });
        let answer = r#"{"error": {"message": "'temperature' is not supported", "param": "temperature"}}"#;
        let (refused, _) = Refused::default().with_answer(&sent, answer).unwrap();
        let answer = r#"{"error": {"message": "max_tokens is too large: at most 8192", "param": "max_tokens"}}"#;
        refused.with_answer(&sent, answer).unwrap().0
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn kept(file: &Path, url: &str, own: serde_json::Value, now: &str) -> Learned {
        Learned::kept(file, "lab", url, &Abilities::new(Some(&own)).unwrap(), time(now))
    }

    #[test]
    fn what_is_learned_outlives_the_process_for_a_month() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/learned.json");
        let learned = kept(&file, URL, json!({}), "2026-11-01T00:00:00Z");
        assert_eq!(learned.at("coder"), None);
        learned.keep("coder", refused(), time("2026-11-01T00:00:00Z"));
        let text = fs::read_to_string(&file).unwrap();
        for part in ["\"source\": \"learned\"", "\"lab/coder\"", "\"learned-at\": \"2026-11-01T00:00:00Z\"", "temperature", "8192"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let again = kept(&file, URL, json!({}), "2026-11-30T00:00:00Z");
        assert_eq!(again.of("coder"), refused());
        assert_eq!(again.at("coder"), Some(time("2026-11-01T00:00:00Z")));
        for (url, now) in [("http://127.0.0.1:2/v1/", "2026-11-30T00:00:00Z"), (URL, "2026-12-02T00:00:00Z")] {
            assert_eq!(kept(&file, url, json!({}), now).of("coder"), Refused::default(), "{url} {now}");
        }
        assert_eq!(Learned::kept(&file, "la", URL, &Abilities::default(), time("2026-11-30T00:00:00Z")).of("b/coder"), Refused::default());
    }

    #[test]
    fn the_operator_knows_better_than_what_was_learned() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("learned.json");
        kept(&file, URL, json!({}), "2026-11-01T00:00:00Z").keep("coder", refused(), time("2026-11-01T00:00:00Z"));
        let own = json!({ "lab/coder": { "temperature": true, "max-output-tokens": 16_000, "window-tokens": 64_000 } });
        assert_eq!(kept(&file, URL, own, "2026-11-02T00:00:00Z").of("coder"), Refused::default());
        let half = json!({ "lab/coder": { "temperature": true } });
        assert_eq!(kept(&file, URL, half, "2026-11-02T00:00:00Z").of("coder").describe(), ["replies of at most 8192 tokens"]);
    }

    #[test]
    fn it_is_forgotten_by_a_word_and_damage_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("learned.json");
        forget(&file, std::iter::once("lab/coder")).unwrap();
        assert!(!file.exists());
        kept(&file, URL, json!({}), "2026-11-01T00:00:00Z").keep("coder", refused(), time("2026-11-01T00:00:00Z"));
        forget(&file, std::iter::once("lab/coder")).unwrap();
        assert_eq!(kept(&file, URL, json!({}), "2026-11-01T00:00:00Z").of("coder"), Refused::default());
        for damaged in ["", "{", "{\"models\": 3}", "[]", r#"{"source":"x","models":{"lab/coder":{"learned-at":"never"}}}"#] {
            fs::write(&file, damaged).unwrap();
            let learned = kept(&file, URL, json!({}), "2026-11-01T00:00:00Z");
            assert_eq!(learned.of("coder"), Refused::default());
            learned.keep("coder", refused(), time("2026-11-01T00:00:00Z"));
            assert_eq!(learned.of("coder"), refused());
        }
        let odd = json!({ "source": "learned", "models": { "lab/coder": { "learned-at": "2026-11-01T00:00:00Z", "base-url": URL,
            "refuses": { "left-out": ["messages", "temperature"], "most-tokens": 1 } } } });
        fs::write(&file, odd.to_string()).unwrap();
        assert_eq!(kept(&file, URL, json!({}), "2026-11-01T00:00:00Z").of("coder").describe(), ["no temperature"], "only what is known");
    }

    #[test]
    fn of_too_many_models_nothing_more_is_remembered() {
        let (learned, now) = (Learned::default(), time("2026-11-01T00:00:00Z"));
        (0..2 * MOST_MODELS).for_each(|number| learned.keep(&number.to_string(), refused(), now));
        assert_eq!((learned.of("0"), learned.of(&(2 * MOST_MODELS - 1).to_string())), (refused(), Refused::default()));
    }
}

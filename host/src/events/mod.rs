//! Everything that happened, one row each: what watchers, audit and history read. Says nothing of where the rows lie.

mod payload;

use std::path::Path;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::broadcast;

pub(crate) use payload::payloads;
pub use payload::{EventKind, Payload};

use crate::{actor::Actor, errors::StorageError, journal::RunId};

/// How much an event asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventLevel {
    /// What only the author of a plugin wants to know.
    Debug,
    /// The usual.
    Info,
    /// Something is in the way.
    Warn,
    /// Something failed.
    Error,
}

impl EventLevel {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// A run changed its state, or told of its progress.
    Run,
    /// An agent started or ended a task.
    Agent,
    /// A model was asked.
    Llm,
    /// A tool was called.
    Tool,
    /// A repository changed.
    Git,
    /// A container ran.
    Sandbox,
    /// The backlog changed.
    Item,
    /// A person was asked, or answered.
    Question,
    /// A plugin came, went or was refused.
    Plugin,
    /// Somebody signed in.
    Auth,
    /// A permission was decided.
    Audit,
    /// The host itself.
    System,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Run,
        Self::Agent,
        Self::Llm,
        Self::Tool,
        Self::Git,
        Self::Sandbox,
        Self::Item,
        Self::Question,
        Self::Plugin,
        Self::Auth,
        Self::Audit,
        Self::System,
    ];

    /// The word the log keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Agent => "agent",
            Self::Llm => "llm",
            Self::Tool => "tool",
            Self::Git => "git",
            Self::Sandbox => "sandbox",
            Self::Item => "item",
            Self::Question => "question",
            Self::Plugin => "plugin",
            Self::Auth => "auth",
            Self::Audit => "audit",
            Self::System => "system",
        }
    }

    /// The category the log's word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == word)
    }
}

/// Something that happened, not yet written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// What it is about.
    pub category: Category,
    /// What happened, such as `progress` or `completed`.
    pub name: String,
    /// The run it happened in, if any.
    pub run: Option<RunId>,
    /// Who caused it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The particulars, a JSON object; its shape belongs to `category` and `name`.
    pub data: Value,
}

impl Draft {
    /// An event of a run.
    pub fn of_run<P: Payload>(run: &RunId, payload: &P) -> Self {
        Self { run: Some(run.clone()), ..Self::of_host(payload) }
    }

    /// An event of the host itself.
    pub fn of_host<P: Payload>(payload: &P) -> Self {
        // The test of the table writes each payload: none has a form that JSON has not.
        let data = serde_json::to_value(payload).unwrap_or_default();
        Self { category: P::CATEGORY, name: P::NAME.to_owned(), run: None, actor: None, data }
    }

    /// The same, caused by somebody.
    pub fn by(self, actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()), ..self }
    }

    /// The same with its particulars changed, so that they hold no secret.
    pub fn map(self, change: impl FnOnce(Value) -> Value) -> Self {
        Self { data: change(self.data), ..self }
    }

    /// Whether it is one of these.
    pub fn is<P: Payload>(&self) -> bool {
        self.category == P::CATEGORY && self.name == P::NAME
    }

    /// Its particulars, where it is one of these. One of an older Baton may lack some that its type needs.
    pub fn payload<P: Payload>(&self) -> Option<P> {
        read_payload(self.category, &self.name, &self.data)
    }

    /// Any event, for tests of what does not look at its particulars.
    #[cfg(test)]
    pub(crate) fn for_test(category: Category, name: &str, run: Option<&RunId>, data: Value) -> Self {
        Self { category, name: name.to_owned(), run: run.cloned(), actor: None, data }
    }
}

/// The particulars of an event of this category and name, where it is one of these.
pub fn read_payload<P: Payload>(category: Category, name: &str, data: &Value) -> Option<P> {
    if category == P::CATEGORY && name == P::NAME { P::deserialize(data).ok() } else { None }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the log, from 1. A reader that passes the last one it saw misses nothing.
    pub cursor: i64,
    /// When it was written, in milliseconds since 1970 UTC.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub draft: Draft,
}

/// Which events to find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Only those behind this cursor.
    pub after: i64,
    /// Only those up to this cursor; all when there is none.
    pub up_to: Option<i64>,
    /// Only those about this.
    pub category: Option<Category>,
    /// Only those of these kinds, each as `category.name`; all when there is none.
    pub kinds: Option<Vec<String>>,
    /// Only those of this run and of those below it.
    pub run: Option<RunId>,
    /// Only those of the projects with these ids; all when there is none.
    pub projects: Option<Vec<String>>,
    /// Only those about the item with this key, or of a run for it.
    pub item: Option<String>,
    /// Only those in whose name or particulars this text is, however its Latin letters are written.
    pub text: Option<String>,
    /// The newest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: u32,
}

/// An event that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The event.
    pub event: Event,
    /// The id of its project, if it is of one.
    pub project: Option<String>,
}

/// Keeps all events in one order and tells those who listen once they are durable.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Returns once they are durable.
    async fn append(&self, events: Vec<Draft>) -> Result<(), StorageError>;
    /// Up to `limit` events after `cursor`, oldest first; of one run if it is named.
    async fn after(&self, cursor: i64, run: Option<&RunId>, limit: u32) -> Result<Vec<Event>, StorageError>;
    /// Up to `limit` events after `cursor` of the runs for an item, its project and its key, oldest first; from `since` on, in
    /// milliseconds since 1970 UTC.
    async fn after_of_item(&self, cursor: i64, item: (&str, &str), since: u64, limit: u32) -> Result<Vec<Event>, StorageError>;
    /// Up to `limit` events of a category, newest first; before the cursor `before` where it is given.
    async fn latest(&self, category: Category, before: Option<i64>, limit: u32) -> Result<Vec<Event>, StorageError>;
    /// The events that fit.
    async fn search(&self, search: &Search) -> Result<Vec<Found>, StorageError>;
    /// The cursor of the last event, 0 for none.
    async fn newest(&self) -> Result<i64, StorageError>;
    /// The cursor of the first event that is still kept, 0 for none.
    async fn oldest(&self) -> Result<i64, StorageError>;
    /// Every event from now on. A listener that falls behind is told how many it missed and reads them with `after`.
    fn listen(&self) -> broadcast::Receiver<Event>;
}

/// A path as documents and events have it: its text, with every byte that is no Unicode written out, such as `\xff`.
pub fn path_text(path: &Path) -> String {
    let chunks = path.as_os_str().as_encoded_bytes().utf8_chunks();
    chunks.flat_map(|chunk| [chunk.valid().to_owned(), chunk.invalid().escape_ascii().to_string()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn every_path_has_a_text() {
        let path = |bytes: &'static [u8]| path_text(Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)));
        assert_eq!(path("plugins/grün.wasm".as_bytes()), "plugins/grün.wasm");
        assert_eq!(path(b"z\xff\xc3.wasm"), r"z\xff\xc3.wasm");
        assert_eq!(path(b""), "");
    }
}

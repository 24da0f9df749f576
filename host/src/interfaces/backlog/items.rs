//! The port below `backlog`: items, what is said of them, and how they were moved. Decides nothing about either.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Labels, Refusal};
use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    journal::RunId,
};

/// How wide a piece of work is, from the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Stories under one name.
    Epic,
    /// Work that can be reviewed by itself.
    Story,
    /// Work that came up.
    Task,
}

impl Kind {
    /// Every kind, the widest first.
    pub const ALL: [Self; 3] = [Self::Epic, Self::Story, Self::Task];

    /// The word of the store, the documents and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Epic => "epic",
            Self::Story => "story",
            Self::Task => "task",
        }
    }

    /// The kind a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nobody has begun.
    Todo,
    /// Somebody works on it.
    InProgress,
    /// Somebody judges it.
    Review,
    /// Something has to be done about it first.
    Blocked,
    /// It is done, for good.
    Done,
    /// It was tried and did not succeed.
    Failed,
    /// It is not wanted.
    Cancelled,
}

impl Status {
    /// Every status, in the order in which work goes on.
    pub const ALL: [Self; 7] = [Self::Todo, Self::InProgress, Self::Review, Self::Blocked, Self::Done, Self::Failed, Self::Cancelled];

    /// The word of the store, the documents and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::InProgress => "in-progress",
            Self::Review => "review",
            Self::Blocked => "blocked",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What is said of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Draft {
    /// Its name in its project.
    pub key: String,
    /// How wide it is.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The key of what it is a part of.
    pub parent: Option<String>,
    /// Keys that must be done first.
    pub after: Vec<String>,
    /// 0 (last) to 10 (first).
    pub priority: u8,
    /// What people find and group items by. Not written down where there are none: calls from before items had labels are
    /// still the same calls.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// An item as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Item {
    /// What is said of it.
    #[serde(flatten)]
    pub draft: Draft,
    /// How far it is.
    pub status: Status,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Where.
    pub branch: Option<String>,
}

/// Something that happened to an item's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Move {
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
    /// None: it was added.
    pub before: Option<Status>,
    /// What it became.
    pub after: Status,
    /// Why.
    pub reason: String,
    /// Who did it.
    #[serde(flatten)]
    pub by: Mover,
}

/// Who moved an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mover {
    /// A run.
    Run(RunId),
    /// A person, by name.
    Person(String),
}

/// Who changes a backlog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A call of a run: `call` is its `run:seq`, and the same call again changes nothing.
    Call {
        /// The run.
        run: RunId,
        /// Its key.
        call: String,
    },
    /// Somebody who is no run.
    Person(Actor),
}

impl Author {
    /// Who it is, without the call.
    pub fn mover(&self) -> Mover {
        match self {
            Self::Call { run, .. } => Mover::Run(run.clone()),
            Self::Person(person) => Mover::Person(person.name.clone()),
        }
    }
}

/// Why the backlog did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BacklogError {
    /// The request does not fit the backlog.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for BacklogError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Keeps the items of every project. Every change is durable, with its event, when it returns.
#[async_trait]
pub trait Backlog: Send + Sync {
    /// Adds items, or changes what is said of them; all or none.
    async fn put(&self, project: &str, drafts: &[Draft], by: &Author) -> Result<(), BacklogError>;
    /// Moves an item to a status that may follow the present one.
    async fn move_to(&self, project: &str, key: &str, status: Status, reason: &str, by: &Author) -> Result<(), BacklogError>;
    /// Says who works on an item, and on which branch.
    async fn assign(&self, project: &str, key: &str, assignee: Option<&str>, branch: Option<&str>, by: &Author)
    -> Result<(), BacklogError>;
    /// Removes labels from an item and adds others; gives those that it has then.
    async fn label(&self, project: &str, key: &str, added: &[String], removed: &[String], by: &Author) -> Result<Labels, BacklogError>;
    /// Every item in the order of the keys, without their bodies unless `whole`.
    async fn items(&self, project: &str, whole: bool) -> Result<Vec<Item>, BacklogError>;
    /// One item with its body.
    async fn item(&self, project: &str, key: &str) -> Result<Item, BacklogError>;
    /// One item with its body, and the hash of the body that its document was last given.
    async fn load_written(&self, project: &str, key: &str) -> Result<(Item, Option<String>), BacklogError>;
    /// Keeps, by key, the hashes of the bodies that documents were given.
    async fn mark_written(&self, project: &str, bodies: Vec<(String, String)>) -> Result<(), BacklogError>;
    /// The moves of an item, oldest first.
    async fn history(&self, project: &str, key: &str) -> Result<Vec<Move>, BacklogError>;
}

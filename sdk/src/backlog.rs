//! Epics, stories and tasks of the project, and what each waits for.

use crate::Result;
use crate::imports::backlog as host;

pub use host::{Draft, Item, Kind, Move, Status};

impl Draft {
    /// An item of priority 5 with nothing above it, that waits for nothing.
    pub fn new(kind: Kind, key: impl Into<String>, title: impl Into<String>) -> Self {
        Self { kind, key: key.into(), title: title.into(), body: String::new(), parent: None, after: Vec::new(), priority: 5 }
    }

    /// What it is about, in Markdown; at most 256 KiB.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// The epic of a story, or the epic or story of a task.
    #[must_use]
    pub fn below(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Keys that must be done first, at most 100.
    #[must_use]
    pub fn after<T: Into<String>>(mut self, keys: impl IntoIterator<Item = T>) -> Self {
        self.after = keys.into_iter().map(Into::into).collect();
        self
    }

    /// 0 (last) to 10 (first).
    #[must_use]
    pub fn with_priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }
}

impl Kind {
    /// Every kind, the widest first.
    pub const ALL: [Self; 3] = [Self::Epic, Self::Story, Self::Task];

    /// `epic`, `story` or `task`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Epic => "epic",
            Self::Story => "story",
            Self::Task => "task",
        }
    }
}

impl Status {
    /// Every status, in the order in which work goes on.
    pub const ALL: [Self; 7] = [Self::Todo, Self::InProgress, Self::Review, Self::Blocked, Self::Done, Self::Failed, Self::Cancelled];

    /// The word of the documents and the command line, such as `in-progress`.
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

    /// Whether somebody is at it: it is in progress or in review.
    pub fn is_at_work(self) -> bool {
        matches!(self, Self::InProgress | Self::Review)
    }
}

/// What keeps work on an item from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenAway<'a> {
    /// Somebody moved it to where nobody works on it.
    Moved(Status),
    /// Somebody is at it on this branch.
    Elsewhere(&'a str),
}

impl Item {
    /// What keeps the work on `branch` from going on; none while the item is at work there, or says no branch.
    pub fn taken_from(&self, branch: &str) -> Option<TakenAway<'_>> {
        if !self.status.is_at_work() {
            return Some(TakenAway::Moved(self.status));
        }
        self.branch.as_deref().filter(|theirs| *theirs != branch).map(TakenAway::Elsewhere)
    }
}

/// Adds items, or changes what is said of them; all or none. Their status stays. `invalid` for a cycle, which is named;
/// `not-found` for a parent or a key of `after` that is neither in the backlog nor among `items`.
pub fn put(items: &[Draft]) -> Result<()> {
    Ok(host::put(items)?)
}

/// One item with its body.
pub fn get(key: &str) -> Result<Item> {
    Ok(host::get(key)?)
}

/// Every item without its body, in the order of the keys, with numbers compared as numbers.
pub fn all() -> Result<Vec<Item>> {
    Ok(host::all()?)
}

/// Stories and tasks to do, with all that they wait for done: the most urgent first, without their bodies.
pub fn ready() -> Result<Vec<Item>> {
    Ok(host::ready()?)
}

/// Moves an item. `conflict` for a status that cannot follow the present one, which of two runs that take the same item
/// is given to the later.
pub fn move_to(key: &str, status: Status, reason: &str) -> Result<()> {
    Ok(host::move_to(key, status, reason)?)
}

/// Says who works on an item, and on which branch; `None` takes it back.
pub fn assign(key: &str, assignee: Option<&str>, branch: Option<&str>) -> Result<()> {
    Ok(host::assign(key, assignee, branch)?)
}

/// Every move of an item, oldest first.
pub fn history(key: &str) -> Result<Vec<Move>> {
    Ok(host::history(key)?)
}

/// Brings the documents of the workspace in step with the backlog and returns the paths that changed. Commits nothing.
pub fn write_documents() -> Result<Vec<String>> {
    Ok(host::write_documents()?)
}

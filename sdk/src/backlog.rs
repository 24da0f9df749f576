//! Backlog: the project's epics, stories and tasks, and what each depends on. Needs `backlog`: `read` or `write`.
//!
//! ```
//! use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*};
//!
//! fn start_next() -> Result<Option<String>> {
//!     let Some(item) = backlog::ready()?.into_iter().next() else { return Ok(None) };
//!     backlog::move_to(&item.draft.key, Status::InProgress, "Started.")?;
//!     Ok(Some(item.draft.key))
//! }
//! # let host = baton_sdk::testing::Host::new().with_item(Draft::new(Kind::Task, "1", "Write"), Status::Todo);
//! # assert_eq!(host.inside(start_next), Ok(Some("1".to_owned())));
//! ```

use crate::Result;
use crate::imports::backlog as host;

pub use host::{Draft, Item, Kind, Status, StatusChange};

impl Draft {
    /// An item of priority 5, without a parent, dependencies or labels.
    pub fn new(kind: Kind, key: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            kind,
            key: key.into(),
            title: title.into(),
            body: String::new(),
            parent: None,
            after: Vec::new(),
            priority: 5,
            labels: Vec::new(),
        }
    }

    /// Its description in Markdown; at most 256 KiB.
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

    /// What people find and group items by, at most 20. A label has 1 to 50 of a-z (lower case), 0-9, `-`, `.`, `/` and `_`,
    /// and starts with a letter or digit.
    #[must_use]
    pub fn with_labels<T: Into<String>>(mut self, labels: impl IntoIterator<Item = T>) -> Self {
        self.labels = labels.into_iter().map(Into::into).collect();
        self
    }
}

impl Kind {
    /// Every kind, from the widest to the narrowest.
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
    /// Every status, in the order of the work.
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

    /// Whether it is in progress or in review.
    pub fn is_at_work(self) -> bool {
        matches!(self, Self::InProgress | Self::Review)
    }
}

/// Why work on an item must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenAway<'a> {
    /// It was moved to this status.
    Moved(Status),
    /// It is worked on in this branch.
    Elsewhere(&'a str),
}

impl Item {
    /// Why the work on `branch` must stop; `None` while the item is in progress there, or has no branch.
    ///
    /// ```
    /// # use baton_sdk::{backlog::{Draft, Kind, Status, TakenAway}, prelude::*, testing::Host};
    /// fn check(key: &str, branch: &str) -> Result<()> {
    ///     match backlog::get(key)?.taken_from(branch) {
    ///         None => Ok(()),
    ///         Some(TakenAway::Moved(status)) => Err(Error::cancelled(format!("The item is {} now.", status.as_str()))),
    ///         Some(TakenAway::Elsewhere(other)) => Err(Error::conflict(format!("The item is worked on in `{other}`."))),
    ///     }
    /// }
    /// # let host = Host::new().with_item(Draft::new(Kind::Task, "1", "Write"), Status::Blocked);
    /// # assert_eq!(host.inside(|| check("1", "story/1")), Err(Error::cancelled("The item is blocked now.")));
    /// ```
    pub fn taken_from(&self, branch: &str) -> Option<TakenAway<'_>> {
        if !self.status.is_at_work() {
            return Some(TakenAway::Moved(self.status));
        }
        self.branch.as_deref().filter(|theirs| *theirs != branch).map(TakenAway::Elsewhere)
    }
}

/// Adds or updates items; all or none. The status of existing items does not change.
///
/// Errors: `invalid` for a cycle, which the text names; `not-found` for a parent or a key of `after` that is neither in
/// the backlog nor among `items`.
///
/// ```
/// # use baton_sdk::{backlog::{Draft, Kind}, prelude::*, testing::Host};
/// fn plan() -> Result<()> {
///     backlog::put(&[
///         Draft::new(Kind::Epic, "1", "Accounts"),
///         Draft::new(Kind::Story, "1-1-sign-up", "Sign up").below("1").with_priority(8),
///         Draft::new(Kind::Story, "1-2-log-in", "Log in").below("1").after(["1-1-sign-up"]),
///     ])
/// }
/// # let host = Host::new();
/// # assert_eq!(host.inside(plan), Ok(()));
/// # assert_eq!(host.inside(backlog::ready).unwrap().len(), 1);
/// ```
pub fn put(items: &[Draft]) -> Result<()> {
    Ok(host::put(items)?)
}

/// Reads one item with its body.
pub fn get(key: &str) -> Result<Item> {
    Ok(host::get(key)?)
}

/// Lists all items without their bodies, in the order of their keys. Numbers in keys compare as numbers.
pub fn all() -> Result<Vec<Item>> {
    Ok(host::all()?)
}

/// Lists the stories and tasks that can start now, most urgent first, without their bodies.
pub fn ready() -> Result<Vec<Item>> {
    Ok(host::ready()?)
}

/// Moves an item to another status. Error: `conflict` if that status cannot follow the current one; so if two runs take
/// the same item, the second gets it.
///
/// ```
/// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
/// /// Whether this run is the one that takes the item.
/// fn take(key: &str) -> Result<bool> {
///     match backlog::move_to(key, Status::InProgress, "Started.") {
///         Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
///         other => other.map(|()| true),
///     }
/// }
/// # let host = Host::new().with_item(Draft::new(Kind::Task, "1", "Write"), Status::Todo);
/// # assert_eq!(host.inside(|| (take("1"), take("1"))), (Ok(true), Ok(false)));
/// ```
pub fn move_to(key: &str, status: Status, reason: &str) -> Result<()> {
    Ok(host::move_to(key, status, reason)?)
}

/// Sets who works on an item, and on which branch; `None` clears it.
///
/// ```
/// # use baton_sdk::{backlog::{Draft, Kind, Status}, prelude::*, testing::Host};
/// fn hand_over(key: &str) -> Result<()> {
///     backlog::assign(key, Some("amelia"), Some(&format!("story/{key}")))
/// }
/// # let host = Host::new().with_item(Draft::new(Kind::Task, "1", "Write"), Status::Todo);
/// # host.inside(|| hand_over("1")).unwrap();
/// # assert_eq!(host.item("1").unwrap().branch.as_deref(), Some("story/1"));
/// ```
pub fn assign(key: &str, assignee: Option<&str>, branch: Option<&str>) -> Result<()> {
    Ok(host::assign(key, assignee, branch)?)
}

/// Lists every move of an item, oldest first.
pub fn history(key: &str) -> Result<Vec<StatusChange>> {
    Ok(host::history(key)?)
}

/// Updates the documents of the workspace from the backlog and returns the paths that changed. Commits nothing.
pub fn write_documents() -> Result<Vec<String>> {
    Ok(host::write_documents()?)
}

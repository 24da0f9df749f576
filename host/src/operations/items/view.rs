//! An item as every skin shows it. Knows no row and no terminal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    interfaces::backlog::{self, Graph, Mover},
    journal::RunId,
    operations::Moment,
};

/// How wide a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Stories under one name.
    Epic,
    /// Work that is reviewed by itself.
    Story,
    /// Work that came up.
    Task,
}

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Not begun.
    Todo,
    /// Being worked on.
    InProgress,
    /// Being reviewed, or waiting to be merged.
    Review,
    /// Something has to be done about it first.
    Blocked,
    /// Done.
    Done,
    /// Tried without success.
    Failed,
    /// Not wanted any more.
    Cancelled,
}

/// An item of a backlog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its name in the project.
    pub key: String,
    /// How wide it is.
    pub kind: ItemKind,
    /// One line.
    pub title: String,
    /// How far it is. An epic is done with what is in it.
    pub status: ItemStatus,
    /// The key of what it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Keys that must be done first.
    pub after: Vec<String>,
    /// Those that are not done yet, its epic's among them.
    pub waits_for: Vec<String>,
    /// Whether it can begin now.
    pub ready: bool,
    /// 0 (last) to 10 (first).
    pub priority: u8,
    /// Sorted.
    pub labels: Vec<String>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// The branch on which they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// A change of an item's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemMove {
    /// When.
    pub at: Moment,
    /// The status before; absent where the item was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<ItemStatus>,
    /// The status after.
    pub after: ItemStatus,
    /// Why; may be empty.
    pub reason: String,
    /// The run that moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The name of the person who moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// Two enums with the same variants, and the words of the documents.
macro_rules! same {
    ($view:ident, $below:ident, $($variant:ident),+) => {
        impl $view {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the documents and the command line.
            pub fn as_str(self) -> &'static str {
                backlog::$below::from(self).as_str()
            }

            /// What a word of the documents and the command line names.
            pub fn from_word(word: &str) -> Option<Self> {
                backlog::$below::from_word(word).map(Self::from)
            }
        }

        impl From<backlog::$below> for $view {
            fn from(below: backlog::$below) -> Self {
                match below {
                    $(backlog::$below::$variant => Self::$variant),+
                }
            }
        }

        impl From<$view> for backlog::$below {
            fn from(view: $view) -> Self {
                match view {
                    $($view::$variant => Self::$variant),+
                }
            }
        }
    };
}

same!(ItemKind, Kind, Epic, Story, Task);
same!(ItemStatus, Status, Todo, InProgress, Review, Blocked, Done, Failed, Cancelled);

impl Item {
    pub(super) fn of(place: usize, items: &[backlog::Item], graph: &Graph<'_>) -> Self {
        let backlog::Item { draft, assignee, branch, .. } = &items[place];
        Self {
            key: draft.key.clone(),
            kind: draft.kind.into(),
            title: draft.title.clone(),
            status: graph.status(place).into(),
            parent: draft.parent.clone(),
            after: draft.after.clone(),
            waits_for: graph.waits_for(place).into_iter().map(str::to_owned).collect(),
            ready: graph.is_ready(place),
            priority: draft.priority,
            labels: draft.labels.as_slice().to_vec(),
            assignee: assignee.clone(),
            branch: branch.clone(),
        }
    }
}

impl From<backlog::Move> for ItemMove {
    fn from(moved: backlog::Move) -> Self {
        let backlog::Move { at, before, after, reason, by } = moved;
        let (run, person) = match by {
            Mover::Run(run) => (Some(run), None),
            Mover::Person(person) => (None, Some(person)),
        };
        Self { at: Moment(at), before: before.map(ItemStatus::from), after: after.into(), reason, run, person }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_word_of_the_documents_and_one_of_programs() {
        assert_eq!(ItemStatus::InProgress.as_str(), "in-progress");
        assert_eq!(serde_json::to_string(&ItemStatus::InProgress).unwrap(), "\"in_progress\"");
        for status in ItemStatus::ALL {
            assert_eq!(ItemStatus::from_word(status.as_str()), Some(*status));
        }
        assert_eq!(ItemKind::from_word("saga"), None);
    }
}

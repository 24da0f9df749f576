//! What is told of items and their documents. Changes none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Kind, Labels, Status};
use crate::events;

/// An item was added to a backlog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Added {
    /// The id of the project.
    pub(crate) project: String,
    /// The item.
    pub(crate) key: String,
    /// Epic, story or task.
    pub(crate) kind: Kind,
    /// One line.
    pub(crate) title: String,
    /// The key of what it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    /// Keys that must be done first.
    pub(crate) after: Vec<String>,
    /// 0 (last) to 10 (first).
    pub(crate) priority: u8,
    /// Its labels.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    pub(crate) labels: Labels,
}

/// What an item says was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Changed {
    /// The id of the project.
    pub(crate) project: String,
    /// The item.
    pub(crate) key: String,
    /// Epic, story or task.
    pub(crate) kind: Kind,
    /// One line.
    pub(crate) title: String,
    /// The key of what it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    /// Keys that must be done first.
    pub(crate) after: Vec<String>,
    /// 0 (last) to 10 (first).
    pub(crate) priority: u8,
    /// Its labels.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    pub(crate) labels: Labels,
}

/// An item has another status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Moved {
    /// The id of the project.
    pub(crate) project: String,
    /// The item.
    pub(crate) key: String,
    /// Epic, story or task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    /// Its title.
    #[serde(default)]
    pub(crate) title: String,
    /// The status before.
    pub(crate) before: Status,
    /// The status from now on.
    pub(crate) after: Status,
    /// Why.
    #[serde(default)]
    pub(crate) reason: String,
}

/// A person placed an item in the column of its status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Placed {
    /// The id of the project.
    pub(crate) project: String,
    /// The item.
    pub(crate) key: String,
    /// Its status.
    pub(crate) status: Status,
    /// Its place, from 0.
    pub(crate) position: u64,
}

/// A person removed an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Removed {
    /// The id of the project.
    pub(crate) project: String,
    /// The item.
    pub(crate) key: String,
    /// Its title.
    pub(crate) title: String,
}

/// An item has another assignee or branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Assigned {
    /// The id of the project.
    pub(crate) project: String,
    /// The item.
    pub(crate) key: String,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assignee: Option<String>,
    /// The branch of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
}

/// A document of the backlog was left as it is, since it cannot be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct DocumentLeft {
    /// The document.
    pub(crate) path: String,
    /// Why.
    pub(crate) reason: String,
}

events::payloads! {
    Added => Item "added" Info,
    Changed => Item "changed" Info,
    Moved => Item "moved" Info,
    Placed => Item "placed" Info,
    Removed => Item "removed" Info,
    Assigned => Item "assigned" Info,
    DocumentLeft => Item "document_left" Warn,
}

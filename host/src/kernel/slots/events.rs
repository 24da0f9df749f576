//! What the audit log is told of bindings. Binds nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::events;

/// An operator bound a plugin to a slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Bound {
    /// The slot.
    pub(crate) slot: String,
    /// The plugin.
    pub(crate) plugin: String,
    /// Only in the project of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// Only for items with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
}

/// An operator removed a binding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Unbound {
    /// The slot.
    pub(crate) slot: String,
    /// Of the project of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// For items with this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
}

/// An operator approved the bindings that a repository proposes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct BindingsApproved {
    /// The id of the project.
    pub(crate) project: String,
    /// SHA-256 of the bindings, in hexadecimal.
    pub(crate) hash: String,
    /// The table as the repository has it.
    pub(crate) bindings: Value,
}

events::payloads! {
    Bound => Audit "bound" Info,
    Unbound => Audit "unbound" Info,
    BindingsApproved => Audit "bindings_approved" Info,
}

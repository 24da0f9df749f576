//! What runs tell of themselves, as the contract has it. Emits nothing itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::events::{self, EventLevel};

/// A plugin wrote a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Logged {
    /// How much attention it asks for, in the plugin's opinion: `debug`, `info`, `warn` or `error`.
    pub(crate) level: String,
    /// The line.
    pub(crate) message: String,
    /// What belongs to it.
    #[serde(default)]
    pub(crate) fields: Value,
}

/// A run tells how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Progressed {
    /// 0.0 to 1.0.
    pub(crate) fraction: f64,
    /// What it does now.
    pub(crate) step: String,
}

/// A run published a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Published {
    /// What it is published under.
    pub(crate) key: String,
    /// The document, where it is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Value>,
    /// The length of a document that is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
}

/// What the plugin says its line is.
fn level_of_line(data: &Value) -> EventLevel {
    serde_json::from_value(data["level"].clone()).unwrap_or(EventLevel::Info)
}

events::payloads! {
    Logged => Run "log" Info level_of_line,
    Progressed => Run "progress" Info,
    Published => Run "published" Info,
}

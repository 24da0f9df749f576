//! What the gate tells of: calls that were denied or made twice. Emits nothing itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::events;

/// A call needed what its plugin may not do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Denied {
    /// The plugin, its version and its hash.
    #[serde(flatten)]
    pub(crate) plugin: PluginVersion,
    /// The call's place in the journal of its run.
    pub(crate) seq: u64,
    /// The call, such as `files.write`.
    pub(crate) call: String,
    /// What it needed, where it was one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) capability: Option<CapabilityName>,
    /// Why it was denied, with the command that would allow it.
    pub(crate) reason: String,
}

/// A plugin, as the audit log names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginVersion {
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plugin: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of its file, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// One thing that a plugin may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapabilityName {
    /// Its kind, such as `write`.
    pub kind: String,
    /// What exactly, such as `docs/PRD.md`.
    pub value: String,
}

/// A call that may have taken effect was made again after a crash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Repeated {
    /// Its place in the journal of its run.
    #[serde(default)]
    pub(crate) seq: u64,
    /// The call.
    #[serde(default)]
    pub(crate) call: String,
    /// Whether it may have been charged twice.
    #[serde(default)]
    pub(crate) possible_double_charge: bool,
}

events::payloads! {
    Denied => Audit "denied" Warn,
    Repeated => Llm "repeated" Warn,
}

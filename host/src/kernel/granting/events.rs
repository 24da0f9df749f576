//! What the audit log is told of decisions on plugins. Decides nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    events,
    journal::{PluginVersion, RunId},
    kernel::{grants::Terms, permissions::Patterns},
    moment::{self, Moment},
};

/// What an operator decided on a plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GrantDecision {
    /// The version that was decided on. Without version and hash: none that is installed.
    #[serde(flatten)]
    pub(crate) plugin: PluginVersion,
    /// `all` where every version is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) versions: Option<String>,
    /// What changed, as patterns by kind.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Vec<String>>>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) capabilities: Option<Patterns>,
    /// What the plugin asks for and is denied, where that changed nothing of what it may do.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Vec<String>>>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) withheld: Option<Patterns>,
    /// Where and until when it is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) terms: Option<GrantTerms>,
    /// SHA-256 of the version whose grants carry over to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) carried_from: Option<String>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Where and until when something is granted. What is left out sets no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct GrantTerms {
    /// Only in the project of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// Only before this time.
    #[serde(default, deserialize_with = "moment::either_or_none", skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Moment>,
}

impl From<&Terms> for GrantTerms {
    fn from(terms: &Terms) -> Self {
        Self { project: terms.project.clone(), until: terms.until.map(Moment) }
    }
}

impl From<GrantTerms> for Terms {
    fn from(terms: GrantTerms) -> Self {
        Self { project: terms.project, until: terms.until.map(|until| until.0) }
    }
}

/// An operator allowed a plugin more, or it has the grants of the version before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Granted {
    /// The decision.
    #[serde(flatten)]
    pub(crate) decision: GrantDecision,
}

/// An operator allows a plugin less.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Revoked {
    /// The decision.
    #[serde(flatten)]
    pub(crate) decision: GrantDecision,
}

/// An operator lets a plugin be started again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Enabled {
    /// The decision.
    #[serde(flatten)]
    pub(crate) decision: GrantDecision,
}

/// An operator lets nothing start a plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Disabled {
    /// The decision.
    #[serde(flatten)]
    pub(crate) decision: GrantDecision,
}

/// A plugin kept trapping, and nothing starts it until an operator decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Tripped {
    /// The plugin.
    #[serde(flatten)]
    pub(crate) plugin: PluginVersion,
    /// Runs in a row that ended by a trap.
    pub(crate) traps: u32,
    /// The last of them.
    pub(crate) run: RunId,
    /// Why, with the last trap.
    pub(crate) reason: String,
}

/// A plugin kept trapping, as those hear who follow plugins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PluginTripped {
    /// The same as in the audit log.
    #[serde(flatten)]
    pub(crate) tripped: Tripped,
}

events::payloads! {
    Granted => Audit "granted" Info,
    Revoked => Audit "revoked" Info,
    Enabled => Audit "enabled" Info,
    Disabled => Audit "disabled" Info,
    Tripped => Audit "tripped" Error,
    PluginTripped => Plugin "tripped" Error,
}

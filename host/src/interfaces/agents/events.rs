//! What the interface `agents` tells of. Starts no agent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{events, journal::RunId};

/// An agent that a run asked has answered or failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Ended {
    /// The agent.
    pub(crate) agent: String,
    /// Its run.
    pub(crate) run: RunId,
    /// What it says it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<String>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What its run has cost, with all below it, in dollars; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cost_usd: Option<f64>,
}

events::payloads! {
    Ended => Agent "ended" Info,
}

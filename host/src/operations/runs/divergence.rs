//! Where a plugin makes another call than a journal has, as views show it. Replays nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::journal::parse_json;
use crate::journal::{self, Asked, form};

/// The first call that differs from a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Divergence {
    /// The number of the call.
    pub seq: u64,
    /// The call in the journal. Absent where the journal ends before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<ComparedCall>,
    /// The call that the plugin makes. Absent where the plugin ended before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<ComparedCall>,
    /// The first place where the requests differ, as a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Where in the plugin's code the call is made, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// For people: what differs.
    pub reason: String,
}

/// A call as it is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedCall {
    /// Interface and function, such as `files.read`.
    pub call: String,
    /// The request, without what makes no difference.
    pub request: Value,
}

impl From<journal::Divergence> for Divergence {
    fn from(divergence: journal::Divergence) -> Self {
        Self {
            seq: divergence.seq,
            pointer: divergence.difference().map(|difference| difference.pointer),
            reason: divergence.to_string(),
            recorded: divergence.recorded.map(ComparedCall::from),
            now: divergence.now.map(ComparedCall::from),
            line: divergence.line,
        }
    }
}

impl From<Asked> for ComparedCall {
    fn from(Asked { call, request }: Asked) -> Self {
        Self { call, request: parse_json(&form::canonical(&parse_json(&request))) }
    }
}

//! `autopilot`: has stories landed as they become ready. No slot: it starts sprints.

use serde::{Deserialize, Serialize};

/// The key under which it publishes what it does.
pub const PUBLISHED: &str = "autopilot";

/// What it publishes beside its run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Published {
    /// `working`, `idle`, `waiting`, or why it begins nothing: `outside-hours`, `day-spent`.
    pub state: String,
    /// Keys of the stories that have a sprint.
    pub stories: Vec<String>,
    /// Until when the state holds, if that is known, in milliseconds since 1970 UTC.
    pub until_ms: Option<u64>,
    /// Why it waits for a person.
    pub reason: Option<String>,
}

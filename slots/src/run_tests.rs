//! `run-tests`: runs the project's tests in the workspace it is started in.

use serde::{Deserialize, Serialize};

/// What to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// A line for the shell; what the project's files suggest where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// Whether all tests passed.
    pub passed: bool,
    /// What was run; none where no command is known that tests this project.
    #[serde(default)]
    pub command: Option<String>,
    /// How it ended and the end of what it printed.
    #[serde(default)]
    pub report: String,
    /// How long it took.
    #[serde(default)]
    pub took_ms: u32,
}

//! `run-tests`: runs the project's tests in the workspace it is started in.

use serde::{Deserialize, Serialize};

/// What to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// A line for the shell; what the project's files suggest where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// A run that is red is not repeated, since red is expected. Otherwise it is believed when it happens twice.
    #[serde(skip_serializing_if = "is_false")]
    pub once: bool,
    /// Says which command would be run, and runs nothing.
    #[serde(skip_serializing_if = "is_false")]
    pub find_only: bool,
}

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Output {
    /// Whether all tests passed.
    pub passed: bool,
    /// How the run ended, in one of the words of [`outcome`], or one that is not known yet. Empty: as `passed` says.
    #[serde(default)]
    pub outcome: String,
    /// What was run; none where no command is known that tests this project.
    #[serde(default)]
    pub command: Option<String>,
    /// A quicker command than the whole of the tests, for use while working, where the operator names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<String>,
    /// The tests passed in a second run and not in the first.
    #[serde(default)]
    pub flaky: bool,
    /// How it ended, and the beginning and end of what it printed.
    #[serde(default)]
    pub report: String,
    /// How long it took.
    #[serde(default)]
    pub took_ms: u32,
}

/// The words for how a run of the tests ended.
pub mod outcome {
    /// All tests passed.
    pub const PASSED: &str = "passed";
    /// A test failed: the command ended by itself with another exit code than 0, twice unless red was expected.
    pub const FAILED: &str = "failed";
    /// Stopped at its time limit.
    pub const TIMED_OUT: &str = "timed-out";
    /// Stopped because it used up its memory.
    pub const OUT_OF_MEMORY: &str = "out-of-memory";
    /// Stopped by something other than Baton.
    pub const KILLED: &str = "killed";
    /// The image lacks a program that the command names.
    pub const NOT_STARTED: &str = "not-started";
    /// No command is known that tests this project.
    pub const NO_COMMAND: &str = "no-command";
    /// Nothing was run, as it was asked.
    pub const NOT_RUN: &str = "not-run";
}

impl Output {
    /// How the run ended, also where the plugin said only whether the tests passed.
    pub fn ended(&self) -> &str {
        match (self.outcome.as_str(), self.passed, &self.command) {
            ("", true, _) => outcome::PASSED,
            ("", false, Some(_)) => outcome::FAILED,
            ("", false, None) => outcome::NO_COMMAND,
            (outcome, ..) => outcome,
        }
    }

    /// Whether a test failed. A run that was stopped, or never began, says nothing about the tests.
    pub fn is_red(&self) -> bool {
        !self.passed && self.ended() == outcome::FAILED
    }

    /// Whether the run says nothing about the change, and what kept it from that is not known to be the change.
    pub fn is_unjudged(&self) -> bool {
        let stopped = [outcome::TIMED_OUT, outcome::OUT_OF_MEMORY, outcome::KILLED, outcome::NOT_STARTED];
        !self.passed && stopped.contains(&self.ended())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

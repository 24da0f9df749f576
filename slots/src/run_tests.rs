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
    /// Has the project's setup done, and runs no test.
    #[serde(skip_serializing_if = "is_false")]
    pub setup_only: bool,
    /// Files that changed. Where commands are known that test the parts in which they lie, these are run in the place of the
    /// whole; else nothing is run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Asks for the names of the tests that passed.
    #[serde(skip_serializing_if = "is_false")]
    pub names: bool,
}

/// A test that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct FailedTest {
    /// As its program names it.
    pub name: String,
    /// Where it failed, or stands; empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Why, the beginning.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Counts {
    /// They passed.
    pub passed: u32,
    /// They failed.
    pub failed: u32,
    /// They were not run, or were expected to fail.
    pub skipped: u32,
}

/// The commands of a folder of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Folder {
    /// Its path.
    pub folder: String,
    /// What runs its tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What is quicker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<String>,
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
    /// The tests that failed, as far as the output was understood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<FailedTest>,
    /// How many ended how, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Names of tests that failed and then passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaky_tests: Vec<String>,
    /// Names of the tests that passed, where they were asked for and all are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Names of the tests that a story added, where that is known. Filled in by what developed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Commands of single folders that the operator names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<Folder>,
    /// A change may be tested by less than the whole: ask with [`Input::changed`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub parts: bool,
}

impl FailedTest {
    /// Where, which, and why in one line, such as ``tests/a.py:14 `test_sum`: 1 is not 2``.
    pub fn line_of(&self) -> String {
        let Self { name, file, line, message } = self;
        let place = match line {
            Some(line) if !file.is_empty() => format!("{file}:{line} "),
            _ if file.is_empty() => String::new(),
            _ => format!("{file} "),
        };
        // Some programs begin the name with the file.
        let short = name.strip_prefix(file.as_str()).map_or(name.as_str(), |rest| rest.trim_start_matches([':', ' ', '>']));
        let short = if file.is_empty() || short.is_empty() { name } else { short };
        let why = message.lines().find(|line| !line.trim().is_empty()).map_or_else(String::new, |why| format!(": {}", why.trim()));
        format!("{place}`{short}`{why}")
    }
}

impl Counts {
    /// In words, such as `12 passed, 1 failed, 2 skipped`.
    pub fn in_words(&self) -> String {
        let Self { passed, failed, skipped } = self;
        let parts = [(passed, "passed"), (failed, "failed"), (skipped, "skipped")];
        let told = parts.iter().filter(|(number, word)| **number > 0 || *word == "passed");
        told.map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
    }
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

//! One run of a command in the sandbox: how it ended, and what is read of it.

use baton_results::Results;
use baton_sdk::prelude::*;
use baton_sdk::sandbox::{self, Ending, Execution, Job};
use baton_slots::run_tests::outcome;

use crate::printed::{self, Printed};
use crate::reports;

/// How often an operator is asked to repair the sandbox.
const MOST_PAUSES: u32 = 3;

pub(crate) struct Attempt {
    pub(crate) outcome: &'static str,
    pub(crate) exit_code: i32,
    pub(crate) took_ms: u32,
    pub(crate) printed: Printed,
    pub(crate) results: Results,
}

impl Attempt {
    pub(crate) fn make(command: &str, doing: &str) -> Result<Self> {
        run::progress(0.1, &format!("{doing} `{command}`"));
        let execution = executed(&job(command)?)?;
        let outcome = outcome_of(command, &execution);
        let (exit_code, took_ms) = (execution.exit_code, execution.took_ms);
        let printed = printed::whole(execution)?;
        let results = match outcome {
            outcome::NOT_STARTED => Results::default(),
            _ => reports::results(command, took_ms, &printed)?,
        };
        Ok(Self { outcome, exit_code, took_ms, printed, results })
    }

    pub(crate) fn passed(&self) -> bool {
        self.outcome == outcome::PASSED
    }
}

fn outcome_of(command: &str, execution: &Execution) -> &'static str {
    match execution.ending {
        Ending::TimedOut => outcome::TIMED_OUT,
        Ending::OutOfMemory => outcome::OUT_OF_MEMORY,
        Ending::Killed => outcome::KILLED,
        Ending::Exited if execution.exit_code == 0 => outcome::PASSED,
        Ending::Exited if is_missing(command, execution) => outcome::NOT_STARTED,
        Ending::Exited => outcome::FAILED,
    }
}

/// Whether the shell did not find a program that the command names. A program that a test does not find is the test's.
fn is_missing(command: &str, execution: &Execution) -> bool {
    const CODES: [i32; 2] = [126, 127];
    const REASONS: [&str; 4] = ["not found", "Permission denied", "permission denied", "No such file or directory"];
    if !CODES.contains(&execution.exit_code) {
        return false;
    }
    let complaint = |program: &str| {
        let named = |line: &str| {
            REASONS
                .iter()
                .any(|reason| line.contains(&format!("{program}: {reason}")) || line.contains(&format!("{program}: command {reason}")))
        };
        execution.stderr.lines().any(named)
    };
    programs(command).any(complaint)
}

/// The first word of each command of a line, without the variables that are set for it.
fn programs(line: &str) -> impl Iterator<Item = &str> {
    let commands = line.split(['&', ';', '|', '(', ')']);
    commands.filter_map(|command| command.split_whitespace().find(|word| !word.contains('=')))
}

fn job(command: &str) -> Result<Job> {
    let job = Job::shell(command).in_image_of_tests()?;
    // By itself pytest names only tests that failed.
    let job = if command.contains("pytest") { job.with_env("PYTEST_ADDOPTS", "-rap") } else { job };
    Ok(match settings::get("test.timeout")? {
        Some(seconds) => job.with_timeout_ms(u32::saturating_mul(seconds, 1000)),
        None => job,
    })
}

/// Without an engine nothing can be tested, and what was written so far shall not be lost for it.
pub(crate) fn executed(job: &Job) -> Result<Execution> {
    let mut pauses = 0;
    loop {
        match sandbox::execute(job) {
            Err(Error { kind: ErrorKind::Unavailable, text: reason, .. }) if pauses < MOST_PAUSES => {
                pauses += 1;
                run::pause(&format!("The tests cannot be run: {reason} Then resume this run."))?;
            }
            done => return done,
        }
    }
}

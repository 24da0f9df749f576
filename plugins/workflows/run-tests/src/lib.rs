//! Runs the tests of the workspace in the sandbox, by the command that is set or that its files suggest. Judges by how the
//! command ended alone, never by what it printed, and fixes nothing.

mod command;
mod report;
#[cfg(test)]
mod tests;

use baton_sdk::prelude::*;
use baton_sdk::sandbox::{self, Ending, Execution, Job};
use baton_slots::run_tests::{Input, Output, outcome};

struct RunTests;

/// How often an operator is asked to repair the sandbox.
const MOST_PAUSES: u32 = 3;

const NO_COMMAND: &str =
    "No command is known that tests this project. Add `tests/run.sh`, which exits with 0 when all tests pass, or set `test.command`.";

impl Workflow<Input, Output> for RunTests {
    fn run(order: Input) -> Result<Output> {
        let quick = command::quick()?;
        let Some(command) = command::of(order.command)? else {
            return Ok(Output { outcome: outcome::NO_COMMAND.to_owned(), report: NO_COMMAND.to_owned(), quick, ..Output::default() });
        };
        if order.find_only {
            return Ok(Output { outcome: outcome::NOT_RUN.to_owned(), command: Some(command), quick, ..Output::default() });
        }
        set_up()?;
        let tested = Output { quick, ..tested(&command, order.once)? };
        run::progress(1.0, if tested.passed { "The tests are green" } else { "The tests did not pass" });
        Ok(tested)
    }
}

baton_sdk::export!(RunTests);

/// What the tests need, where the lockfiles are others than before. A setup that fails pauses the run, and is never red.
fn set_up() -> Result<()> {
    let setup = sandbox::set_up()?;
    if setup.is_new() {
        run::info(&setup.summary());
    }
    Ok(())
}

/// What a developer could be blamed for is not believed before it has happened twice.
fn tested(command: &str, once: bool) -> Result<Output> {
    let first = attempt(command, "Running")?;
    if once || !matches!(first.outcome.as_str(), outcome::FAILED | outcome::KILLED) {
        return Ok(first);
    }
    let second = attempt(command, "Running once more, since it did not pass,")?;
    let took_ms = first.took_ms.saturating_add(second.took_ms);
    if !second.passed {
        return Ok(Output { took_ms, ..first });
    }
    let report = format!(
        "The first of two runs did not pass, and the second did.\n\nThe first run: {}\n\nThe second run: {}",
        first.report, second.report
    );
    Ok(Output { flaky: true, took_ms, report, ..second })
}

fn attempt(command: &str, doing: &str) -> Result<Output> {
    run::progress(0.1, &format!("{doing} `{command}`"));
    let execution = executed(&job(command)?)?;
    let outcome = outcome_of(command, &execution);
    let (passed, report) = (outcome == outcome::PASSED, report::written(&execution, outcome));
    Ok(Output {
        passed,
        outcome: outcome.to_owned(),
        command: Some(command.to_owned()),
        report,
        took_ms: execution.took_ms,
        ..Output::default()
    })
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
    Ok(match settings::get("test.timeout")? {
        Some(seconds) => job.with_timeout_ms(u32::saturating_mul(seconds, 1000)),
        None => job,
    })
}

/// Without an engine nothing can be tested, and what was written so far shall not be lost for it.
fn executed(job: &Job) -> Result<Execution> {
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

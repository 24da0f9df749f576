//! Runs the tests of the workspace in the sandbox, by the command that is set or that its files suggest, and reads which of
//! them failed. Whether they passed, the command's exit code alone says, never what it printed. Fixes nothing.

mod attempt;
mod printed;
mod report;
mod reports;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use baton_results::{Results, Status};
use baton_sdk::prelude::*;
use baton_sdk::sandbox::SetupOutcome;
use baton_slots::run_tests::{Counts, FailedTest, Folder, Input, Output, outcome};
use baton_survey::{TestCommands, joined};

use attempt::Attempt;

struct RunTests;

/// Tests that are told of a run, and bytes of what is told of each.
const MOST_TOLD: usize = 30;
const LONGEST_MESSAGE: usize = 600;
/// Names that are told where all are asked for, and their bytes; of more none are, since a part of them would mislead.
const MOST_NAMES: usize = 10_000;
const MOST_NAMES_BYTES: usize = 512 << 10;

const NO_COMMAND: &str =
    "No command is known that tests this project. Add `tests/run.sh`, which exits with 0 when all tests pass, or set `test.command`.";
const NO_PART: &str = "No command is known that tests just what changed.";

impl Workflow<Input, Output> for RunTests {
    fn run(order: Input) -> Result<Output> {
        if !order.find_only {
            // What it installs may have the command.
            let setup = set_up()?;
            if order.setup_only {
                return Ok(Output { outcome: outcome::NOT_RUN.to_owned(), report: setup.summary(), ..Output::default() });
            }
        }
        let known = TestCommands::find(order.command.clone())?;
        let command =
            if order.changed.is_empty() { known.whole.clone() } else { known.quick_for(&order.changed)?.map(|lines| joined(&lines)) };
        let parts = known.knows_parts();
        let told = Output { quick: known.quick, folders: known.folders.into_iter().map(folder).collect(), parts, ..Output::default() };
        let Some(command) = command else {
            let (outcome, report) = if order.changed.is_empty() { (outcome::NO_COMMAND, NO_COMMAND) } else { (outcome::NOT_RUN, NO_PART) };
            return Ok(Output { outcome: outcome.to_owned(), report: report.to_owned(), ..told });
        };
        if order.find_only {
            return Ok(Output { outcome: outcome::NOT_RUN.to_owned(), command: Some(command), ..told });
        }
        let Output { quick, folders, parts, .. } = told;
        let tested = Output { quick, folders, parts, ..tested(&command, &order)? };
        run::progress(1.0, if tested.passed { "The tests are green" } else { "The tests did not pass" });
        Ok(tested)
    }
}

baton_sdk::export!(RunTests);

/// What the tests need, where the lockfiles are others than before. A setup that fails pauses the run, and is never red.
fn set_up() -> Result<SetupOutcome> {
    let setup = sandbox::set_up()?;
    if setup.is_new() {
        run::info(&setup.summary());
    }
    Ok(setup)
}

/// What a developer could be blamed for is not believed before it has happened twice.
fn tested(command: &str, order: &Input) -> Result<Output> {
    let first = Attempt::make(command, "Running")?;
    if order.once || !matches!(first.outcome, outcome::FAILED | outcome::KILLED) {
        return Ok(told(command, order, &first, &BTreeSet::new()));
    }
    let second = Attempt::make(command, "Running once more, since it did not pass,")?;
    let took_ms = first.took_ms.saturating_add(second.took_ms);
    let mut flaky = flaky_in(&first, &second);
    if !second.passed() {
        // Two runs may fail for two reasons, each of which is there but once.
        flaky.extend(flaky_in(&second, &first));
        return Ok(Output { took_ms, ..told(command, order, &first, &flaky) });
    }
    let second = told(command, order, &second, &flaky);
    let report = format!(
        "The first of two runs did not pass, and the second did.\n\nThe first run: {}\n\nThe second run: {}",
        told(command, order, &first, &flaky).report,
        second.report
    );
    Ok(Output { flaky: true, took_ms, report, ..second })
}

/// The tests that failed in one run and passed in the other, as far as both name them.
fn flaky_in(first: &Attempt, second: &Attempt) -> BTreeSet<String> {
    let still = second.results.names(|status| status == Status::Failed);
    let passed = second.results.names(|status| status == Status::Passed);
    // A run that names only failures has passed what it does not name, if it came to its end.
    let is_known = |name: &str| passed.contains(name) || second.passed() || !second.results.is_complete && !still.is_empty();
    let failed = first.results.failed().map(|test| test.name.as_str());
    failed.filter(|name| !still.contains(name) && is_known(name)).map(str::to_owned).collect()
}

fn told(command: &str, order: &Input, attempt: &Attempt, flaky: &BTreeSet<String>) -> Output {
    let results = &attempt.results;
    let (flaky, failing) = (unstable(results, flaky), failing(results, flaky));
    Output {
        passed: attempt.passed(),
        outcome: attempt.outcome.to_owned(),
        command: Some(command.to_owned()),
        report: report::written(attempt, &failing, &flaky),
        took_ms: attempt.took_ms,
        counts: counts(results),
        names: if order.names { names(results) } else { Vec::new() },
        failing,
        flaky_tests: flaky,
        ..Output::default()
    }
}

fn failing(results: &Results, flaky: &BTreeSet<String>) -> Vec<FailedTest> {
    let failed = results.failed().filter(|test| !flaky.contains(&test.name)).take(MOST_TOLD);
    let failed = failed.map(|test| FailedTest {
        name: test.name.clone(),
        file: test.file.clone(),
        line: test.line,
        message: test.message[..test.message.floor_char_boundary(LONGEST_MESSAGE)].to_owned(),
    });
    failed.collect()
}

fn unstable(results: &Results, flaky: &BTreeSet<String>) -> Vec<String> {
    let repeated = results.names(|status| status == Status::Flaky);
    let all: BTreeSet<_> = repeated.into_iter().chain(flaky.iter().map(String::as_str)).collect();
    all.into_iter().take(MOST_TOLD).map(str::to_owned).collect()
}

fn counts(results: &Results) -> Option<Counts> {
    let baton_results::Counts { passed, failed, skipped, .. } = results.counts;
    (!results.is_empty()).then_some(Counts { passed, failed, skipped })
}

fn names(results: &Results) -> Vec<String> {
    let names = results.names(|status| matches!(status, Status::Passed | Status::Flaky));
    let is_bounded = names.len() <= MOST_NAMES && names.iter().map(|name| name.len()).sum::<usize>() <= MOST_NAMES_BYTES;
    if results.is_complete && is_bounded { names.into_iter().map(str::to_owned).collect() } else { Vec::new() }
}

fn folder(commands: baton_survey::FolderCommands) -> Folder {
    let baton_survey::FolderCommands { folder, command, quick } = commands;
    Folder { folder, command, quick }
}

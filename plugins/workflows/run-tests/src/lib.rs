//! Runs the tests of the workspace in the sandbox, by the command that is set or that its files suggest. Judges by the
//! exit code alone and mends nothing.

mod command;
#[cfg(test)]
mod tests;

use baton_sdk::prelude::*;
use baton_sdk::sandbox::{self, Execution, Job};
use baton_slots::run_tests::{Input, Output};

struct RunTests;

/// Bytes of a report, of which the end tells most.
const LONGEST_REPORT: usize = 16 << 10;
/// How often an operator is asked to mend the sandbox.
const MOST_PAUSES: u32 = 3;

const NO_COMMAND: &str =
    "No command is known that tests this project. Add `tests/run.sh`, which exits with 0 when all tests pass, or set `test.command`.";

impl Workflow<Input, Output> for RunTests {
    fn run(order: Input) -> Result<Output> {
        let Some(command) = command::of(order.command)? else {
            return Ok(Output { passed: false, command: None, report: NO_COMMAND.to_owned(), took_ms: 0 });
        };
        run::progress(0.1, &format!("Running `{command}`"));
        let outcome = executed(&job(&command)?)?;
        let passed = outcome.succeeded();
        run::progress(1.0, if passed { "The tests are green" } else { "The tests are red" });
        Ok(Output { passed, command: Some(command), report: shortened(&outcome.report()), took_ms: outcome.took_ms })
    }
}

baton_sdk::export!(RunTests);

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

fn shortened(report: &str) -> String {
    if report.len() <= LONGEST_REPORT {
        return report.to_owned();
    }
    let begin = report.ceil_char_boundary(report.len() - LONGEST_REPORT);
    format!("[{begin} bytes left out]\n{}", &report[begin..])
}

//! How a test command ended: first which tests failed, where and why, then what it printed, of each stream the beginning and
//! the end, since warnings of one stream must not push the other out. Lines that only say that a test passed are left out.

use std::fmt::Write as _;

use baton_slots::run_tests::{FailedTest, outcome};

use crate::attempt::Attempt;

/// Bytes of all streams together.
const LONGEST: usize = 16 << 10;
/// The share of what is shown of a stream that is its beginning.
const HEAD: usize = 4;
/// Bytes of a line about a test.
const LONGEST_LINE: usize = 300;

pub(crate) fn written(attempt: &Attempt, failing: &[FailedTest], flaky: &[String]) -> String {
    let failed = attempt.outcome == outcome::FAILED;
    let streams: Vec<_> = attempt
        .printed
        .streams
        .iter()
        .map(|(name, text)| (*name, if failed { without_passed(text) } else { text.trim_end().to_owned() }))
        .collect();
    let half = LONGEST / streams.len().max(1);
    let unused: usize = streams.iter().map(|(_, text)| half.saturating_sub(text.len())).sum();
    let shown = streams.iter().map(|(name, text)| format!("\n--- {name}\n{}", shortened(text, half + unused)));
    format!("{}{}{}\n", ending(attempt), listed(attempt, failing, flaky), shown.collect::<String>())
}

fn listed(attempt: &Attempt, failing: &[FailedTest], flaky: &[String]) -> String {
    let mut list = String::new();
    // Writing to a string does not fail.
    if !failing.is_empty() {
        list.push_str("\n\nFailed:\n");
        for test in failing {
            let line = test.line_of();
            let _ = writeln!(list, "- {}", &line[..line.floor_char_boundary(LONGEST_LINE)]);
        }
        let all = attempt.results.failed().count().saturating_sub(flaky.len());
        if let Some(more) = all.checked_sub(failing.len()).filter(|more| *more > 0) {
            let _ = writeln!(list, "- and {more} more");
        }
    }
    if !flaky.is_empty() {
        let names: Vec<_> = flaky.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(list, "\nFailed once and passed when run again: {}.\n", names.join(", "));
    }
    list
}

/// Without the lines of harnesses that name what passed, which nobody who looks for a failure needs.
fn without_passed(text: &str) -> String {
    let is_noise = |line: &&str| {
        let of_go = ["=== RUN", "=== PAUSE", "=== CONT", "=== NAME"].iter().any(|begin| line.starts_with(begin));
        let of_rust = line.starts_with("test ") && line.ends_with(" ... ok");
        let of_pytest = line.starts_with("PASSED ") && line.contains("::");
        of_go || of_rust || of_pytest || line.trim_start().starts_with("--- PASS: ")
    };
    let kept: Vec<_> = text.trim_end().lines().filter(|line| !is_noise(line)).collect();
    kept.join("\n")
}

fn ending(attempt: &Attempt) -> String {
    let took = seconds(attempt.took_ms);
    let counts = crate::counts(&attempt.results).map_or_else(String::new, |counts| format!(" {}.", counts.in_words()));
    match attempt.outcome {
        outcome::TIMED_OUT => format!("The tests were stopped after {took}, which is their time limit. It is not known whether they pass."),
        outcome::OUT_OF_MEMORY => format!("The tests were stopped after {took}, because they used up the memory of their container."),
        outcome::KILLED => format!("Something other than Baton stopped the tests after {took}, twice if they were run again."),
        outcome::NOT_STARTED => format!(
            "The test command could not be started: the shell ended with exit code {}. The image lacks a program that the command names, which an \
             operator corrects with `test.image` or `test.command`.",
            attempt.exit_code
        ),
        _ => format!("The tests ended with exit code {} after {took}.{counts}", attempt.exit_code),
    }
}

fn seconds(milliseconds: u32) -> String {
    match milliseconds {
        0..10_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!("{} s", milliseconds / 1000),
    }
}

/// The beginning and the end, in whole lines where there are any.
fn shortened(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(room / HEAD);
    let head = text[..head].rfind('\n').map_or(head, |line_break| line_break + 1);
    let tail = text.ceil_char_boundary(text.len() - (room - room / HEAD));
    let tail = text[tail..].find('\n').filter(|line_break| *line_break < room / HEAD).map_or(tail, |line_break| tail + line_break + 1);
    let gap = if text[..head].ends_with('\n') { "" } else { "\n" };
    format!("{}{gap}[{} bytes left out]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use baton_results::read;

    use super::*;
    use crate::printed::Printed;

    fn attempt(outcome: &'static str, stdout: &str, stderr: &str) -> Attempt {
        let streams = [("stdout", stdout.to_owned()), ("stderr", stderr.to_owned())];
        let printed = Printed { streams: streams.into_iter().filter(|(_, text)| !text.is_empty()).collect() };
        Attempt { outcome, exit_code: 1, took_ms: 10, results: read([stdout, stderr]), printed }
    }

    #[test]
    fn both_streams_keep_their_beginning_and_their_end() {
        let noise = "warning: unused\n".repeat(4000);
        let attempt =
            attempt(outcome::FAILED, &format!("FIRST failed\n{noise}1 failed, 3 passed"), &format!("compiling\n{noise}error: test failed"));
        let report = written(&attempt, &[], &[]);
        for expected in
            ["exit code 1", "FIRST failed\n", "1 failed, 3 passed", "compiling\n", "error: test failed", "bytes left out]\nwarning"]
        {
            assert!(report.contains(expected), "{expected}: {report}");
        }
        assert!(report.len() < LONGEST + 500, "{}", report.len());
    }

    #[test]
    fn a_stream_gets_what_the_other_leaves() {
        let long = "ä".repeat(LONGEST);
        let report = written(&attempt(outcome::FAILED, &long, ""), &[], &[]);
        assert!((LONGEST..LONGEST + 500).contains(&report.len()), "{}", report.len());
        let exact = "a".repeat(LONGEST);
        assert!(written(&attempt(outcome::PASSED, "", &exact), &[], &[]).contains(&exact));
    }

    #[test]
    fn what_failed_comes_first_and_what_passed_not_at_all() {
        let printed = "running 2 tests\ntest sums ... ok\ntest cents ... FAILED\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n";
        let failed = FailedTest { name: "cents".into(), file: "src/lib.rs".into(), line: Some(3), message: "x".repeat(500) };
        let report = written(&attempt(outcome::FAILED, printed, ""), &[failed], &["waits".to_owned()]);
        assert!(
            report.starts_with("The tests ended with exit code 1 after 0.0 s. 1 passed, 1 failed.\n\nFailed:\n- src/lib.rs:3 `cents`: xxx"),
            "{report}"
        );
        assert!(report.contains("Failed once and passed when run again: `waits`.") && !report.contains("test sums ... ok"), "{report}");
        assert!(report.contains("test cents ... FAILED"), "{report}");
    }

    #[test]
    fn what_did_not_end_is_said_with_its_seconds() {
        let ended = |outcome, took_ms| written(&Attempt { took_ms, exit_code: 137, ..attempt(outcome, "", "") }, &[], &[]);
        assert!(ended(outcome::TIMED_OUT, 600_000).contains("after 600 s, which is their time limit"));
        assert!(ended(outcome::OUT_OF_MEMORY, 1250).contains("after 1.2 s"));
        assert!(ended(outcome::NOT_STARTED, 0).contains("exit code 137"));
    }
}

//! Each format by what its program printed (`fixtures`) or by its documented form, and all of them on what no program prints.

mod hostile;
mod javascript;
mod others;
mod python;
mod rust;

use crate::{Counts, Results, Status, read};

fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
    Counts { passed, failed, skipped, flaky: 0 }
}

/// The tests that failed: name, file and line, and the first line of why.
fn failed(results: &Results) -> Vec<(&str, String, &str)> {
    let place = |file: &str, line: Option<u32>| line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
    let shown = |test: &'_ crate::Test| place(&test.file, test.line);
    results.failed().map(|test| (test.name.as_str(), shown(test), test.message.lines().next().unwrap_or_default())).collect()
}

fn check(text: &str, expected: Counts, is_complete: bool, failures: &[(&str, &str, &str)]) -> Results {
    let results = read([text]);
    let failures: Vec<_> = failures.iter().map(|(name, place, why)| (*name, (*place).to_owned(), *why)).collect();
    assert_eq!(failed(&results), failures);
    assert_eq!((results.counts, results.is_complete), (expected, is_complete), "{:#?}", results.tests);
    results
}

fn passed(results: &Results) -> Vec<&str> {
    results.names(|status| status == Status::Passed).into_iter().collect()
}

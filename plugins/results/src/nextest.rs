//! What cargo-nextest prints. Names a test with its binary, as nextest does.

use crate::found::Found;
use crate::lines::{counted, number};
use crate::{Counts, Status, libtest};

const ENDS: &[(&str, Status)] = &[
    ("PASS", Status::Passed),
    ("FAIL", Status::Failed),
    ("FLAKY", Status::Flaky),
    ("SKIP", Status::Skipped),
    ("TIMEOUT", Status::Failed),
    ("ABORT", Status::Failed),
    ("SIGABRT", Status::Failed),
    ("SIGSEGV", Status::Failed),
    ("LEAK", Status::Passed),
];

pub(crate) fn is_summary(line: &str) -> bool {
    line.trim_start().starts_with("Summary [") && (line.contains("tests run:") || line.contains("test run:"))
}

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let Some(summary) = lines.iter().position(|line| is_summary(line)) else { return };
    if lines.iter().filter(|line| is_summary(line)).count() > 1 {
        found.leave_out();
    }
    let mut rest = &lines[..summary];
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        let Some((name, status)) = ended(line) else { continue };
        // A test that will be tried again says how it went later.
        if line.trim_start().starts_with("TRY ") {
            continue;
        }
        found.add(&name, status);
        let end = after.iter().position(|line| ended(line).is_some()).unwrap_or(after.len());
        let (said, after) = after.split_at(end);
        if matches!(status, Status::Failed | Status::Flaky) {
            libtest::failed(&name, said, found);
        }
        rest = after;
    }
    let line = lines[summary];
    found.count(Counts {
        passed: counted(line, "passed", true),
        failed: counted(line, "failed", true).saturating_add(counted(line, "timed", true)),
        skipped: counted(line, "skipped", true),
        flaky: counted(line, "flaky", true),
    });
}

/// `FAIL [   0.006s] (1/5) demo tests::sums`, also `FLAKY 2/3 [` and `TRY 1 FAIL [`.
fn ended(line: &str) -> Option<(String, Status)> {
    let (end, rest) = line.trim_start().split_once('[')?;
    let mut words = end.split_whitespace();
    let word = words.find(|word| ENDS.iter().any(|(end, _)| end == word))?;
    let is_end = words.all(|word| word.contains('/')) && end.len() < 40;
    let (time, name) = rest.split_once(']').filter(|_| is_end)?;
    if !time.trim().ends_with('s') {
        return None;
    }
    let name = name.trim();
    // Newer ones count.
    let name = match name.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((count, name)) if count.contains('/') && number(count.trim()).is_some() => name.trim(),
        _ => name,
    };
    let status = ENDS.iter().find(|(end, _)| *end == word)?.1;
    (!name.is_empty()).then(|| (name.to_owned(), status))
}

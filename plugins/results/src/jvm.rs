//! What Maven and Gradle print of tests that failed. Their reports name all tests, and say more.

use crate::found::Found;
use crate::lines::{counted, number};
use crate::place::{self, Place};
use crate::{Counts, Status};

/// Lines that are looked at for one failure.
const MOST_LINES: usize = 200;

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    maven(lines, found);
    gradle(lines, found);
}

/// Below `Failures:` and `Errors:`: `SumsTest.cents:12 expected: <0.3>`, `SumsTest.boom:9 » IllegalState no ledger`.
fn maven(lines: &[&str], found: &mut Found) {
    let Some(results) = lines.iter().rposition(|line| level(line) == Some("Results:")) else { return };
    let mut lists = false;
    for line in &lines[results..] {
        let Some(text) = level(line) else { continue };
        if let Some(rest) = text.strip_prefix("Tests run: ") {
            let of = |word| counted(rest, word, false);
            let all = number(rest).map_or(0, |(all, _)| all);
            let (failed, skipped) = (of("Failures:").saturating_add(of("Errors:")), of("Skipped:"));
            return found.count(Counts { passed: all.saturating_sub(failed).saturating_sub(skipped), failed, skipped, flaky: 0 });
        }
        match text.trim() {
            "Failures:" | "Errors:" => lists = true,
            "" | "Flakes:" => lists = false,
            entry if lists => failed(entry, found),
            _ => {}
        }
    }
}

fn level(line: &str) -> Option<&str> {
    ["[ERROR] ", "[INFO] ", "[WARNING] "].iter().find_map(|level| line.strip_prefix(level))
}

fn failed(entry: &str, found: &mut Found) {
    let (place, why) = entry.split_once(' ').unwrap_or((entry, ""));
    let (name, line) =
        place.split_once(':').map_or((place, None), |(name, line)| (name, line.split("->").next().and_then(|line| line.parse().ok())));
    let Some((class, _)) = name.split_once('.') else { return };
    found.add(name, Status::Failed);
    found.place(name, Some(Place { file: format!("{class}.java"), line }));
    found.message(name, why.trim_start_matches("» "));
}

/// `SumsTest > cents() FAILED`, and below it what was thrown, and where.
fn gradle(lines: &[&str], found: &mut Found) {
    const ENDS: &[(&str, Status)] = &[(" FAILED", Status::Failed), (" PASSED", Status::Passed), (" SKIPPED", Status::Skipped)];
    if !lines.iter().any(|line| line.starts_with("> Task ") || line.starts_with("BUILD ")) {
        return;
    }
    for (place, line) in lines.iter().enumerate() {
        let ended = ENDS.iter().find_map(|(end, status)| Some((line.strip_suffix(end)?, *status)));
        let Some((name, status)) = ended.filter(|(name, _)| name.contains(" > ") && !name.starts_with(['>', ' '])) else { continue };
        found.put(name, status);
        if status == Status::Failed {
            let said = &lines[place + 1..lines.len().min(place + MOST_LINES)];
            let end = said.iter().position(|line| line.is_empty()).unwrap_or(said.len());
            found.place(name, place::first(&said[..end]));
            found.details(name, &said[..end]);
        }
    }
    let sum = lines.iter().rfind(|line| line.contains(" tests completed, ") || line.contains(" test completed, "));
    if let Some(sum) = sum {
        let all = counted(sum, "tests", true).max(counted(sum, "test", true));
        let (failed, skipped) = (counted(sum, "failed", true), counted(sum, "skipped", true));
        found.count(Counts { passed: all.saturating_sub(failed).saturating_sub(skipped), failed, skipped, flaky: 0 });
    }
}

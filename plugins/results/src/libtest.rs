//! What `cargo test` prints: Rust's own harness, in its usual form. Other harnesses that print the same are read as well.

use crate::found::Found;
use crate::lines::counted;
use crate::place;
use crate::{Counts, Status};

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    // Nextest shows what the harness said of each test that failed, and counts for itself.
    let is_harness = lines.iter().any(|line| is_start(line)) && !lines.iter().any(|line| crate::nextest::is_summary(line));
    if !is_harness {
        return;
    }
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if let Some((name, status)) = ended(line) {
            found.add(name, status);
        } else if let Some(name) = section(line) {
            let end = after.iter().position(|line| section(line).is_some() || *line == "failures:" || line.starts_with("test result:"));
            let (said, after) = after.split_at(end.unwrap_or(after.len()));
            failed(name, said, found);
            rest = after;
        } else if line.starts_with("test result:") {
            found.count(Counts {
                passed: counted(line, "passed", true),
                failed: counted(line, "failed", true),
                skipped: counted(line, "ignored", true),
                flaky: 0,
            });
        }
    }
}

fn is_start(line: &str) -> bool {
    line.strip_prefix("running ").is_some_and(|rest| rest.ends_with(" tests") || rest.ends_with(" test"))
}

/// `test NAME ... ok`, or of the terse form `NAME --- FAILED`.
fn ended(line: &str) -> Option<(&str, Status)> {
    if let Some(name) = line.strip_suffix(" --- FAILED") {
        return Some((plain(name), Status::Failed));
    }
    let (name, end) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let status = match end.split([' ', ',']).next()? {
        "ok" | "bench:" => Status::Passed,
        "FAILED" => Status::Failed,
        "ignored" => Status::Skipped,
        _ => return None,
    };
    Some((plain(name), status))
}

fn plain(name: &str) -> &str {
    name.strip_suffix(" - should panic").or_else(|| name.strip_suffix(" - compile fail")).unwrap_or(name)
}

/// `---- NAME stdout ----`
fn section(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?
        .strip_suffix(" ----")
        .map(|name| name.strip_suffix(" stdout").or_else(|| name.strip_suffix(" stderr")).unwrap_or(name))
}

/// Why a test failed stands behind the line that says where it panicked.
pub(crate) fn failed(name: &str, said: &[&str], found: &mut Found) {
    let Some(place) = said.iter().position(|line| line.contains("panicked at ")) else {
        return found.details(name, said);
    };
    found.place(name, place::of(said[place]));
    let why: Vec<_> = said[place + 1..].iter().copied().take_while(|line| !line.starts_with("note: ") && !line.is_empty()).collect();
    // Before Rust 1.73 both stood in one line.
    let quoted = said[place].split_once("panicked at '").and_then(|(_, rest)| rest.rsplit_once("', ")).map(|(why, _)| [why]);
    match quoted {
        Some(why) => found.details(name, &why),
        None => found.details(name, &why),
    }
}

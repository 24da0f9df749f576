//! What `node --test` prints with its reporter `spec`. A test that has subtests, and a suite, is left out for them.

use crate::found::Found;
use crate::lines::{counted, indent, timed};
use crate::place;
use crate::{Counts, Status};

const MARKS: &[(&str, Status)] = &[("✔ ", Status::Passed), ("✖ ", Status::Failed), ("﹣ ", Status::Skipped), ("⚠ ", Status::Skipped)];
const DIVIDER: &str = " > ";

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let numbers =
        |word: &str| lines.iter().find(|line| line.strip_prefix("ℹ ").is_some_and(|rest| rest.split(' ').next() == Some(word))).copied();
    if numbers("pass").is_none() || numbers("fail").is_none() {
        return;
    }
    if lines.iter().filter(|line| line.starts_with("ℹ pass ")).count() > 1 {
        found.leave_out();
    }
    let end = lines.iter().position(|line| line.starts_with("✖ failing tests")).unwrap_or(lines.len());
    listed(&lines[..end], found);
    failing(lines.get(end + 1..).unwrap_or_default(), found);
    let of = |word: &str| numbers(word).map_or(0, |line| counted(line, word, false));
    found.count(Counts {
        passed: of("pass"),
        failed: of("fail").saturating_add(of("cancelled")),
        skipped: of("skipped").saturating_add(of("todo")),
        flaky: 0,
    });
}

fn listed(lines: &[&str], found: &mut Found) {
    let mut around: Vec<(usize, &str)> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let (depth, text) = (indent(line), line.trim_start());
        if let Some(suite) = text.strip_prefix("▶ ") {
            around.retain(|(other, _)| *other < depth);
            around.push((depth, timed(suite).0));
            continue;
        }
        let Some((name, status, seconds)) = marked(text) else { continue };
        // A suite is told again when it ends, at its own depth.
        if around.iter().any(|(other, suite)| *other == depth && *suite == name) {
            around.retain(|(other, _)| *other < depth);
            continue;
        }
        around.retain(|(other, _)| *other < depth);
        let full = around.iter().map(|(_, suite)| *suite).chain([name]).collect::<Vec<_>>().join(DIVIDER);
        found.add(&full, status);
        found.seconds(&full, seconds);
        if status == Status::Failed {
            found.details(&full, said(lines.get(place + 1..).unwrap_or_default(), depth));
        }
    }
}

/// Why tests failed, which newer versions say here alone, with the last part of the name.
fn failing(lines: &[&str], found: &mut Found) {
    for (place, line) in lines.iter().enumerate() {
        let Some((name, Status::Failed, _)) = marked(line.trim_start()) else { continue };
        let Some(full) = found.named_last(name, DIVIDER) else { continue };
        found.details(&full, said(&lines[place + 1..], indent(line)));
        let declared = place.checked_sub(1).and_then(|before| lines[before].strip_prefix("test at ")).and_then(place::of);
        found.place(&full, declared);
    }
}

fn marked(text: &str) -> Option<(&str, Status, Option<f64>)> {
    let (rest, status) = MARKS.iter().find_map(|(mark, status)| Some((text.strip_prefix(mark)?, *status)))?;
    let (rest, directive) = rest
        .rsplit_once(" # ")
        .filter(|(_, word)| word.starts_with("SKIP") || word.starts_with("TODO"))
        .map_or((rest, false), |(rest, _)| (rest, true));
    let (name, seconds) = timed(rest);
    Some((name, if directive { Status::Skipped } else { status }, seconds))
}

/// The lines below that are deeper.
fn said<'a>(after: &'a [&'a str], depth: usize) -> &'a [&'a str] {
    let end = after.iter().position(|line| !line.is_empty() && (indent(line) <= depth || marked(line.trim_start()).is_some()));
    &after[..end.unwrap_or(after.len()).min(100)]
}

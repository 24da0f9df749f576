//! What mocha prints with its reporter `spec`.

use crate::found::Found;
use crate::lines::{indent, number, timed};
use crate::place;
use crate::{Counts, Status};

const DIVIDER: &str = " > ";

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let mut ends =
        lines.iter().enumerate().filter(|(_, line)| numbered(line, "passing").is_some() && line.ends_with(')')).map(|(place, _)| place);
    let Some(end) = ends.next() else { return };
    if ends.next().is_some() {
        found.leave_out();
    }
    listed(&lines[..end], found);
    let after = &lines[end..];
    let of = |word| after.iter().take(6).find_map(|line| numbered(line, word)).unwrap_or_default();
    found.count(Counts { passed: of("passing"), failed: of("failing"), skipped: of("pending"), flaky: 0 });
    failing(after, found);
}

/// `2 passing (92ms)`
fn numbered(line: &str, word: &str) -> Option<u32> {
    let (number, rest) = number(line.trim_start())?;
    (line.starts_with("  ") && rest.trim_start().split(' ').next() == Some(word)).then_some(number)
}

fn listed(lines: &[&str], found: &mut Found) {
    let mut around: Vec<(usize, &str)> = Vec::new();
    for line in lines {
        let (depth, text) = (indent(line), line.trim_start());
        if depth < 2 || text.is_empty() {
            continue;
        }
        around.retain(|(other, _)| *other < depth);
        let Some((name, status)) = marked(text) else {
            around.push((depth, text));
            continue;
        };
        let (name, seconds) = timed(name);
        let full = around.iter().map(|(_, suite)| *suite).chain([name]).collect::<Vec<_>>().join(DIVIDER);
        found.add(&full, status);
        found.seconds(&full, seconds);
    }
}

fn marked(text: &str) -> Option<(&str, Status)> {
    let passed = text.strip_prefix("✔ ").or_else(|| text.strip_prefix("✓ ")).map(|name| (name, Status::Passed));
    let pending = || text.strip_prefix("- ").map(|name| (name, Status::Skipped));
    let failed = || number(text)?.1.strip_prefix(") ").map(|name| (name, Status::Failed));
    passed.or_else(pending).or_else(failed)
}

/// A name stands there over several lines, deeper and deeper, and ends with a colon.
fn failing(lines: &[&str], found: &mut Found) {
    let heads: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| indent(line) == 2 && number(line.trim_start()).is_some_and(|(_, rest)| rest.starts_with(") ")))
        .map(|(place, _)| place)
        .collect();
    for (number, begin) in heads.iter().enumerate() {
        let section = &lines[*begin..heads.get(number + 1).copied().unwrap_or(lines.len())];
        let Some(colon) = section.iter().take(12).position(|line| line.ends_with(':')) else { continue };
        let parts = section[..=colon].iter().enumerate().map(|(line, part)| {
            let part = if line == 0 { part.split_once(") ").map_or(*part, |(_, part)| part) } else { part };
            part.trim().trim_end_matches(':')
        });
        let full = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(DIVIDER);
        found.add_once(&full, Status::Failed);
        let said = &section[colon + 1..];
        let frames: Vec<_> = said.iter().copied().filter(|line| line.trim_start().starts_with("at ")).collect();
        found.place(&full, place::first(&frames));
        found.details(&full, said);
    }
}

//! What vitest prints. Passing tests are named where it is verbose, and in a file in which one failed.

use crate::found::Found;
use crate::lines::{counted, duration, indent};
use crate::place::{self, Place};
use crate::{Counts, Status};

const MARKS: &[(&str, Status)] = &[("✓ ", Status::Passed), ("√ ", Status::Passed), ("× ", Status::Failed), ("↓ ", Status::Skipped)];
const DIVIDER: &str = " > ";
const HEAD: &str = " FAIL  ";
/// Lines that are looked at for one failure.
const MOST_LINES: usize = 200;

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let of_head = |head: &str| lines.iter().filter(|line| line.trim_start().starts_with(head)).collect::<Vec<_>>();
    let sums = of_head("Tests  ");
    if sums.is_empty() || of_head("Test Files  ").is_empty() {
        return;
    }
    let mut file = None;
    for (place, line) in lines.iter().enumerate() {
        if let Some(name) = line.strip_prefix(HEAD) {
            failed(name, &lines[place + 1..], found);
            continue;
        }
        let text = line.trim_start();
        if let Some(path) = of_file(text) {
            file = Some(path);
        } else if let Some((rest, status)) = MARKS.iter().find_map(|(mark, status)| Some((text.strip_prefix(mark)?, *status))) {
            let (name, seconds) = timed(rest);
            let is_whole = indent(line) <= 1 && name.contains(DIVIDER);
            let full = match file {
                Some(file) if !is_whole => format!("{file}{DIVIDER}{name}"),
                _ => name.to_owned(),
            };
            found.add(&full, status);
            found.seconds(&full, seconds);
        }
    }
    for sum in sums {
        let of = |word| counted(sum, word, true);
        found.count(Counts { passed: of("passed"), failed: of("failed"), skipped: of("skipped").saturating_add(of("todo")), flaky: 0 });
    }
}

/// Takes ` 6ms` off the end of a name.
fn timed(name: &str) -> (&str, Option<f64>) {
    let last = name.rsplit_once(' ').filter(|(_, time)| time.ends_with("ms"));
    last.and_then(|(name, time)| Some((name, duration(time)?))).map_or((name, None), |(name, seconds)| (name, Some(seconds)))
}

/// `❯ a.test.ts (4 tests | 2 failed) 9ms`
fn of_file(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("❯ ").or_else(|| text.strip_prefix("✓ ")).or_else(|| text.strip_prefix("× "))?;
    let (path, rest) = rest.split_once(" (")?;
    let counts = rest.split(')').next()?;
    (counts.contains("test") && path.contains('.') && !path.contains(DIVIDER)).then(|| path.rsplit(' ').next().unwrap_or(path))
}

/// Several tests that failed in the same way stand above one another.
fn failed(name: &str, after: &[&str], found: &mut Found) {
    let name = name.trim();
    let is_file = !name.contains(DIVIDER);
    let full = if is_file { name.split(" [").next().unwrap_or(name).to_owned() + " (failed to run)" } else { name.to_owned() };
    found.add_once(&full, Status::Failed);
    let after = &after[..after.len().min(MOST_LINES)];
    let begin = after.iter().position(|line| !line.starts_with(HEAD)).unwrap_or(after.len());
    let end = after[begin..].iter().position(|line| line.starts_with("⎯") || line.starts_with(HEAD)).unwrap_or(after.len() - begin);
    let said = &after[begin..begin + end];
    let stack = said.iter().position(|line| line.trim_start().starts_with("❯ ")).unwrap_or(said.len());
    let file = name.split([' ', '\t']).next().unwrap_or_default();
    let own = said[stack..].iter().filter_map(|line| place::of(line)).find(|place| place.file == file);
    let suite = Some(Place { file: file.to_owned(), line: None }).filter(|place| place.file.contains('.'));
    found.place(&full, own.or_else(|| place::first(&said[stack..])).or(suite));
    found.details(&full, &said[..stack]);
}

//! What jest prints. Passing tests are named where it runs one file or is verbose.

use crate::found::Found;
use crate::lines::{counted, indent, timed};
use crate::place::{self, Place, relative};
use crate::{Counts, Status};

const MARKS: &[(&str, Status)] = &[
    ("✓ ", Status::Passed),
    ("√ ", Status::Passed),
    ("✕ ", Status::Failed),
    ("× ", Status::Failed),
    ("○ skipped ", Status::Skipped),
    ("○ ", Status::Skipped),
    ("✎ todo ", Status::Skipped),
];
const DIVIDER: &str = " › ";
const DETAIL: &str = "  ● ";

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let sums: Vec<_> = lines.iter().filter(|line| line.starts_with("Tests:")).collect();
    if sums.is_empty() || !lines.iter().any(|line| line.starts_with("Test Suites:")) {
        return;
    }
    let (mut file, mut around): (Option<String>, Vec<(usize, &str)>) = (None, Vec::new());
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if let Some(path) = suite(line) {
            (file, around) = (Some(relative(path)), Vec::new());
        } else if let Some(name) = line.strip_prefix(DETAIL) {
            let end = after.iter().position(|line| line.starts_with(DETAIL) || suite(line).is_some() || line.starts_with("Test Suites:"));
            let (said, after) = after.split_at(end.unwrap_or(after.len()));
            failed(name, said, file.as_deref(), found);
            rest = after;
        } else if let Some(path) = &file {
            tell(line, path, &mut around, found);
        }
    }
    for sum in sums {
        let of = |word| counted(sum, word, true);
        found.count(Counts { passed: of("passed"), failed: of("failed"), skipped: of("skipped").saturating_add(of("todo")), flaky: 0 });
    }
}

/// `PASS src/a.test.js (5.1 s)`
fn suite(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("PASS ").or_else(|| line.strip_prefix("FAIL "))?;
    timed(rest).0.split_whitespace().last().filter(|path| path.contains('.'))
}

fn tell<'a>(line: &'a str, file: &str, around: &mut Vec<(usize, &'a str)>, found: &mut Found) {
    let (depth, text) = (indent(line), line.trim_start());
    if depth == 0 || text.is_empty() {
        return;
    }
    around.retain(|(other, _)| *other < depth);
    let Some((rest, status)) = MARKS.iter().find_map(|(mark, status)| Some((text.strip_prefix(mark)?, *status))) else {
        return around.push((depth, text));
    };
    let (name, seconds) = timed(rest);
    let full = around.iter().map(|(_, suite)| *suite).chain([name]).collect::<Vec<_>>().join(DIVIDER);
    found.add(&full, status);
    found.seconds(&full, seconds);
    if status != Status::Failed {
        found.place(&full, Some(Place { file: file.to_owned(), line: None }));
    }
}

fn failed(name: &str, said: &[&str], file: Option<&str>, found: &mut Found) {
    let full = match (name, file) {
        ("Test suite failed to run", Some(file)) => format!("{file} (failed to run)"),
        _ => name.to_owned(),
    };
    found.add_once(&full, Status::Failed);
    let frames: Vec<_> = said.iter().copied().filter(|line| line.trim_start().starts_with("at ")).collect();
    let own = file.and_then(|file| frames.iter().filter_map(|line| place::of(line)).find(|place| place.file == file));
    let suite = file.map(|file| Place { file: file.to_owned(), line: None });
    found.place(&full, own.or_else(|| place::first(&frames)).or(suite));
    // Behind what is wrong stands the code around it.
    let is_code = |line: &&&str| line.trim_start().trim_start_matches("> ").trim_start().split(' ').nth(1) == Some("|");
    let why: Vec<_> = said.iter().take_while(|line| !is_code(line)).copied().collect();
    found.details(&full, &why);
}

//! What pytest prints: the short summary, the verbose form, and the sections that say why a test failed. A test is named by
//! its node id.

use std::collections::BTreeMap;

use crate::found::Found;
use crate::lines::counted;
use crate::place::{self, Place};
use crate::{Counts, Status};

const WORDS: &[(&str, Status)] = &[
    ("PASSED", Status::Passed),
    ("FAILED", Status::Failed),
    ("ERROR", Status::Failed),
    ("SKIPPED", Status::Skipped),
    ("XFAIL", Status::Skipped),
    ("XPASS", Status::Passed),
    ("RERUN", Status::Flaky),
];

/// Tests of several files that are called alike, of which sections are told apart.
const MOST_ALIKE: usize = 20;

/// Why one test failed.
struct Section<'a> {
    /// As it heads the section: the last parts of a node id, with dots.
    name: &'a str,
    said: &'a [&'a str],
}

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let Some(last) = lines.iter().rposition(|line| is_end(line)) else { return };
    let lines = &lines[..=last];
    let mut ended = Vec::new();
    for line in lines {
        if let Some((id, status, why)) = verbose(line).or_else(|| summed_up(line)) {
            ended.push((id, status, why));
        }
    }
    let repeated: Vec<_> = ended.iter().filter(|(_, status, _)| *status == Status::Flaky).map(|(id, ..)| *id).collect();
    for (id, status, _) in ended.iter().filter(|(_, status, _)| *status != Status::Flaky) {
        let is_flaky = *status == Status::Passed && repeated.contains(id);
        // Verbose lines and the summary name the same test twice.
        found.add_once(id, if is_flaky { Status::Flaky } else { *status });
    }
    let failed = by_section(&ended);
    for section in sections(lines) {
        explain(&section, &failed, found);
    }
    for (id, _, why) in &ended {
        found.message(id, why);
        let file = id.split("::").next().filter(|file| file.ends_with(".py"));
        found.place(id, file.map(|file| Place { file: file.to_owned(), line: None }));
    }
    lines.iter().filter(|line| is_end(line)).for_each(|line| count(line, found));
}

/// `== 3 failed, 4 passed in 0.05s ==`, without the signs where pytest is quiet.
fn is_end(line: &str) -> bool {
    let line = line.trim_matches(['=', ' ']);
    let begins = line.split(' ').next().is_some_and(|first| first.parse::<u32>().is_ok() || first == "no");
    let words = [" passed", " failed", " error", " skipped", " deselected", " tests ran", " xfailed", " xpassed", " warning"];
    begins && line.contains(" in ") && words.iter().any(|word| line.contains(word))
}

fn is_id(word: &str) -> bool {
    word.contains("::") || word.ends_with(".py")
}

/// `tests/test_a.py::test_b PASSED   [ 10%]`, or of several workers `[gw0] [ 10%] PASSED tests/test_a.py::test_b`.
fn verbose(line: &str) -> Option<(&str, Status, &str)> {
    if line.starts_with("[gw") {
        let (_, rest) = line.split_once("] ").and_then(|(_, rest)| rest.split_once("] "))?;
        let (word, id) = rest.split_once(' ')?;
        let status = WORDS.iter().find(|(known, _)| *known == word)?.1;
        return id.contains("::").then_some((id.trim(), status, ""));
    }
    let (place, (word, status)) = WORDS.iter().find_map(|known| Some((line.rfind(&format!(" {}", known.0))?, *known)))?;
    let (id, rest) = (line[..place].trim_end(), line[place + 1 + word.len()..].trim());
    let is_progress = rest.is_empty() || rest.starts_with('[') || rest.starts_with('(');
    (id.contains("::") && is_progress && !WORDS.iter().any(|(word, _)| id.starts_with(&format!("{word} ")))).then_some((id, status, ""))
}

/// `FAILED tests/test_a.py::test_b - why`
fn summed_up(line: &str) -> Option<(&str, Status, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let status = WORDS.iter().find(|(known, _)| *known == word)?.1;
    let (id, why) = rest.split_once(" - ").unwrap_or((rest, ""));
    let id = id.trim();
    // A skipped test is summed up by its place, which the verbose form names better.
    (is_id(id) && !id.starts_with('[')).then_some((id, status, why))
}

fn sections<'a>(lines: &'a [&'a str]) -> Vec<Section<'a>> {
    let heads: Vec<_> = lines.iter().enumerate().filter_map(|(place, line)| Some((place, head(line)?))).collect();
    let end = |number: usize, begin: usize| {
        let next = heads.get(number + 1).map_or(lines.len(), |(next, _)| *next);
        let stop = lines[begin..next].iter().position(|line| line.starts_with("====")).map_or(next, |stop| begin + stop);
        stop.max(begin)
    };
    let section = |(number, (place, name)): (usize, &(usize, &'a str))| Section { name, said: &lines[place + 1..end(number, place + 1)] };
    heads.iter().enumerate().map(section).collect()
}

/// `____ TestA.test_b ____`
fn head(line: &str) -> Option<&str> {
    let name = line.strip_prefix("___")?.strip_suffix("___")?.trim_matches('_');
    name.strip_prefix(' ')?.strip_suffix(' ').filter(|name| !name.is_empty())
}

/// The tests that failed, by the name that heads their section.
fn by_section<'a>(ended: &[(&'a str, Status, &str)]) -> BTreeMap<String, Vec<&'a str>> {
    let mut failed = BTreeMap::<String, Vec<&str>>::new();
    for (id, ..) in ended.iter().filter(|(_, status, _)| *status == Status::Failed) {
        let heading = id.split_once("::").map_or_else(|| (*id).to_owned(), |(_, rest)| rest.replace("::", "."));
        let ids = failed.entry(heading).or_default();
        if ids.len() < MOST_ALIKE && !ids.contains(id) {
            ids.push(id);
        }
    }
    failed
}

fn explain(section: &Section<'_>, failed: &BTreeMap<String, Vec<&str>>, found: &mut Found) {
    const BEFORE: &[&str] = &["ERROR at setup of ", "ERROR at teardown of ", "ERROR collecting "];
    let name = BEFORE.iter().find_map(|before| section.name.strip_prefix(before)).unwrap_or(section.name);
    let place = |file: &str| place::last(section.said, file);
    let ids = failed.get(name).map(Vec::as_slice).unwrap_or_default();
    // Tests of several files may have the same name, and the section tells its file by its places.
    let fits = |id: &&&str| section.said.iter().any(|line| id.split("::").next().is_some_and(|file| line.contains(file)));
    let id = if ids.len() > 1 { ids.iter().find(fits).or(ids.first()) } else { ids.first() };
    let id = match id {
        Some(id) => (*id).to_owned(),
        None => {
            // Without a summary the section alone tells of the test.
            let file = place("").map_or_else(String::new, |place| format!("{}::", place.file));
            let id = format!("{file}{}", name.replace('.', "::"));
            found.add(&id, Status::Failed);
            id
        }
    };
    let file = id.split("::").next().unwrap_or_default();
    found.place(&id, place(file));
    let why: Vec<_> = section.said.iter().filter_map(|line| line.strip_prefix("E  ")).map(str::trim).collect();
    if !why.is_empty() {
        found.details(&id, &why);
    }
}

fn count(line: &str, found: &mut Found) {
    let of = |words: &[&str]| words.iter().fold(0_u32, |sum, word| sum.saturating_add(counted(line, word, true)));
    found.count(Counts {
        passed: of(&["passed", "xpassed"]),
        failed: of(&["failed", "error", "errors"]),
        skipped: of(&["skipped", "xfailed"]),
        flaky: 0,
    });
}

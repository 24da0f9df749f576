//! What `go test` prints, as text or with `-json`. A test is named with its package; one that has subtests is left out for
//! them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::found::Found;
use crate::lines::timed;
use crate::place;
use crate::{LONGEST_MESSAGE, Status};

/// Lines that are kept of what one test says.
const MOST_SAID: usize = 40;

/// One test, until its package is known.
struct Ended<'a> {
    name: &'a str,
    status: Status,
    seconds: Option<f64>,
    said: Vec<&'a str>,
}

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    if lines.iter().any(|line| is_event(line)) {
        return events(lines, found);
    }
    if !lines.iter().any(|line| package(line).is_some()) {
        return;
    }
    let mut said = BTreeMap::<&str, Vec<&str>>::new();
    let mut ended: Vec<Ended<'_>> = Vec::new();
    let mut current: Option<&str> = None;
    for line in lines {
        if let Some((name, status, seconds)) = end(line) {
            ended.push(Ended { name, status, seconds, said: said.remove(name).unwrap_or_default() });
            current = Some(name);
        } else if let Some(name) = begin(line) {
            current = Some(name);
        } else if let Some((name, failed_to_build)) = package(line) {
            if failed_to_build {
                unbuilt(name, lines, found);
            }
            settle(name, &mut ended, found);
            (said, current) = (BTreeMap::new(), None);
        } else if let Some(name) = current {
            // What comes after the end of a test is of that test, too.
            let said = match ended.last_mut().filter(|ended| ended.name == name) {
                Some(ended) => &mut ended.said,
                None => said.entry(name).or_default(),
            };
            if said.len() < MOST_SAID {
                said.push(line);
            }
        }
    }
    settle("", &mut ended, found);
}

fn settle(package: &str, ended: &mut Vec<Ended<'_>>, found: &mut Found) {
    let parents: BTreeSet<_> = ended.iter().filter_map(|ended| ended.name.rsplit_once('/')).map(|(parent, _)| parent.to_owned()).collect();
    for Ended { name, status, seconds, said } in ended.drain(..).filter(|ended| !parents.contains(ended.name)) {
        let name = full(package, name);
        found.add(&name, status);
        found.seconds(&name, seconds);
        if status == Status::Failed {
            explain(&name, &said, found);
        }
    }
}

fn explain(name: &str, said: &[&str], found: &mut Found) {
    let said: Vec<_> = said.iter().map(|line| line.trim()).filter(|line| !matches!(*line, "FAIL" | "PASS")).collect();
    // A panic's stack begins in the runtime.
    let in_test = said.iter().find(|line| line.contains("_test.go:")).and_then(|line| place::of(line));
    found.place(name, in_test.or_else(|| place::first(&said)));
    found.details(name, &said);
}

fn full(package: &str, name: &str) -> String {
    if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") }
}

/// `--- FAIL: TestA/b (0.00s)`
fn end(line: &str) -> Option<(&str, Status, Option<f64>)> {
    let rest = line.trim_start().strip_prefix("--- ")?;
    let (word, name) = rest.split_once(": ")?;
    let status = match word {
        "PASS" => Status::Passed,
        "FAIL" => Status::Failed,
        "SKIP" => Status::Skipped,
        _ => return None,
    };
    let (name, seconds) = timed(name);
    Some((name, status, seconds))
}

/// `=== RUN   TestA`
fn begin(line: &str) -> Option<&str> {
    let (word, name) = line.strip_prefix("=== ")?.split_once(' ')?;
    matches!(word, "RUN" | "CONT" | "NAME" | "PAUSE").then(|| name.trim())
}

/// `ok`, the package and the time, between tabs, or `FAIL` and `[build failed]`; whether it could not be built.
fn package(line: &str) -> Option<(&str, bool)> {
    let (word, rest) = line.split_once('\t')?;
    let name = rest.split(['\t', ' ']).next().filter(|name| !name.is_empty())?;
    match word.trim_end() {
        "ok" => Some((name, false)),
        "FAIL" => Some((name, rest.ends_with("[build failed]") || rest.ends_with("[setup failed]"))),
        _ => None,
    }
}

fn unbuilt(package: &str, lines: &[&str], found: &mut Found) {
    let name = format!("{package} (build)");
    found.add(&name, Status::Failed);
    let heading = |line: &&str| line.strip_prefix("# ").is_some_and(|rest| rest.split(' ').next() == Some(package));
    if let Some(begin) = lines.iter().position(heading) {
        let said: Vec<_> = lines[begin + 1..]
            .iter()
            .copied()
            .take(MOST_SAID)
            .take_while(|line| !line.starts_with("# ") && self::package(line).is_none())
            .collect();
        found.details(&name, &said);
    }
}

fn is_event(line: &str) -> bool {
    line.starts_with('{') && line.contains("\"Action\":") && line.contains("\"Package\":")
}

fn events(lines: &[&str], found: &mut Found) {
    let mut said = BTreeMap::<String, String>::new();
    let mut ended = Vec::new();
    let mut parents = BTreeSet::new();
    for event in lines.iter().filter(|line| is_event(line)).filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        let name = text("Test");
        if name.is_empty() {
            continue;
        }
        let full = full(text("Package"), name);
        let status = match text("Action") {
            "pass" => Status::Passed,
            "fail" => Status::Failed,
            "skip" => Status::Skipped,
            "output" => {
                let said = said.entry(full).or_default();
                if said.len() < 2 * LONGEST_MESSAGE && !text("Output").starts_with("=== ") {
                    said.push_str(text("Output"));
                }
                continue;
            }
            _ => continue,
        };
        if let Some((parent, _)) = full.rsplit_once('/').filter(|_| name.contains('/')) {
            parents.insert(parent.to_owned());
        }
        ended.push((full, status, event["Elapsed"].as_f64()));
    }
    for (name, status, seconds) in ended.into_iter().filter(|(name, ..)| !parents.contains(name)) {
        found.add(&name, status);
        found.seconds(&name, seconds);
        if status == Status::Failed {
            let said = said.remove(&name).unwrap_or_default();
            let said: Vec<_> = said.lines().filter(|line| end(line).is_none()).collect();
            explain(&name, &said, found);
        }
    }
}

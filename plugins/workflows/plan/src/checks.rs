//! What no schema can say about the documents: names are unique, dependencies exist and end, nothing is forgotten.
//! Findings are sentences an agent can work through; nothing is corrected here.

use std::collections::{BTreeMap, BTreeSet};

use crate::documents::{Backlog, Requirements};

/// Longest key of a story, in bytes; it becomes a file and a branch.
const LONGEST_KEY: usize = 64;

/// Requirement ids are numbered as asked and used once.
pub(crate) fn requirements(requirements: &Requirements) -> Vec<String> {
    let functional = requirements.functional.iter().map(|requirement| (requirement.id.as_str(), "FR"));
    let qualities = requirements.non_functional.iter().map(|quality| (quality.id.as_str(), "NFR"));
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (id, prefix) in functional.chain(qualities) {
        if !id.strip_prefix(prefix).is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
            findings.push(format!("The requirement id `{id}` is not {prefix} with a number."));
        }
        if !seen.insert(id) {
            findings.push(format!("The requirement id {id} is used twice."));
        }
    }
    findings
}

/// The backlog fits together and covers the requirements.
pub(crate) fn backlog(backlog: &Backlog, requirements: &Requirements) -> Vec<String> {
    let mut findings = keys(backlog);
    findings.extend(dependencies(backlog));
    findings.extend(coverage(backlog, requirements));
    if let Some(cycle) = cycle(backlog) {
        findings.push(format!("These stories wait for each other: {}.", cycle.join(" → ")));
    }
    findings
}

fn keys(backlog: &Backlog) -> Vec<String> {
    let mut findings = Vec::new();
    let mut epics = BTreeSet::new();
    for epic in &backlog.epics {
        if !is_key(&epic.key) {
            findings.push(format!("The epic key `{}` is not made of lower-case letters, digits and single dashes.", epic.key));
        }
        if !epics.insert(&epic.key) {
            findings.push(format!("The epic key `{}` is used twice.", epic.key));
        }
    }
    let mut stories = BTreeSet::new();
    for (_, story) in backlog.stories() {
        if !is_key(&story.key) {
            findings.push(format!(
                "The story key `{}` is not made of lower-case letters, digits and single dashes, at most {LONGEST_KEY}.",
                story.key
            ));
        }
        if epics.contains(&story.key) {
            findings.push(format!("The story key `{}` is that of an epic.", story.key));
        }
        if !stories.insert(&story.key) {
            findings.push(format!("The story key `{}` is used twice.", story.key));
        }
    }
    findings
}

fn is_key(key: &str) -> bool {
    let plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && !key.is_empty() && key.len() <= LONGEST_KEY && !key.starts_with('-') && !key.ends_with('-') && !key.contains("--")
}

fn dependencies(backlog: &Backlog) -> Vec<String> {
    let known: BTreeSet<&str> = backlog.stories().map(|(_, story)| story.key.as_str()).collect();
    let mut findings = Vec::new();
    for (_, story) in backlog.stories() {
        for key in story.after.iter().filter(|key| !known.contains(key.as_str())) {
            findings.push(format!("Story {} comes after `{key}`, which is no story.", story.key));
        }
    }
    findings
}

fn coverage(backlog: &Backlog, requirements: &Requirements) -> Vec<String> {
    let functional: Vec<&str> = requirements.functional.iter().map(|requirement| requirement.id.as_str()).collect();
    let known: BTreeSet<&str> =
        functional.iter().copied().chain(requirements.non_functional.iter().map(|quality| quality.id.as_str())).collect();
    let covered: BTreeSet<&str> = backlog.stories().flat_map(|(_, story)| &story.requirements).map(String::as_str).collect();
    let missing = functional.iter().filter(|id| !covered.contains(**id)).map(|id| format!("No story covers {id}."));
    let unknown =
        covered.iter().filter(|id| !known.contains(**id)).map(|id| format!("A story names the requirement `{id}`, which does not exist."));
    missing.chain(unknown).collect()
}

/// One circle of stories that wait for each other, its first story again at the end.
fn cycle(backlog: &Backlog) -> Option<Vec<String>> {
    let after: BTreeMap<&str, &[String]> = backlog.stories().map(|(_, story)| (story.key.as_str(), story.after.as_slice())).collect();
    let mut done = BTreeSet::new();
    for start in after.keys() {
        // A stack of its own instead of recursion: a hostile backlog may be one long chain.
        let mut path = vec![(*start, 0)];
        while let Some((key, next)) = path.last_mut() {
            let waits = after.get(key).copied().unwrap_or_default();
            let Some(needed) = waits.get(*next).map(String::as_str).filter(|_| !done.contains(key)) else {
                done.insert(*key);
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(begin) = path.iter().position(|(key, _)| *key == needed) {
                return Some(path[begin..].iter().map(|(key, _)| *key).chain([needed]).map(str::to_owned).collect());
            }
            path.push((needed, 0));
        }
    }
    None
}

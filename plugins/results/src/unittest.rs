//! What Python's unittest prints, also as Django starts it.

use crate::found::Found;
use crate::lines::counted;
use crate::place;
use crate::{Counts, Status};

const RULE: &str = "======================================================================";

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let ran = |line: &&str| line.strip_prefix("Ran ").is_some_and(|rest| rest.contains(" test") && rest.contains(" in "));
    let Some(last) = lines.iter().rposition(ran) else { return };
    let mut described = None;
    for line in &lines[..last] {
        if let Some((before, end)) = line.rsplit_once(" ... ") {
            // What a test is for may stand in a line of its own, before how it ended.
            let name = identity(before.trim_start()).or_else(|| described.take());
            if let (Some(name), Some(status)) = (name, status(end)) {
                found.add(&name, status);
            }
        }
        described = identity(line);
    }
    let mut rest = &lines[..last];
    while let Some(begin) = rest.iter().position(|line| *line == RULE) {
        rest = &rest[begin + 1..];
        let end = rest.iter().position(|line| *line == RULE).unwrap_or(rest.len());
        explain(&rest[..end], found);
    }
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| ran(line)) {
        count(line, &lines[place..], found);
    }
}

/// `test_a (module.Class.test_a)`, and before Python 3.11 `test_a (module.Class)`.
fn identity(line: &str) -> Option<String> {
    let (name, rest) = line.split_once(" (")?;
    let (path, _) = rest.split_once(')')?;
    let is_word = |word: &str| !word.is_empty() && !word.contains(' ');
    if !is_word(name) || !is_word(path) || !path.contains('.') {
        return None;
    }
    Some(if path.ends_with(&format!(".{name}")) { path.to_owned() } else { format!("{path}.{name}") })
}

fn status(end: &str) -> Option<Status> {
    Some(match end.trim() {
        "ok" | "unexpected success" => Status::Passed,
        "FAIL" | "ERROR" => Status::Failed,
        end if end.starts_with("skipped") || end == "expected failure" => Status::Skipped,
        _ => return None,
    })
}

fn explain(said: &[&str], found: &mut Found) {
    let Some((head, said)) = said.split_first() else { return };
    let Some(name) = head.strip_prefix("FAIL: ").or_else(|| head.strip_prefix("ERROR: ")).and_then(identity) else { return };
    found.add_once(&name, Status::Failed);
    // Between two rules may stand what the test is for.
    let begin = said.iter().position(|line| line.starts_with("------")).map_or(0, |rule| rule + 1);
    let said = &said[begin..];
    let said = &said[..said.iter().position(|line| line.starts_with("------")).unwrap_or(said.len())];
    // The frame of the test itself is called like it.
    let test = name.rsplit('.').next().unwrap_or_default();
    let frame = said.iter().rposition(|line| line.trim_start().starts_with("File \"") && line.ends_with(&format!(", in {test}")));
    found.place(&name, frame.and_then(|frame| place::of(said[frame])).or_else(|| place::last(said, "")));
    // The last line that is not a part of the stack begins what is wrong.
    let why = said.iter().rposition(|line| line.starts_with(' ')).map_or(said, |frame| &said[frame + 1..]);
    found.details(&name, why);
}

fn count(ran: &str, after: &[&str], found: &mut Found) {
    let all = ran.split(' ').nth(1).and_then(|number| number.parse::<u32>().ok()).unwrap_or_default();
    let verdict = after.iter().find(|line| line.starts_with("OK") || line.starts_with("FAILED")).copied().unwrap_or_default();
    let of = |word| counted(verdict, word, false);
    // Two words, of which the second is also one of the others.
    let expected =
        verdict.split("expected failures=").nth(1).and_then(|rest| rest.split([',', ')']).next()).and_then(|number| number.parse().ok());
    let expected: u32 = expected.unwrap_or_default();
    let failures = verdict
        .split(['(', ','])
        .find_map(|part| part.trim().strip_prefix("failures="))
        .and_then(|number| number.trim_end_matches(')').parse().ok());
    let failed = failures.unwrap_or(0_u32).saturating_add(of("errors"));
    let skipped = of("skipped").saturating_add(expected);
    found.count(Counts { passed: all.saturating_sub(failed).saturating_sub(skipped), failed, skipped, flaky: 0 });
}

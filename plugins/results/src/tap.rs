//! The Test Anything Protocol, versions 12 to 14, with subtests as node, tap and Perl write them, and what Perl and bats say
//! of a failure in comments. A test that has subtests is left out for them.

use crate::found::Found;
use crate::lines::{indent, number};
use crate::place::{self, Place, relative};
use crate::{Counts, Status};

/// Names around a subtest that are kept.
const DEEPEST: usize = 12;

/// `ok 1 - name # SKIP why`
struct Point<'a> {
    depth: usize,
    name: &'a str,
    number: Option<u32>,
    status: Status,
}

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let has_version =
        lines.iter().any(|line| line.trim().strip_prefix("TAP version ").is_some_and(|version| matches!(version, "12" | "13" | "14")));
    let has_plan = || lines.iter().any(|line| is_plan(line.trim())) && lines.iter().any(|line| point(line).is_some());
    if !has_version && !has_plan() {
        return;
    }
    let mut around: Vec<(usize, &str)> = Vec::new();
    // The depth of the last point that ended: one that is less deep and follows it holds it.
    let mut below = None;
    let mut counts = Counts::default();
    for (place, line) in lines.iter().enumerate() {
        if let Some(name) = line.trim_start().strip_prefix("# Subtest: ").or_else(|| line.trim_start().strip_prefix("# Subtest ")) {
            let depth = indent(line);
            around.retain(|(other, _)| *other < depth);
            if around.len() < DEEPEST {
                around.push((depth, name.trim()));
            }
            continue;
        }
        let Some(point) = point(line) else { continue };
        let holds = below.is_some_and(|deeper| deeper > point.depth);
        below = Some(point.depth);
        if holds {
            continue;
        }
        let name = full(&point, &around);
        found.add(&name, point.status);
        match point.status {
            Status::Failed => counts.failed += 1,
            Status::Skipped => counts.skipped += 1,
            _ => counts.passed += 1,
        }
        if point.status == Status::Failed {
            explain(&name, point.depth, &lines[place + 1..], found);
        }
    }
    found.count(counts);
}

fn is_plan(line: &str) -> bool {
    line.strip_prefix("1..").is_some_and(|rest| number(rest).is_some())
}

fn point(line: &str) -> Option<Point<'_>> {
    let depth = indent(line);
    let line = &line[depth..];
    let (rest, is_ok) = match line.strip_prefix("not ok") {
        Some(rest) => (rest, false),
        None => (line.strip_prefix("ok")?, true),
    };
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let rest = rest.trim_start();
    let (number, rest) = number(rest).map_or((None, rest), |(number, rest)| (Some(number), rest));
    let (name, directive) =
        rest.split_once(" # ").or_else(|| rest.strip_prefix("# ").map(|directive| ("", directive))).unwrap_or((rest, ""));
    let directive = directive.trim().to_ascii_uppercase();
    let status = match is_ok {
        // What is to be done may fail.
        _ if directive.starts_with("SKIP") || directive.starts_with("TODO") => Status::Skipped,
        true => Status::Passed,
        false => Status::Failed,
    };
    let name = name.trim().trim_start_matches("- ").trim_end_matches('{').trim();
    Some(Point { depth, name, number, status })
}

fn full(point: &Point<'_>, around: &[(usize, &str)]) -> String {
    let numbered = point.number.map_or_else(String::new, |number| format!("test {number}"));
    let own = if point.name.is_empty() { numbered.as_str() } else { point.name };
    // Node names a subtest before it runs, at its own depth.
    let outer = around.iter().filter(|(depth, _)| *depth < point.depth).map(|(_, name)| *name);
    let parts: Vec<_> = outer.map(relative).chain([relative(own)]).collect();
    parts.join(" > ")
}

/// The block of YAML or the comments behind a point.
fn explain(name: &str, depth: usize, after: &[&str], found: &mut Found) {
    let end = after.iter().position(|line| point(line).is_some() || line.trim_start().starts_with("# Subtest") || is_plan(line.trim()));
    let said: Vec<_> =
        after[..end.unwrap_or(after.len()).min(200)].iter().map(|line| line.get(depth..).unwrap_or(line).trim_end()).collect();
    if said.first().is_some_and(|line| line.trim() == "---") {
        return from_yaml(name, &said, found);
    }
    let comments: Vec<_> = said.iter().filter_map(|line| line.trim_start().strip_prefix('#')).map(str::trim).collect();
    found.place(name, place::first(&comments));
    let why: Vec<_> = comments
        .iter()
        .copied()
        .filter(|line| !line.starts_with("at ") && !line.starts_with("Failed test") && !line.starts_with("(in test"))
        .collect();
    found.details(name, &why);
}

fn from_yaml(name: &str, said: &[&str], found: &mut Found) {
    let value = |key: &str| {
        said.iter()
            .find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(':'))
            .map(|value| value.trim().trim_matches(['\'', '"']))
    };
    let seconds = value("duration_ms").and_then(|value| value.parse::<f64>().ok()).map(|milliseconds| milliseconds / 1000.0);
    found.seconds(name, seconds);
    let stack = said.iter().position(|line| line.trim_start().starts_with("stack:"));
    let failed_at = stack.and_then(|stack| place::first(&said[stack..]));
    let declared = value("location").or_else(|| value("at")).and_then(place::of);
    let by_key = || Some(Place { file: relative(value("file")?), line: value("line").and_then(|line| line.parse().ok()) });
    found.place(name, failed_at.or(declared).or_else(by_key));
    for key in ["error", "message"] {
        match value(key) {
            None => continue,
            Some("|-" | "|" | ">-" | ">") => {
                let begin = said.iter().position(|line| line.trim_start().starts_with(&format!("{key}:"))).map_or(0, |place| place + 1);
                let depth = said.get(begin).map_or(0, |line| indent(line));
                let block: Vec<_> =
                    said[begin..].iter().copied().take_while(|line| line.is_empty() || indent(line) >= depth.max(1)).collect();
                found.details(name, &block);
            }
            Some(value) => found.message(name, value),
        }
        return;
    }
}

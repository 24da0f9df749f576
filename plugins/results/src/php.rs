//! What PHPUnit prints, also as Pest and Laravel start it in that form. Passing tests are not named.

use crate::found::Found;
use crate::lines::{counted, number};
use crate::place;
use crate::{Counts, Status};

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let sum = |line: &&&str| {
        line.starts_with("Tests: ") && line.contains(", Assertions: ") || line.starts_with("OK (") && line.contains(" assertion")
    };
    let is_phpunit = lines.iter().any(|line| line.starts_with("PHPUnit "));
    let Some(sum) = lines.iter().rfind(sum).filter(|_| is_phpunit) else { return };
    let mut heads = Vec::new();
    let mut are_failures = false;
    for (place, line) in lines.iter().enumerate() {
        if line.starts_with("There was ") || line.starts_with("There were ") {
            are_failures = line.contains(" failure") || line.contains(" error");
        }
        heads.extend(head(line).map(|name| (place, name, are_failures)));
    }
    for (number, (begin, name, is_failure)) in heads.iter().enumerate() {
        // Tests that are risky or were skipped are listed in the same form, below another heading.
        if !is_failure {
            continue;
        }
        found.add(name, Status::Failed);
        let section = &lines[begin + 1..heads.get(number + 1).map_or(lines.len(), |(next, ..)| *next)];
        let end = section.iter().position(|line| *line == "--" || *line == "FAILURES!" || *line == "ERRORS!").unwrap_or(section.len());
        let section = &section[..end];
        let stack = section.iter().position(|line| !line.contains(' ') && place::of(line).is_some()).unwrap_or(section.len());
        found.place(name, place::first(&section[stack..]));
        found.details(name, &section[..stack]);
    }
    found.count(counts(sum));
}

/// `1) App\Tests\SumTest::testCents`
fn head(line: &str) -> Option<&str> {
    let name = number(line)?.1.strip_prefix(") ")?;
    name.contains("::").then_some(name)
}

fn counts(line: &str) -> Counts {
    let of = |word| counted(line, word, false);
    let all = if line.starts_with("OK (") { counted(line, "tests", true).max(counted(line, "test", true)) } else { of("Tests:") };
    let failed = of("Failures:").saturating_add(of("Errors:"));
    let skipped = of("Skipped:").saturating_add(of("Incomplete:"));
    Counts { passed: all.saturating_sub(failed).saturating_sub(skipped), failed, skipped, flaky: 0 }
}

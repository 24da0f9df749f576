//! What CTest prints, and Meson. A test there is a program.

use crate::found::Found;
use crate::lines::number;
use crate::place;
use crate::{Counts, Status};

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    if lines.iter().any(|line| line.contains("% tests passed, ") && line.contains(" failed out of ")) {
        ctest(lines, found);
    }
    let of = |head: &str| lines.iter().rfind(|line| line.starts_with(head)).and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok());
    if let (Some(passed), Some(failed)) = (of("Ok: "), of("Fail: ")) {
        meson(lines, found);
        let failed = failed.saturating_add(of("Timeout: ").unwrap_or_default()).saturating_add(of("Unexpected Pass: ").unwrap_or_default());
        let skipped = of("Skipped: ").unwrap_or_default().saturating_add(of("Expected Fail: ").unwrap_or_default());
        found.count(Counts { passed, failed, skipped, flaky: 0 });
    }
}

/// `1/2 Test #1: sums ......   Passed    0.01 sec`
fn ctest(lines: &[&str], found: &mut Found) {
    for (place, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once(" Test ") else { continue };
        let Some((name, end)) =
            rest.trim_start().strip_prefix('#').and_then(|rest| rest.split_once(": ")).and_then(|(_, rest)| rest.split_once(' '))
        else {
            continue;
        };
        if !before.contains('/') {
            continue;
        }
        let end = end.trim_start_matches(['.', ' ', '*']);
        let status = if end.starts_with("Passed") {
            Status::Passed
        } else if end.starts_with("Skipped") || end.starts_with("Not Run (Disabled)") {
            Status::Skipped
        } else {
            Status::Failed
        };
        let seconds = end.strip_suffix(" sec").and_then(|rest| rest.rsplit(' ').next()).and_then(|seconds| seconds.parse().ok());
        found.add(name, status);
        found.seconds(name, seconds);
        if status == Status::Failed {
            let said = &lines[place + 1..];
            let end = said.iter().position(|line| {
                line.contains(" Test ") && line.contains('#') || line.trim_start().starts_with("Start ") || line.contains("% tests passed")
            });
            found.place(name, place::first(&said[..end.unwrap_or(said.len())]));
            found.details(name, &said[..end.unwrap_or(said.len())]);
        }
    }
}

/// `1/2 demo:sums   OK   0.01s`
fn meson(lines: &[&str], found: &mut Found) {
    for line in lines {
        let words: Vec<_> = line.split_whitespace().take(12).collect();
        let ended = words.iter().enumerate().skip(2).find_map(|(place, word)| Some((place, status(word)?)));
        let Some((end, status)) = ended else { continue };
        let is_count = words[0].split_once('/').is_some_and(|(place, all)| number(place).is_some() && number(all).is_some());
        if is_count {
            let name = words[1..end].join(" ");
            found.add(&name, status);
            found.seconds(&name, words.get(end + 1).and_then(|seconds| seconds.trim_end_matches('s').parse().ok()));
        }
    }
}

fn status(word: &str) -> Option<Status> {
    Some(match word {
        "OK" => Status::Passed,
        "FAIL" | "TIMEOUT" | "ERROR" => Status::Failed,
        "SKIP" | "EXPECTEDFAIL" => Status::Skipped,
        _ => return None,
    })
}

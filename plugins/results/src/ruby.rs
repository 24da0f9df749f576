//! What RSpec and minitest print, and `rails test`. Passing tests are not named.

use std::collections::BTreeMap;

use crate::found::Found;
use crate::lines::{counted, number};
use crate::place::{self, Place};
use crate::{Counts, Status};

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let of_rspec = |line: &&&str| number(line).is_some_and(|(_, rest)| rest.starts_with(" example")) && line.contains(" failure");
    let of_minitest = |line: &&&str| {
        number(line).is_some_and(|(_, rest)| rest.starts_with(" runs,") || rest.starts_with(" tests,")) && line.contains(" assertions, ")
    };
    if let Some(sum) = lines.iter().rfind(of_rspec) {
        rspec(lines, found);
        let of = |word| counted(sum, word, true);
        let all = of("examples").max(of("example"));
        let (failed, skipped) = (of("failures").max(of("failure")), of("pending"));
        found.count(Counts { passed: all.saturating_sub(failed).saturating_sub(skipped), failed, skipped, flaky: 0 });
    }
    if let Some(sum) = lines.iter().rfind(of_minitest) {
        minitest(lines, found);
        let of = |word| counted(sum, word, true);
        let all = of("runs").max(of("tests"));
        let (failed, skipped) = (of("failures").saturating_add(of("errors")), of("skips"));
        found.count(Counts { passed: all.saturating_sub(failed).saturating_sub(skipped), failed, skipped, flaky: 0 });
    }
}

/// At the end stands a line for each failure, by which it is run again: `rspec ./spec/a_spec.rb:4 # Sums adds`.
fn rspec(lines: &[&str], found: &mut Found) {
    let heads = lines.iter().enumerate().filter(|(_, line)| is_head(line));
    let heads: BTreeMap<_, _> = heads.filter_map(|(place, line)| Some((number(line.trim_start())?.1.strip_prefix(") ")?, place))).collect();
    let again = lines.iter().filter_map(|line| line.strip_prefix("rspec ")?.split_once(" # "));
    for (declared, name) in again {
        found.add(name, Status::Failed);
        let declared = place::of(declared);
        if let Some(begin) = heads.get(name) {
            let section = &lines[begin + 1..];
            let end =
                section.iter().position(|line| is_head(line) || line.starts_with("Finished in ") || line.starts_with("Failed examples:"));
            let section = &section[..end.unwrap_or(section.len())];
            let frames: Vec<_> = section.iter().copied().filter(|line| line.trim_start().starts_with("# ")).collect();
            let own = declared
                .as_ref()
                .and_then(|declared| frames.iter().filter_map(|line| place::of(line)).find(|place| place.file == declared.file));
            found.place(name, own);
            let why: Vec<_> = section.iter().map(|line| line.trim()).filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
            found.details(name, &why);
        }
        found.place(name, declared);
    }
}

fn is_head(line: &str) -> bool {
    line.starts_with("  ") && number(line.trim_start()).is_some_and(|(_, rest)| rest.starts_with(") "))
}

/// `SumsTest#test_cents [test/sums_test.rb:10]:` below `1) Failure:`, or `SumsTest#test_boom:` below `2) Error:`.
fn minitest(lines: &[&str], found: &mut Found) {
    for (place, line) in lines.iter().enumerate() {
        // Verbose, it names each test with how it ended.
        if let Some((name, end)) = line.split_once(" = ").filter(|(name, _)| name.contains('#') && !name.contains(' ')) {
            let status = match end.rsplit(" = ").next() {
                Some(".") => Status::Passed,
                Some("F" | "E") => Status::Failed,
                Some("S") => Status::Skipped,
                _ => continue,
            };
            found.add(name, status);
        }
        let is_failure = is_head(line) && (line.ends_with("Failure:") || line.ends_with("Error:"));
        let Some(head) = lines.get(place + 1).filter(|_| is_failure) else { continue };
        let (name, at) = head
            .trim_end_matches(':')
            .split_once(" [")
            .map_or((head.trim_end_matches(':'), None), |(name, at)| (name, Some(at.trim_end_matches(']'))));
        found.add_once(name, Status::Failed);
        let section = &lines[place + 2..];
        let end = section.iter().position(|line| is_head(line) || line.is_empty()).unwrap_or(section.len());
        let at: Option<Place> = at.and_then(place::of);
        found.place(name, at.or_else(|| place::first(&section[..end])));
        found.details(name, &section[..end]);
    }
}

//! What Go modules need: `go.sum`, and `go.mod` where only that changed.

use crate::{Locked, Packages, put};

pub(crate) fn sums(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let (name, version, checksum) = (words.next()?, words.next()?, words.next()?);
        // Only the list of what it needs is fetched.
        if !version.ends_with("/go.mod") {
            put(&mut packages, name, version, Locked { checksum: checksum.to_owned(), ..Locked::default() });
        }
    }
    Some(packages)
}

pub(crate) fn requirements(text: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let mut block = "";
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default().trim()) {
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (kind, entry) = match (block, first) {
            (_, ")") => {
                block = "";
                continue;
            }
            ("", "require" | "replace") if rest.trim() == "(" => {
                block = if first == "require" { "require" } else { "replace" };
                continue;
            }
            ("", kind) => (kind, rest),
            (kind, _) => (kind, line),
        };
        let words: Vec<_> = entry.split_whitespace().collect();
        match (kind, words.as_slice()) {
            ("require", [name, version, ..]) => put(&mut packages, name, version, Locked::default()),
            // In its place something else is used.
            ("replace", [name, .., "=>", place]) => put(&mut packages, name, &format!("=> {place}"), Locked::default()),
            ("replace", [name, .., "=>", place, version]) => put(&mut packages, name, &format!("=> {place} {version}"), Locked::default()),
            _ => {}
        }
    }
    Some(packages)
}

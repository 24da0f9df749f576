//! Which files a story's words lead to. Looks at paths and at lines that match; reads no file.

use std::collections::{BTreeMap, BTreeSet};

use baton_sdk::files::{Entry, Kind, LineMatch};

/// A file whose path has a word of the story is more likely meant than one that merely mentions it.
const IN_PATH: usize = 3;
/// Larger files are read by the developer, piece by piece.
const LARGEST: u64 = 64 << 10;
/// Documents come through the knowledge of the project, and these are nothing to read.
const LEFT_OUT: &[&str] = &["docs/", "node_modules/", "target/", "vendor/", ".baton/"];
const NO_TEXT: &[&str] = &[".png", ".jpg", ".gif", ".pdf", ".zip", ".gz", ".lock", ".wasm", ".ico", ".woff2"];

/// Paths with what speaks for them, the best first; those for which nothing does come last, the smallest first.
pub(crate) fn ranked(entries: &[Entry], matches: &[LineMatch], words: &[String]) -> Vec<String> {
    let mut mentioned = BTreeMap::<&str, BTreeSet<&str>>::new();
    for found in matches {
        let line = found.text.to_lowercase();
        let said = words.iter().filter(|word| line.contains(word.as_str()));
        mentioned.entry(&found.path).or_default().extend(said.map(String::as_str));
    }
    let mut scored: Vec<(usize, &Entry)> = entries
        .iter()
        .filter(|entry| eligible(entry))
        .map(|entry| {
            let path = entry.path.to_lowercase();
            let named = words.iter().filter(|word| path.contains(word.as_str())).count();
            (IN_PATH * named + mentioned.get(entry.path.as_str()).map_or(0, BTreeSet::len), entry)
        })
        .collect();
    scored.sort_by(|(one, first), (other, second)| {
        other.cmp(one).then_with(|| first.size().cmp(&second.size())).then_with(|| first.path.cmp(&second.path))
    });
    scored.into_iter().map(|(_, entry)| entry.path.clone()).collect()
}

/// Whether a path is worth naming to a developer at all.
pub(crate) fn listed(path: &str) -> bool {
    !LEFT_OUT[1..].iter().any(|folder| path.starts_with(folder))
}

fn eligible(entry: &Entry) -> bool {
    let path = entry.path.to_lowercase();
    entry.kind == Kind::File
        && (1..=LARGEST).contains(&entry.size())
        && !LEFT_OUT.iter().any(|folder| path.starts_with(folder))
        && !NO_TEXT.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, size: u32) -> Entry {
        Entry { path: path.to_owned(), kind: Kind::File, size_bytes: f64::from(size) }
    }

    fn line(path: &str, text: &str) -> LineMatch {
        LineMatch { path: path.to_owned(), line: 1, text: text.to_owned() }
    }

    #[test]
    fn names_weigh_more_than_mentions_and_size_decides_the_rest() {
        let entries = [file("a.sh", 30), file("ledger.sh", 10), file("b.sh", 20), file("c.sh", 5)];
        let matches = [line("a.sh", "The Ledger"), line("a.sh", "a balance"), line("b.sh", "ledger ledger")];
        let words = ["ledger".to_owned(), "balance".to_owned()];
        assert_eq!(ranked(&entries, &matches, &words), ["ledger.sh", "a.sh", "b.sh", "c.sh"]);
    }

    #[test]
    fn what_is_no_code_is_left_out() {
        let entries =
            [file("docs/ledger.md", 9), file("logo.PNG", 9), file("huge.sh", u32::try_from(LARGEST).unwrap() + 1), file("empty.sh", 0)];
        assert!(ranked(&entries, &[], &[]).is_empty());
        assert!(listed("docs/PRD.md") && !listed("target/debug/a"));
    }
}

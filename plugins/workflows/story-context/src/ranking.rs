//! Which files a story's words lead to. Looks at paths and at lines that match; reads no file.

use std::collections::{BTreeMap, BTreeSet};

use baton_sdk::files::{Entry, LineMatch};
use baton_survey::is_text;

/// A file that the story names by its path is meant.
const NAMED: usize = 20;
/// A file whose path has a word of the story is more likely meant than one that merely mentions it.
const IN_PATH: usize = 3;
/// Larger files are read by the developer, piece by piece.
const LARGEST: u64 = 64 << 10;
/// In a project of so few files each may matter.
const FEW: usize = 40;
/// Documents come through the knowledge of the project.
const DOCUMENTS: &str = "docs/";

/// Paths with what speaks for them, the best first; those for which nothing does come last and only where there are few.
pub(crate) fn ranked(entries: &[Entry], matches: &[LineMatch], words: &[String], story: &str) -> Vec<String> {
    let mut mentioned = BTreeMap::<&str, BTreeSet<&str>>::new();
    for found in matches {
        let line = found.text.to_lowercase();
        let said = words.iter().filter(|word| line.contains(word.as_str()));
        mentioned.entry(&found.path).or_default().extend(said.map(String::as_str));
    }
    let eligible: Vec<_> = entries.iter().filter(|entry| is_eligible(entry)).collect();
    let least = usize::from(eligible.len() > FEW);
    let score = |entry: &Entry| {
        let path = entry.path.to_lowercase();
        let in_path = words.iter().filter(|word| path.contains(word.as_str())).count();
        let named = if is_named(&entry.path, story) { NAMED } else { 0 };
        named + IN_PATH * in_path + mentioned.get(entry.path.as_str()).map_or(0, BTreeSet::len)
    };
    let mut scored: Vec<(usize, &Entry)> =
        eligible.into_iter().map(|entry| (score(entry), entry)).filter(|(score, _)| *score >= least).collect();
    scored.sort_by(|(one, first), (other, second)| {
        other.cmp(one).then_with(|| first.size().cmp(&second.size())).then_with(|| first.path.cmp(&second.path))
    });
    scored.into_iter().map(|(_, entry)| entry.path.clone()).collect()
}

/// Whether the path stands in the story, as a whole.
fn is_named(path: &str, story: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '_' | '-' | '.');
    let has_end = |rest: &str| rest.trim_start_matches('.').chars().next().is_none_or(|letter| !is_part(letter));
    story
        .match_indices(path)
        .any(|(begin, _)| story[..begin].chars().next_back().is_none_or(|letter| !is_part(letter)) && has_end(&story[begin + path.len()..]))
}

fn is_eligible(entry: &Entry) -> bool {
    (1..=LARGEST).contains(&entry.size()) && !entry.path.starts_with(DOCUMENTS) && is_text(&entry.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::files::Kind;

    fn file(path: &str, size: u32) -> Entry {
        Entry { path: path.to_owned(), kind: Kind::File, size_bytes: f64::from(size) }
    }

    fn line(path: &str, text: &str) -> LineMatch {
        LineMatch { path: path.to_owned(), line: 1, text: text.to_owned(), before: Vec::new(), after: Vec::new() }
    }

    #[test]
    fn names_weigh_more_than_mentions_and_size_decides_the_rest() {
        let entries = [file("a.sh", 30), file("ledger.sh", 10), file("b.sh", 20), file("c.sh", 5), file("d.sh", 9)];
        let matches = [line("a.sh", "The Ledger"), line("a.sh", "a balance"), line("b.sh", "ledger ledger")];
        let words = ["ledger".to_owned(), "balance".to_owned()];
        assert_eq!(ranked(&entries, &matches, &words, "Change `d.sh`."), ["d.sh", "ledger.sh", "a.sh", "b.sh", "c.sh"]);
    }

    #[test]
    fn a_path_is_named_as_a_whole() {
        assert!(is_named("src/a.rs", "In src/a.rs.") && is_named("kitty", "- `kitty`: the program"));
        assert!(!is_named("a.rs", "In src/a.rs.") && !is_named("a.rs", "a.rsx") && !is_named("kitty", "kitty-init"));
    }

    #[test]
    fn what_is_no_code_is_left_out_and_of_many_files_those_that_nothing_speaks_for() {
        let entries =
            [file("docs/ledger.md", 9), file("logo.PNG", 9), file("huge.sh", u32::try_from(LARGEST).unwrap() + 1), file("empty.sh", 0)];
        assert!(ranked(&entries, &[], &[], "").is_empty());
        let many: Vec<_> = (0..=FEW).map(|number| file(&format!("{number}.sh"), 9)).collect();
        assert_eq!(ranked(&many, &[line("7.sh", "ledger")], &["ledger".to_owned()], ""), ["7.sh"]);
    }
}

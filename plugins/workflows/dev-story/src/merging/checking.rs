//! Whether a file that the developer took the conflicts out of is a merge: no marker is left, what lay outside the conflicts
//! is as both sides left it, and the tests that either side added are there. Looks at lines, and judges no meaning.

use std::collections::BTreeSet;

use super::diff3::{Conflict, Part, lines};
use crate::declared;
use crate::kinds::is_test;

const MARKERS: [&str; 3] = ["<<<<<<< ", "||||||| ", ">>>>>>> "];
/// Lines of the missing ones that a sentence names.
const MOST_NAMED: usize = 3;
/// Bytes of a line that a sentence shows.
const LONGEST_LINE: usize = 120;

/// What is wrong with a file, one sentence each, for the developer.
pub(super) fn problems(path: &str, parts: &[Part], content: &str) -> Vec<String> {
    if let Some(problem) = left_marker(path, parts, content) {
        return vec![problem];
    }
    outside(path, parts, content).into_iter().chain(lost_tests(path, parts, content)).collect()
}

/// What only a reader can judge: a conflict of which nothing is left that one side added.
pub(super) fn doubts(path: &str, parts: &[Part], content: &str, base: &str) -> Vec<String> {
    let present = trimmed(content);
    let gone = |side: &str, before: &str| {
        let added: Vec<_> = trimmed(side).difference(&trimmed(before)).copied().collect();
        !added.is_empty() && added.iter().all(|line| !present.contains(line))
    };
    let conflicts = parts.iter().filter_map(conflict);
    let doubts = conflicts.flat_map(|Conflict { ours, before, theirs }| {
        let ours = gone(ours, before)
            .then(|| format!("Of a conflict in `{path}`, nothing is left that the story added: look whether it is meant."));
        let theirs = gone(theirs, before)
            .then(|| format!("Of a conflict in `{path}`, nothing is left that `{base}` added: look whether it is meant."));
        ours.into_iter().chain(theirs)
    });
    doubts.collect()
}

fn left_marker(path: &str, parts: &[Part], content: &str) -> Option<String> {
    let sides: Vec<_> = parts.iter().flat_map(texts).flat_map(str::lines).collect();
    let is_own = |line: &str| sides.contains(&line);
    let (number, line) =
        (1..).zip(content.lines()).find(|(_, line)| MARKERS.iter().any(|marker| line.starts_with(marker)) && !is_own(line))?;
    Some(format!("`{path}` still holds a marker of a conflict at line {number}: `{}`.", excerpt(line)))
}

/// The settled parts have to be there, whole and in their order: the first where the file begins and the last where it ends.
fn outside(path: &str, parts: &[Part], content: &str) -> Option<String> {
    let content = lines(content);
    let mut place = 0;
    for (number, part) in parts.iter().enumerate() {
        let Part::Settled(text) = part else { continue };
        let wanted = lines(text);
        let first = number == 0;
        let last = number + 1 == parts.len();
        let found = match (first, last) {
            (true, true) => is_at(&content, 0, &wanted).filter(|end| *end == content.len()),
            (true, false) => is_at(&content, 0, &wanted),
            (false, true) => {
                content.len().checked_sub(wanted.len()).filter(|begin| *begin >= place).and_then(|begin| is_at(&content, begin, &wanted))
            }
            (false, false) => (place..=content.len()).find_map(|begin| is_at(&content, begin, &wanted)),
        };
        match found {
            Some(end) => place = end,
            None => return Some(changed_outside(path, &wanted, &content)),
        }
    }
    None
}

/// Where the lines end, if the content has them at this place.
fn is_at(content: &[&str], begin: usize, wanted: &[&str]) -> Option<usize> {
    let there = content.get(begin..begin + wanted.len())?;
    // Whether the last line of a file has an end is no content.
    let same = there.iter().zip(wanted).all(|(one, other)| one.trim_end_matches(['\r', '\n']) == other.trim_end_matches(['\r', '\n']));
    same.then_some(begin + wanted.len())
}

fn changed_outside(path: &str, wanted: &[&str], content: &[&str]) -> String {
    let missing: Vec<_> = wanted.iter().filter(|line| !line.trim().is_empty() && !content.contains(line)).take(MOST_NAMED).collect();
    let named = if missing.is_empty() {
        "lines are in another order, or others stand between them".to_owned()
    } else {
        let named: Vec<_> = missing.iter().map(|line| format!("`{}`", excerpt(line.trim_end()))).collect();
        format!("these are missing: {}", named.join(", "))
    };
    format!("`{path}` was changed outside of its conflicts; {named}. Change only what stands between the markers, and restore the rest.")
}

/// Tests that a side added. Where none can be told by its declaration, all lines of a test file that both only added.
fn lost_tests(path: &str, parts: &[Part], content: &str) -> Vec<String> {
    let conflicts: Vec<_> = parts.iter().filter_map(conflict).collect();
    let present = declared::names(content);
    let added = |side: fn(&Conflict) -> &str| -> BTreeSet<String> {
        let of = |conflict: &&Conflict| &declared::names(side(conflict)) - &declared::names(&conflict.before);
        conflicts.iter().flat_map(of).collect()
    };
    let declared: BTreeSet<_> = &added(|conflict| conflict.ours.as_str()) | &added(|conflict| conflict.theirs.as_str());
    if !declared.is_empty() {
        let lost: Vec<_> = declared.difference(&present).map(|name| format!("`{name}`")).collect();
        return if lost.is_empty() {
            Vec::new()
        } else {
            vec![format!("`{path}` lost tests that a side added: {}. Keep the tests of both.", lost.join(", "))]
        };
    }
    // Two new files of one name are two ways to the same end.
    let is_shared = parts.iter().any(|part| matches!(part, Part::Settled(text) if !text.trim().is_empty()));
    if !is_test(path) || !is_shared {
        return Vec::new();
    }
    let kept = trimmed(content);
    let only_added = conflicts.iter().filter(|conflict| conflict.before.trim().is_empty());
    let lost: Vec<_> = only_added.flat_map(|conflict| conflict.ours.lines().chain(conflict.theirs.lines())).map(str::trim).collect();
    let lost: Vec<_> = lost.into_iter().filter(|line| !line.is_empty() && !kept.contains(line)).take(MOST_NAMED).collect();
    let lost: Vec<_> = lost.into_iter().map(|line| format!("`{}`", excerpt(line))).collect();
    if lost.is_empty() {
        Vec::new()
    } else {
        vec![format!("`{path}` is a test and lost lines that a side added: {}. Keep the tests of both.", lost.join(", "))]
    }
}

fn conflict(part: &Part) -> Option<&Conflict> {
    match part {
        Part::Conflict(conflict) => Some(conflict),
        Part::Settled(_) => None,
    }
}

fn texts(part: &Part) -> Vec<&str> {
    match part {
        Part::Settled(text) => vec![text.as_str()],
        Part::Conflict(Conflict { ours, before, theirs }) => vec![ours, before, theirs],
    }
}

fn trimmed(text: &str) -> BTreeSet<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn excerpt(line: &str) -> &str {
    &line[..line.floor_char_boundary(LONGEST_LINE)]
}

#[cfg(test)]
mod tests {
    use super::super::diff3::joined;
    use super::*;

    fn check(path: &str, [before, ours, theirs]: [&str; 3], content: &str) -> Vec<String> {
        problems(path, &joined(before, ours, theirs), content)
    }

    const BOTH: [&str; 3] = ["first\nmiddle\nlast\n", "first\nours\nlast\n", "first\ntheirs\nlast\n"];

    #[test]
    fn a_merge_of_both_is_good_in_any_form() {
        for content in ["first\nours\ntheirs\nlast\n", "first\ntheirs\nlast\n", "first\nsomething else\nlast", "first\nlast\n"] {
            assert_eq!(check("kitty", BOTH, content), [""; 0], "{content}");
        }
    }

    #[test]
    fn a_marker_that_is_left_is_named_with_its_line() {
        let left = check("kitty", BOTH, "first\n<<<<<<< story\nours\n=======\ntheirs\n>>>>>>> main\nlast\n");
        assert!(left.len() == 1 && left[0].contains("line 2: `<<<<<<< story`"), "{left:?}");
        let own = ["a\n", "a\n<<<<<<< a text about markers\n", "a\nb\n"];
        assert_eq!(check("kitty", own, "a\n<<<<<<< a text about markers\nb\n"), [""; 0], "a side may have such a line");
    }

    #[test]
    fn what_lay_outside_of_the_conflicts_is_as_it_was() {
        for content in
            ["ours\nlast\n", "FIRST\nours\nlast\n", "first\nours\n", "first\nours\nlast\nmore\n", "zero\nfirst\nours\nlast\n", ""]
        {
            let problems = check("kitty", BOTH, content);
            assert!(problems.len() == 1 && problems[0].contains("changed outside of its conflicts"), "{content:?}: {problems:?}");
        }
        let lost = check("kitty", BOTH, "ours\nlast\n");
        assert!(lost[0].contains("these are missing: `first`"), "{lost:?}");
    }

    #[test]
    fn lines_of_the_base_between_two_conflicts_cannot_be_dropped() {
        let sides = ["a\nx\nb\n", "A\nx\nB\n", "1\nx\nmain's own\nx\n2\n"];
        let parts = joined(sides[0], sides[1], sides[2]);
        let settled: String = parts.iter().map(|part| if let Part::Settled(text) = part { text.as_str() } else { "" }).collect();
        assert!(settled.contains("x\n"), "{parts:?}");
        assert!(!check("kitty", sides, "A\n1\nB\n2\n").is_empty());
    }

    #[test]
    fn tests_that_either_side_added_stay() {
        let sides = [
            "def test_a():\n    pass\n",
            "def test_a():\n    pass\ndef test_b():\n    pass\n",
            "def test_a():\n    pass\ndef test_c():\n    fail\n",
        ];
        let one = check("tests/test_x.py", sides, "def test_a():\n    pass\ndef test_b():\n    pass\n");
        assert!(one.len() == 1 && one[0].contains("lost tests that a side added: `test_c`"), "{one:?}");
        assert_eq!(check("tests/test_x.py", sides, "def test_a():\n    pass\ndef test_c():\n    fail\ndef test_b():\n    pass\n"), [""; 0]);
    }

    #[test]
    fn lines_of_a_test_file_without_declarations_stay_where_both_added_them() {
        let sides = ["check one\n", "check one\ncheck two\n", "check one\ncheck three\n"];
        let lost = check("tests/run.sh", sides, "check one\ncheck two\n");
        assert!(lost.len() == 1 && lost[0].contains("`check three`"), "{lost:?}");
        assert_eq!(check("tests/run.sh", sides, "check one\ncheck three\ncheck two\n"), [""; 0]);
        assert_eq!(check("kitty", sides, "check one\ncheck two\n"), [""; 0], "it is not a test");
        assert_eq!(check("tests/run.sh", ["", "check one\n", "check two\n"], "check both\n"), [""; 0], "both made the file");
    }

    #[test]
    fn a_side_of_which_nothing_is_left_is_doubted() {
        let parts = joined(BOTH[0], BOTH[1], BOTH[2]);
        assert_eq!(doubts("kitty", &parts, "first\nours\ntheirs\nlast\n", "main"), [""; 0]);
        let doubted = doubts("kitty", &parts, "first\nours\nlast\n", "main");
        assert!(doubted.len() == 1 && doubted[0].contains("that `main` added"), "{doubted:?}");
    }
}

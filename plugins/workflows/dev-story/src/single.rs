//! What runs of the tests say about single ones: which a story added, and which of these pass without it. Says nothing where
//! a run did not name all of its tests.

use std::collections::BTreeSet;

use baton_slots::run_tests::Output as Tested;

use crate::declared;

/// Tests that a review is told by name.
pub(crate) const MOST_ADDED: usize = 50;

/// The names in a run; none where it may have left some out.
pub(crate) fn known(tested: &Tested) -> Option<BTreeSet<&str>> {
    let failed = tested.counts.map_or(0, |counts| counts.failed);
    let named = tested.failing.len() + tested.flaky_tests.len();
    if tested.names.is_empty() || usize::try_from(failed).is_ok_and(|failed| failed > named) {
        return None;
    }
    let failing = tested.failing.iter().map(|test| test.name.as_str());
    Some(tested.names.iter().chain(&tested.flaky_tests).map(String::as_str).chain(failing).collect())
}

/// The tests of a run that its base has not, as far as the base's are known; else those that the added lines declare.
pub(crate) fn added(tested: &Tested, base: Option<&BTreeSet<&str>>, diff: &str) -> Vec<String> {
    let declared = newly_declared(diff);
    let is_added = |name: &&String| match base {
        Some(base) if !base.contains(name.as_str()) => true,
        _ => declared.iter().any(|declared| is_called(name, declared)),
    };
    tested.names.iter().filter(is_added).cloned().collect()
}

/// Names of tests in the added lines that the removed ones have not.
fn newly_declared(diff: &str) -> BTreeSet<String> {
    let removed = declared::names(&lines(diff, '-'));
    declared::names(&lines(diff, '+')).into_iter().filter(|name| !removed.contains(name)).collect()
}

/// The lines of a diff that begin with a sign, without it.
pub(crate) fn lines(diff: &str, sign: char) -> String {
    let head = format!("{sign}{sign}{sign}");
    let marked = diff.lines().filter(|line| !line.starts_with(&head)).filter_map(|line| line.strip_prefix(sign));
    marked.map(|line| format!("{line}\n")).collect()
}

/// Whether a test is the declared one: its full name ends so, whatever stands before it and which parameters follow.
fn is_called(name: &str, declared: &str) -> bool {
    let ends = |name: &str| {
        let before = name.strip_suffix(declared);
        before.is_some_and(|before| !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
    };
    // Parameters follow in brackets, subtests of Go behind a slash.
    ends(name) || name.split_once('[').is_some_and(|(name, _)| ends(name)) || name.contains(&format!(".{declared}/"))
}

#[cfg(test)]
mod tests {
    use baton_slots::run_tests::{Counts, FailedTest};

    use super::*;

    fn tested(names: &[&str], failing: &[&str], failed: u32) -> Tested {
        let failing = failing.iter().map(|name| FailedTest { name: (*name).to_owned(), ..FailedTest::default() });
        Tested {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            failing: failing.collect(),
            counts: Some(Counts { failed, ..Counts::default() }),
            ..Tested::default()
        }
    }

    #[test]
    fn what_the_base_has_not_is_added() {
        let base = tested(&["a.test_one"], &["a.test_two"], 1);
        let change = tested(&["a.test_one", "a.test_two", "a.test_three"], &[], 0);
        assert_eq!(added(&change, known(&base).as_ref(), ""), ["a.test_three"]);
        assert_eq!(known(&tested(&["a"], &["b"], 2)), None, "one that failed is not named");
        assert_eq!(known(&tested(&[], &[], 0)), None);
    }

    #[test]
    fn without_the_base_declarations_tell() {
        let diff = "--- a/t.py\n+++ b/t.py\n-def test_old():\n+def test_old():\n+def test_new(value):\n+class TestLedger:\n";
        let change = tested(&["t.py::test_old", "t.py::test_new[1]", "t.py::test_newer", "t.py::TestLedger::test_x"], &[], 0);
        assert_eq!(added(&change, None, diff), ["t.py::test_new[1]"]);
        let go = tested(&["demo.TestSums/cents", "demo.TestSumsMore"], &[], 0);
        assert_eq!(added(&go, None, "+func TestSums(t *testing.T) {\n"), ["demo.TestSums/cents"]);
        let rust = tested(&["tests::adds_up", "tests::never_adds_up"], &[], 0);
        assert_eq!(added(&rust, None, "+#[test]\n+fn adds_up() {\n"), ["tests::adds_up"]);
    }
}

//! pytest and unittest.

use super::*;

const FAILURES: &[(&str, &str, &str)] = &[
    ("tests/test_sums.py::test_cents_are_kept", "tests/test_sums.py:14", "assert 0.30000000000000004 == 0.3"),
    ("tests/test_sums.py::test_doubled[1]", "tests/test_sums.py:19", "assert (1 * 2) == 4"),
    ("tests/test_sums.py::TestLedger::test_balance", "tests/test_sums.py:24", "ValueError: no ledger"),
    ("tests/test_sums.py::test_with_fixture", "tests/test_sums.py:33", "RuntimeError: fixture is broken"),
];

#[test]
fn pytest_names_what_failed_in_each_of_its_forms() {
    for text in [include_str!("../fixtures/pytest-plain.txt"), include_str!("../fixtures/pytest-short.txt")] {
        let results = check(text, counts(4, 4, 2), false, FAILURES);
        assert!(passed(&results).is_empty(), "nothing is made up");
    }
    let verbose = check(include_str!("../fixtures/pytest-v.txt"), counts(4, 4, 2), true, FAILURES);
    assert_eq!(passed(&verbose).len(), 4);
    let summary = read([include_str!("../fixtures/pytest-rap.txt")]);
    assert_eq!(passed(&summary), passed(&verbose));
    assert_eq!(summary.counts, counts(4, 4, 2));
}

#[test]
fn a_file_that_pytest_cannot_collect_is_a_failure() {
    let why = "ModuleNotFoundError: No module named 'nothing_of_that_name'";
    let text = include_str!("../fixtures/pytest-collection.txt");
    check(text, counts(0, 1, 0), true, &[("tests/test_import.py", "tests/test_import.py:1", why)]);
}

#[test]
fn pytest_without_a_summary_is_read_by_its_sections() {
    let text = include_str!("../fixtures/pytest-short.txt");
    let (before, after) = text.split_once("=========================== short").expect("a summary");
    let end = after.lines().last().expect("an end");
    let results = read([format!("{before}{end}\n").as_str()]);
    let names: Vec<_> = failed(&results).into_iter().map(|(name, ..)| name.to_owned()).collect();
    assert!(names.contains(&"tests/test_sums.py::TestLedger::test_balance".to_owned()), "{names:?}");
    assert_eq!(results.counts, counts(4, 4, 2));
}

#[test]
fn several_workers_and_repeated_tests_are_understood() {
    let text =
        "[gw0] [ 50%] PASSED tests/test_a.py::test_one\n[gw1] [100%] FAILED tests/test_a.py::test_two\n1 failed, 1 passed in 0.10s\n";
    check(text, counts(1, 1, 0), true, &[("tests/test_a.py::test_two", "tests/test_a.py", "")]);
    let text = "tests/test_a.py::test_one RERUN           [ 50%]\ntests/test_a.py::test_one PASSED          [ 50%]\n== 1 passed, 1 rerun in 0.10s ==\n";
    assert_eq!(read([text]).tests[0].status, Status::Flaky);
}

#[test]
fn the_report_of_pytest_says_the_same() {
    let report = read([include_str!("../fixtures/pytest.xml")]);
    let names: Vec<_> = failed(&report).into_iter().map(|(name, place, _)| (name, place)).collect();
    assert_eq!(names[0], ("tests.test_sums.test_cents_are_kept", "tests/test_sums.py:14".to_owned()));
    assert_eq!((names.len(), report.counts, report.is_complete), (4, counts(4, 4, 2), true));
}

#[test]
fn unittest_names_what_failed_and_verbose_all() {
    let failures = &[
        ("test_sums.Sums.test_error", "test_sums.py:13", "ValueError: no ledger"),
        ("test_sums.Sums.test_cents", "test_sums.py:10", "AssertionError: 0.30000000000000004 != 0.3"),
        ("test_sums.Sums.test_sub", "test_sums.py:22", "AssertionError: 1 != 0"),
    ];
    check(include_str!("../fixtures/unittest.txt"), counts(1, 3, 2), false, failures);
    let verbose = read([include_str!("../fixtures/unittest-v.txt")]);
    assert_eq!(passed(&verbose), ["test_sums.Sums.test_empty"]);
    assert_eq!((verbose.counts, verbose.is_complete), (counts(1, 3, 2), true));
    let older = "test_a (tests.test_x.TestX) ... ok\n\n----------\nRan 1 test in 0.000s\n\nOK\n";
    assert_eq!(passed(&read([older])), ["tests.test_x.TestX.test_a"]);
}

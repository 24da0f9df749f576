//! node --test, jest, vitest and mocha.

use super::*;

const CENTS: &str = "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:";

#[test]
fn node_is_read_in_both_of_its_forms() {
    let failures =
        &[("cents are kept", "/workspace/sums.test.js:5", CENTS), ("ledger > throws", "/workspace/sums.test.js:9", "Error: no ledger")];
    let failures: Vec<_> = failures.iter().map(|(name, place, why)| (*name, place.trim_start_matches("/workspace/"), *why)).collect();
    let spec = check(include_str!("../fixtures/node-spec.txt"), counts(2, 2, 2), true, &failures);
    assert_eq!(passed(&spec), ["empty is zero", "ledger > balances"]);
    let tap = read([include_str!("../fixtures/node-tap.txt")]);
    assert_eq!((passed(&tap), tap.counts, tap.is_complete), (passed(&spec), counts(2, 2, 2), true));
    let places = |results: &Results| failed(results).into_iter().map(|(name, place, _)| (name.to_owned(), place)).collect::<Vec<_>>();
    assert_eq!(places(&tap), places(&spec));
    assert!(failed(&tap)[0].2.starts_with("Expected values") && failed(&tap)[1].2 == "no ledger", "{:?}", failed(&tap));
}

#[test]
fn a_name_of_node_is_found_again_below_its_failures() {
    let text = "▶ ledger\n  ✖ throws (0.1ms)\n▶ ledger (1ms)\nℹ tests 1\nℹ pass 0\nℹ fail 1\n\n✖ failing tests:\n\ntest at a.test.js:9:3\n✖ throws (0.1ms)\n  Error: no ledger\n";
    check(text, counts(0, 1, 0), true, &[("ledger > throws", "a.test.js:9", "Error: no ledger")]);
}

#[test]
fn jest_names_what_failed_and_verbose_all() {
    let failures = [
        ("ledger › cents are kept", "sums.test.js:5", "expect(received).toBe(expected) // Object.is equality"),
        ("ledger › throws", "sums.test.js:7", "no ledger"),
    ];
    check(include_str!("../fixtures/jest.txt"), counts(3, 2, 2), false, &failures);
    let broken = ("broken.test.js (failed to run)", "broken.test.js:1", "Cannot find module './nothing' from 'broken.test.js'");
    let results = read([include_str!("../fixtures/jest-v.txt")]);
    assert_eq!(passed(&results), ["empty is zero", "one", "two"]);
    assert_eq!(failed(&results).len(), 3);
    assert_eq!(failed(&results)[2], (broken.0, broken.1.to_owned(), broken.2));
    assert_eq!(results.names(|status| status == Status::Skipped).len(), 2);
}

#[test]
fn vitest_names_what_failed() {
    let failures = [
        (
            "vt/sums.test.ts > ledger > cents are kept",
            "vt/sums.test.ts:6",
            "AssertionError: expected 0.30000000000000004 to be 0.3 // Object.is equality",
        ),
        ("vt/sums.test.ts > ledger > throws", "vt/sums.test.ts:8", "Error: no ledger"),
    ];
    check(include_str!("../fixtures/vitest.txt"), counts(2, 2, 1), false, &failures);
    let verbose = check(include_str!("../fixtures/vitest-v.txt"), counts(2, 2, 1), false, &failures);
    assert_eq!(passed(&verbose), ["vt/good.test.ts > one", "vt/sums.test.ts > empty is zero"]);
}

#[test]
fn mocha_names_all() {
    let failures =
        [("Sums > ledger > cents are kept", "test/sums.js:6", CENTS), ("Sums > ledger > throws", "test/sums.js:8", "Error: no ledger")];
    let results = check(include_str!("../fixtures/mocha.txt"), counts(2, 2, 1), true, &failures);
    assert_eq!(passed(&results), ["Sums > empty is zero", "Sums > ledger > slow"]);
    assert_eq!(results.tests.iter().find_map(|test| test.seconds), Some(0.081));
}

#[test]
fn reports_of_javascript_name_the_same_tests() {
    let node = read([include_str!("../fixtures/node.xml")]);
    assert_eq!((failed(&node).len(), node.counts), (2, counts(2, 2, 2)));
    assert_eq!((failed(&node)[0].0, failed(&node)[0].1.as_str()), ("cents are kept", "sums.test.js:5"));
    let vitest = read([include_str!("../fixtures/vitest.xml")]);
    assert_eq!((failed(&vitest)[0].0, failed(&vitest)[0].1.as_str()), ("vt/sums.test.ts > ledger > cents are kept", "vt/sums.test.ts:6"));
    assert_eq!(vitest.counts, counts(2, 2, 1));
    let jest = read([include_str!("../fixtures/jest.xml")]);
    assert_eq!((failed(&jest)[1].0, failed(&jest)[1].1.as_str()), ("ledger throws", "sums.test.js:7"));
}

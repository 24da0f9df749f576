//! cargo test and cargo-nextest.

use super::*;

#[test]
fn cargo_test_names_all_and_says_where_it_panicked() {
    let failures = &[
        ("tests::errs", "", "Error: \"no ledger\""),
        ("tests::panics", "a.rs:17", "note: test did not panic as expected at a.rs:17:8"),
        ("tests::cents_are_kept", "a.rs:10", "assertion `left == right` failed: cents"),
    ];
    let results = check(include_str!("../fixtures/libtest.txt"), counts(1, 3, 1), true, failures);
    assert_eq!(passed(&results), ["tests::empty_is_zero"]);
    let cents = results.tests.iter().find(|test| test.name == "tests::cents_are_kept").expect("the test");
    assert_eq!(cents.message, "assertion `left == right` failed: cents\nleft: 0.30000000000000004\nright: 0.3");
}

#[test]
fn numbers_of_several_programs_are_added_up() {
    let one = "\nrunning 1 test\ntest a::b ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
    let other = "\nrunning 2 tests\ntest src/lib.rs - total (line 3) ... ok\ntest slow ... ignored\n\ntest result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n";
    let results = check(&format!("{one}{other}"), counts(2, 0, 1), true, &[]);
    assert_eq!(passed(&results), ["a::b", "src/lib.rs - total (line 3)"]);
}

#[test]
fn a_panic_of_before_rust_1_73_is_read() {
    let text = "running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\nthread 'a' panicked at 'no ledger', src/a.rs:3:5\nnote: run with\n\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n";
    check(text, counts(0, 1, 0), true, &[("a", "src/a.rs:3", "no ledger")]);
}

const NEXTEST: &str = "\
    Starting 4 tests across 1 binary (1 test skipped)
        PASS [   0.005s] (1/4) demo tests::empty
  TRY 1 FAIL [   0.004s] (2/4) demo tests::waits
  stdout ───

    running 1 test
    test tests::waits ... FAILED

    thread 'tests::waits' panicked at src/lib.rs:20:9:
    not yet
   TRY 2 PASS [   0.004s] (2/4) demo tests::waits
        FAIL [   0.006s] (3/4) demo::it tests::cents
  stdout ───

    running 1 test
    test tests::cents ... FAILED

  stderr ───

    thread 'tests::cents' panicked at src/lib.rs:10:9:
    a cent is lost
    note: run with `RUST_BACKTRACE=1`

   FLAKY 2/3 [   0.004s] (4/4) demo tests::waits
────────────
     Summary [   0.020s] 3 tests run: 2 passed (1 flaky), 1 failed, 1 skipped
        FAIL [   0.006s] (3/4) demo::it tests::cents
";

#[test]
fn nextest_names_its_binaries_and_what_is_flaky() {
    let results = read([NEXTEST]);
    assert_eq!(failed(&results), [("demo::it tests::cents", "src/lib.rs:10".to_owned(), "a cent is lost")]);
    assert_eq!(results.counts, Counts { passed: 2, failed: 1, skipped: 1, flaky: 1 });
    assert_eq!(results.names(|status| status == Status::Flaky).into_iter().collect::<Vec<_>>(), ["demo tests::waits"]);
    assert_eq!(passed(&results), ["demo tests::empty"]);
}

//! go test, TAP, PHPUnit, RSpec, minitest, CTest, Meson, Maven, Gradle and dotnet.

use super::*;

#[test]
fn go_is_read_as_text_and_as_events() {
    let text = "=== RUN   TestSums\n=== RUN   TestSums/cents\n    sums_test.go:12: got 1, want 2\n=== RUN   TestSums/empty\n--- FAIL: TestSums (0.01s)\n    --- FAIL: TestSums/cents (0.00s)\n    --- PASS: TestSums/empty (0.00s)\n=== RUN   TestBank\n    sums_test.go:20: needs a bank\n--- SKIP: TestBank (0.00s)\nFAIL\nFAIL\texample.com/demo\t0.003s\n=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok  \texample.com/demo/b\t0.002s\nFAIL\n";
    let failure = [("example.com/demo.TestSums/cents", "sums_test.go:12", "sums_test.go:12: got 1, want 2")];
    let results = check(text, counts(2, 1, 1), true, &failure);
    assert_eq!(passed(&results), ["example.com/demo.TestSums/empty", "example.com/demo/b.TestA"]);
    let event = |action: &str, test: &str, more: &str| {
        format!("{{\"Time\":\"x\",\"Action\":\"{action}\",\"Package\":\"example.com/demo\",\"Test\":\"{test}\"{more}}}\n")
    };
    let said = r#","Output":"    sums_test.go:12: got 1, want 2\n""#;
    let events = [
        event("run", "TestSums/cents", ""),
        event("output", "TestSums/cents", said),
        event("fail", "TestSums/cents", r#","Elapsed":0.5"#),
        event("fail", "TestSums", ""),
        event("pass", "TestA", ""),
        "{\"Action\":\"fail\",\"Package\":\"example.com/demo\"}\nnot json {\n".to_owned(),
    ];
    let results = check(&events.concat(), counts(1, 1, 0), true, &failure);
    assert_eq!(results.tests[0].seconds, Some(0.5));
}

#[test]
fn go_says_less_when_it_is_not_verbose_and_may_not_build() {
    let text = "--- FAIL: TestCents (0.00s)\n    sums_test.go:9: lost\nFAIL\nFAIL\tdemo\t0.003s\nok  \tdemo/b\t(cached)\nFAIL\n";
    let results = read([text]);
    assert_eq!(failed(&results), [("demo.TestCents", "sums_test.go:9".to_owned(), "sums_test.go:9: lost")]);
    let text = "# demo [demo.test]\n./sums_test.go:8:2: undefined: total\nFAIL\tdemo [build failed]\n";
    assert_eq!(failed(&read([text])), [("demo (build)", "sums_test.go:8".to_owned(), "./sums_test.go:8:2: undefined: total")]);
    let text = "--- FAIL: TestBoom (0.00s)\npanic: no ledger [recovered]\n\tpanic: no ledger\n\ngoroutine 7 [running]:\ntesting.tRunner.func1.2({0x1, 0x2})\n\t/usr/local/go/src/testing/testing.go:1545 +0x238\ndemo.TestBoom(0xc000)\n\t/workspace/sums_test.go:14 +0x1d\nFAIL\tdemo\t0.004s\n";
    assert_eq!(failed(&read([text])), [("demo.TestBoom", "sums_test.go:14".to_owned(), "panic: no ledger [recovered]")]);
}

#[test]
fn tap_is_read_with_what_perl_and_bats_say() {
    let text = "TAP version 13\n1..4\nok 1 - empty is zero\nnot ok 2 - cents are kept\n#   Failed test 'cents are kept'\n#   at t/sums.t line 5.\n#          got: '1'\nok 3 - bank # skip needs a bank\nnot ok 4 - later # TODO\n";
    check(text, counts(1, 1, 2), true, &[("cents are kept", "t/sums.t:5", "got: '1'")]);
    let bats = "1..2\nok 1 adds\nnot ok 2 keeps cents\n# (in test file tests/sums.bats, line 9)\n#   `[ 1 -eq 2 ]' failed\n";
    check(bats, counts(1, 1, 0), true, &[("keeps cents", "tests/sums.bats:9", "`[ 1 -eq 2 ]' failed")]);
    let nested = "TAP version 14\n# Subtest: sums\n    ok 1 - empty\n    not ok 2 - cents\n      ---\n      message: 'lost'\n      at:\n        line: 3\n      ...\n    1..2\nnot ok 1 - sums\n1..1\n";
    check(nested, counts(1, 1, 0), true, &[("sums > cents", "", "lost")]);
    assert!(read(["ok 1 is what I say\n"]).is_empty(), "no plan and no version");
}

#[test]
fn php_is_read() {
    let text = "PHPUnit 10.5.1 by Sebastian Bergmann and contributors.\n\n.FE  3 / 3 (100%)\n\nThere was 1 error:\n\n1) App\\SumTest::testBoom\nException: no ledger\n\n/workspace/tests/SumTest.php:20\n\n--\n\nThere was 1 failure:\n\n1) App\\SumTest::testCents with data set #0 (1, 2)\nFailed asserting that 1 matches expected 2.\n\n/workspace/tests/SumTest.php:12\n\nFAILURES!\nTests: 4, Assertions: 3, Errors: 1, Failures: 1, Skipped: 1.\n";
    let failures = [
        ("App\\SumTest::testBoom", "tests/SumTest.php:20", "Exception: no ledger"),
        ("App\\SumTest::testCents with data set #0 (1, 2)", "tests/SumTest.php:12", "Failed asserting that 1 matches expected 2."),
    ];
    check(text, counts(1, 2, 1), false, &failures);
    assert_eq!(read(["PHPUnit 9\n\nOK (3 tests, 5 assertions)\n"]).counts, counts(3, 0, 0));
}

#[test]
fn ruby_is_read() {
    let rspec = "Failures:\n\n  1) Sums keeps cents\n     Failure/Error: expect(a).to eq 0.3\n\n       expected: 0.3\n            got: 0.30000000000000004\n     # ./spec/sums_spec.rb:5:in `block (2 levels) in <top (required)>'\n\nFinished in 0.01 seconds\n3 examples, 1 failure, 1 pending\n\nFailed examples:\n\nrspec ./spec/sums_spec.rb:4 # Sums keeps cents\n";
    check(rspec, counts(1, 1, 1), false, &[("Sums keeps cents", "spec/sums_spec.rb:5", "Failure/Error: expect(a).to eq 0.3")]);
    let minitest = "Run options: --seed 1\n\n# Running:\n\n.FE\n\n  1) Failure:\nSumsTest#test_cents [test/sums_test.rb:10]:\nExpected: 0.3\n  Actual: 0.30000000000000004\n\n  2) Error:\nSumsTest#test_boom:\nRuntimeError: no ledger\n    test/sums_test.rb:14:in `test_boom'\n\n3 runs, 2 assertions, 1 failures, 1 errors, 0 skips\n";
    let failures = [
        ("SumsTest#test_cents", "test/sums_test.rb:10", "Expected: 0.3"),
        ("SumsTest#test_boom", "test/sums_test.rb:14", "RuntimeError: no ledger"),
    ];
    check(minitest, counts(1, 2, 0), false, &failures);
}

#[test]
fn ctest_and_meson_name_programs() {
    let text = "    Start 1: sums\n1/3 Test #1: sums .............................   Passed    0.01 sec\n    Start 2: cents\n2/3 Test #2: cents ............................***Failed    0.02 sec\ntests/cents.c:7: a cent is lost\n\n    Start 3: bank\n3/3 Test #3: bank .............................***Skipped   0.00 sec\n\n50% tests passed, 1 tests failed out of 2\n";
    let results = check(text, counts(1, 1, 1), true, &[("cents", "tests/cents.c:7", "tests/cents.c:7: a cent is lost")]);
    assert_eq!(results.tests[0].seconds, Some(0.01));
    let text = "1/2 demo:sums   OK              0.01s\n2/2 demo:cents  FAIL            0.02s   exit status 1\n\nOk:                 1\nFail:               1\nSkipped:            0\n";
    assert_eq!(read([text]).counts, counts(1, 1, 0));
}

#[test]
fn maven_and_gradle_say_what_failed_and_their_reports_all() {
    let maven = "[ERROR] Tests run: 4, Failures: 1 <<< FAILURE! -- in demo.SumsTest\n[INFO] Results:\n[INFO] \n[ERROR] Failures: \n[ERROR]   SumsTest.cents:17 expected: <0.3> but was: <0.30000000000000004>\n[ERROR] Errors: \n[ERROR]   SumsTest.boom:22 » IllegalState no ledger\n[INFO] \n[ERROR] Tests run: 4, Failures: 1, Errors: 1, Skipped: 1\n";
    let failures = [
        ("SumsTest.cents", "SumsTest.java:17", "expected: <0.3> but was: <0.30000000000000004>"),
        ("SumsTest.boom", "SumsTest.java:22", "IllegalState no ledger"),
    ];
    check(maven, counts(1, 2, 1), false, &failures);
    let gradle = "> Task :test FAILED\n\nSumsTest > cents() FAILED\n    org.opentest4j.AssertionFailedError at SumsTest.java:17\n\n4 tests completed, 1 failed, 1 skipped\n";
    check(
        gradle,
        counts(2, 1, 1),
        false,
        &[("SumsTest > cents()", "SumsTest.java:17", "org.opentest4j.AssertionFailedError at SumsTest.java:17")],
    );
    let report = "<testsuite name=\"demo.SumsTest\"><testcase name=\"waits\" classname=\"demo.SumsTest\" time=\"1,000.5\"><flakyFailure message=\"not yet\" type=\"x\"/></testcase>\
                  <testcase name=\"empty\" classname=\"demo.SumsTest\"/></testsuite>";
    let results = read([report]);
    assert_eq!((results.tests[0].status, results.tests[0].seconds), (Status::Flaky, Some(1000.5)));
    assert_eq!(results.counts, Counts { passed: 2, failed: 0, skipped: 0, flaky: 1 });
}

#[test]
fn dotnet_is_read() {
    let text = "  Failed App.Tests.Sums.Cents [5 ms]\n  Error Message:\n   Assert.Equal() Failure\n  Stack Trace:\n     at App.Tests.Sums.Cents() in /workspace/tests/Sums.cs:line 7\n\nFailed!  - Failed:     1, Passed:     2, Skipped:     0, Total:     3, Duration: 8 ms - App.dll (net8.0)\n";
    check(text, counts(2, 1, 0), false, &[("App.Tests.Sums.Cents", "tests/Sums.cs:7", "Assert.Equal() Failure")]);
}

//! What no program prints: nothing panics, and what is given stays within its bounds.

use proptest::prelude::*;

use super::*;
use crate::{LONGEST_MESSAGE, LONGEST_NAME, MOST_BYTES, MOST_TESTS};

const FIXTURES: &[&str] = &[
    include_str!("../fixtures/pytest-v.txt"),
    include_str!("../fixtures/pytest-plain.txt"),
    include_str!("../fixtures/unittest-v.txt"),
    include_str!("../fixtures/libtest.txt"),
    include_str!("../fixtures/node-spec.txt"),
    include_str!("../fixtures/node-tap.txt"),
    include_str!("../fixtures/jest-v.txt"),
    include_str!("../fixtures/mocha.txt"),
    include_str!("../fixtures/vitest.txt"),
    include_str!("../fixtures/vitest.xml"),
    include_str!("../fixtures/pytest.xml"),
];

fn check_bounds(results: &Results) {
    assert!(results.tests.len() <= MOST_TESTS);
    let bytes: usize = results.tests.iter().map(|test| test.name.len() + test.file.len() + test.message.len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes}");
    for test in &results.tests {
        assert!(!test.name.is_empty() && test.name.len() <= LONGEST_NAME && test.file.len() <= LONGEST_NAME, "{test:?}");
        assert!(test.message.len() <= LONGEST_MESSAGE && !test.name.contains(char::is_control), "{test:?}");
        assert!(test.seconds.is_none_or(|seconds| seconds.is_finite() && seconds >= 0.0), "{test:?}");
    }
}

/// Lines of all formats, mixed and cut.
fn torn() -> impl Strategy<Value = String> {
    let lines: Vec<&'static str> = FIXTURES.iter().flat_map(|text| text.lines()).collect();
    let line = prop_oneof![4 => prop::sample::select(lines), 1 => prop::sample::select(vec![
        "test a ... ok", "--- FAIL: A/b/c (0.00s)", "FAIL\tdemo\t0.1s", "not ok 2 - x # TODO", "1..2", "Ran 1 test in 0.1s", "  1) a", "PHPUnit 9",
        "Tests: 1, Assertions: 1", "1 example, 1 failure", "[INFO] Results:", "[ERROR]   A.b:1 x", "Failed!  - Failed: 9999999999, Total: 1", "[gw0] ] x", "=== RUN ",
    ])];
    (prop::collection::vec((line, any::<prop::sample::Index>(), any::<bool>()), 0..60)).prop_map(|lines| {
        let cut = |(line, index, whole): (&str, prop::sample::Index, bool)| {
            let end = if whole { line.len() } else { line.floor_char_boundary(index.index(line.len() + 1)) };
            line[..end].to_owned()
        };
        lines.into_iter().map(cut).collect::<Vec<_>>().join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn torn_output_is_read_without_a_panic(text in torn()) {
        check_bounds(&read([text.as_str()]));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "(?s).{0,400}") {
        check_bounds(&read([text.as_str()]));
        check_bounds(&read([format!("<testsuite><testcase name=\"{text}\"><failure>{text}").as_str()]));
    }

    #[test]
    fn a_fixture_may_end_anywhere(number in 0..FIXTURES.len(), end in any::<prop::sample::Index>()) {
        let text = FIXTURES[number];
        check_bounds(&read([&text[..text.floor_char_boundary(end.index(text.len()))]]));
    }
}

#[test]
fn very_many_and_very_long_tests_are_bounded() {
    let many: String = (0..MOST_TESTS + 5000).map(|number| format!("test t{number} ... ok\n")).collect();
    let results = read([format!("running 1 test\n{many}test result: ok. 25000 passed; 0 failed; 0 ignored\n").as_str()]);
    assert_eq!((results.tests.len(), results.counts.passed, results.is_complete), (MOST_TESTS, 25_000, false));
    check_bounds(&results);
    let (name, why) = ("ä".repeat(5000), "why ".repeat(100_000));
    let long: String =
        (0..4000).map(|number| format!("<testcase name=\"{number}{name}\"><failure message=\"{why}\"/></testcase>")).take(40).collect();
    check_bounds(&read([format!("<testsuite>{long}").as_str()]));
    let loud: String =
        (0..9000).map(|number| format!("<testcase name=\"{number}\"><failure message=\"{}\"/></testcase>", "x".repeat(900))).collect();
    check_bounds(&read([format!("<testsuite>{loud}").as_str()]));
}

/// Each would take minutes if a failure looked through all the others.
#[test]
fn very_many_failures_take_linear_time() {
    const MANY: usize = 20_000;
    let each = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<String>();
    let texts = [
        each(&|n| format!("___ test_{n} ___\n\nE   x\n\nt.py:{n}: E\n"))
            + &each(&|n| format!("FAILED t.py::test_{n} - x\n"))
            + "20000 failed in 1s\n",
        format!("PHPUnit 9\nThere were 2 failures:\n{}Tests: 1, Assertions: 1\n", each(&|n| format!("{n}) A::t{n}\n"))),
        each(&|n| format!("  {n}) A {n}\n")) + "2 examples, 2 failures\n" + &each(&|n| format!("rspec ./a_spec.rb:1 # A {n}\n")),
        " Test Files  1\n Tests  1 failed\n".to_owned() + &each(&|n| format!(" FAIL  a.ts > t{n}\n")),
        "ok  \tdemo\t1s\n=== RUN   TestA\n".to_owned()
            + &each(&|n| format!("--- FAIL: T{n} (0.00s)\n=== RUN   U{n}\n    said\n"))
            + "FAIL\tdemo\t1s\n",
        "BUILD FAILED\n".to_owned() + &each(&|n| format!("A > t{n} FAILED\n")),
        "1..2\n".to_owned() + &each(&|n| format!("not ok {n} - a{n}\n# {}\n", "a:1".repeat(20))),
        "ℹ pass 1\nℹ fail 1\n".to_owned() + &each(&|n| format!("✖ t{n} (1ms)\n")),
        "  1 passing (1s)\n".to_owned() + &each(&|n| format!("  {n}) A\n    t{n}:\n")),
    ];
    let begun = std::time::Instant::now();
    for text in &texts {
        let results = read([text.as_str()]);
        check_bounds(&results);
        assert!(results.tests.len() > MANY / 4, "{}: {}", &text[..text.floor_char_boundary(60)], results.tests.len());
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn what_colours_and_moves_a_cursor_is_left_out() {
    let text = "running 1 test\n\u{1b}[1mtest\u{1b}[0m a ... \u{1b}[31mFAILED\u{1b}(B\n10%\r50%\rtest b ... ok\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n";
    let results = read([text]);
    assert_eq!(passed(&results), ["b"]);
    let unended = "running 1 test\n\u{1b}[31\u{1b}[\ntest a ... ok\n\u{1b}[";
    assert_eq!(passed(&read([unended])), ["a"]);
}

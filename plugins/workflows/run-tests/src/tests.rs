//! The whole workflow on a host in memory.

use std::cell::Cell;

use baton_sdk::prelude::*;
use baton_sdk::sandbox::{Ending, Execution};
use baton_sdk::testing::Host;

use crate::RunTests;

fn host() -> Host {
    Host::new().with_manifest(include_str!("../plugin.toml"))
}

fn tested(host: &Host) -> Value {
    host.run(RunTests::run, json!({})).expect("an answer")
}

/// A host whose test command ends like this, one run after the other; the last again and again.
fn ending(executions: Vec<Execution>) -> Host {
    let run = Cell::new(0);
    host().with_file("tests/run.sh", "").with_sandbox(move |_| {
        let execution = executions[run.get().min(executions.len() - 1)].clone();
        run.set(run.get() + 1);
        Some(Ok(execution))
    })
}

fn ended(ending: Ending) -> Execution {
    Execution { ending, took_ms: 600_000, ..Execution::exited(137) }
}

#[test]
fn the_exit_code_says_whether_the_tests_are_green() {
    let green = host().with_file("tests/run.sh", "exit 0").when_executed("sh tests/run.sh", Execution::exited(0).with_stdout("3 passed"));
    let answer = tested(&green);
    assert_eq!((&answer["passed"], &answer["outcome"], &answer["command"]), (&json!(true), &json!("passed"), &json!("sh tests/run.sh")));
    let red =
        host().with_file("Makefile", "all:\ntest:\n\tfalse\n").when_executed("make test", Execution::exited(2).with_stderr("1 failed"));
    let answer = tested(&red);
    assert_eq!((&answer["passed"], &answer["outcome"]), (&json!(false), &json!("failed")));
    assert!(answer["report"].as_str().is_some_and(|report| report.contains("1 failed")), "{answer}");
}

#[test]
fn settings_come_before_what_files_suggest() {
    let host = host()
        .with_file("tests/run.sh", "")
        .with_setting("test.command", "make check")
        .with_setting("test.quick", "make quick")
        .with_setting("test.image", "gcc")
        .with_setting("test.timeout", 30)
        .when_executed("make check", Execution::exited(0));
    assert_eq!(tested(&host)["quick"], "make quick");
    let job = &host.requests("sandbox.execute")[0];
    assert_eq!((&job["image"], &job["timeout-ms"]), (&json!("gcc"), &json!(30_000)));
    let usual = self::host().with_file("test.sh", "").when_executed("", Execution::exited(0));
    tested(&usual);
    assert_eq!(usual.requests("sandbox.execute")[0]["timeout-ms"], Value::Null, "the host knows what is allowed");
}

#[test]
fn a_project_without_tests_is_told_what_to_add() {
    let host = host().with_file("Makefile", "latest:\n\ttrue\n");
    let answer = tested(&host);
    assert_eq!((&answer["passed"], &answer["command"], &answer["outcome"]), (&json!(false), &Value::Null, &json!("no-command")));
    assert!(answer["report"].as_str().is_some_and(|report| report.contains("tests/run.sh")), "{answer}");
    assert!(host.executed().is_empty());
}

#[test]
fn a_command_can_be_found_without_being_run() {
    let host = host().with_file("go.mod", "");
    let answer = host.run(RunTests::run, json!({ "find_only": true })).expect("an answer");
    assert_eq!((&answer["passed"], &answer["command"], &answer["outcome"]), (&json!(false), &json!("go test -v ./..."), &json!("not-run")));
    assert!(host.executed().is_empty());
}

#[test]
fn a_setup_can_be_done_without_tests() {
    let host = host().with_file("go.mod", "");
    let answer = host.run(RunTests::run, json!({ "setup_only": true })).expect("an answer");
    assert_eq!((&answer["outcome"], &answer["report"]), (&json!("not-run"), &json!("The project has no setup.")));
    assert!(host.executed().is_empty());
}

#[test]
fn red_is_believed_when_it_happens_twice() {
    let red = |text: &str| Execution { took_ms: 10, ..Execution::exited(1).with_stdout(text) };
    let host = ending(vec![red("first"), red("second")]);
    let answer = tested(&host);
    assert_eq!(
        (host.executed().len(), &answer["outcome"], &answer["flaky"], &answer["took_ms"]),
        (2, &json!("failed"), &json!(false), &json!(20))
    );
    assert!(answer["report"].to_string().contains("first"), "{answer}");
    let host = ending(vec![red("1 failed"), Execution::exited(0).with_stdout("all passed")]);
    let answer = tested(&host);
    assert_eq!((&answer["passed"], &answer["outcome"], &answer["flaky"]), (&json!(true), &json!("passed"), &json!(true)));
    assert!(answer["report"].to_string().contains("1 failed") && answer["report"].to_string().contains("all passed"), "{answer}");
    let host = ending(vec![red("1 failed")]);
    host.run(RunTests::run, json!({ "once": true })).expect("an answer");
    assert_eq!(host.executed().len(), 1, "where red is expected it is not repeated");
}

const RED: &str = "running 3 tests\ntest sums ... ok\ntest cents ... FAILED\ntest waits ... FAILED\n\nfailures:\n\n---- cents stdout ----\n\n\
    thread 'cents' panicked at src/lib.rs:10:9:\na cent is lost\n\n\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n";

#[test]
fn failing_tests_are_named_with_their_places() {
    let host = ending(vec![Execution::exited(101).with_stdout(RED)]);
    let answer = tested(&host);
    assert_eq!(answer["failing"][0], json!({ "name": "cents", "file": "src/lib.rs", "line": 10, "message": "a cent is lost" }));
    assert_eq!((&answer["counts"], &answer["names"]), (&json!({ "passed": 1, "failed": 2, "skipped": 0 }), &Value::Null));
    let report = answer["report"].as_str().expect("a report");
    assert!(report.contains("1 passed, 2 failed.\n\nFailed:\n- src/lib.rs:10 `cents`: a cent is lost\n- `waits`\n"), "{report}");
    let host = ending(vec![Execution::exited(101).with_stdout(RED)]);
    let named = host.run(RunTests::run, json!({ "names": true })).expect("an answer");
    assert_eq!(named["names"], json!(["sums"]));
}

#[test]
fn a_test_that_fails_and_then_passes_is_named_flaky() {
    let second = RED.replace("test waits ... FAILED", "test waits ... ok").replace("1 passed; 2 failed", "2 passed; 1 failed");
    let host = ending(vec![Execution::exited(101).with_stdout(RED), Execution::exited(101).with_stdout(second.as_str())]);
    let answer = tested(&host);
    assert_eq!((&answer["outcome"], &answer["flaky_tests"]), (&json!("failed"), &json!(["waits"])));
    assert_eq!(answer["failing"].as_array().map(Vec::len), Some(1), "{answer}");
    let green = "running 3 tests\ntest sums ... ok\ntest cents ... ok\ntest waits ... ok\ntest result: ok. 3 passed; 0 failed; 0 ignored\n";
    let host = ending(vec![Execution::exited(101).with_stdout(RED), Execution::exited(0).with_stdout(green)]);
    let answer = tested(&host);
    assert_eq!((&answer["flaky"], &answer["flaky_tests"], &answer["failing"]), (&json!(true), &json!(["cents", "waits"]), &Value::Null));
}

#[test]
fn what_an_outcome_leaves_out_is_read_too() {
    let many: String = (0..9000).map(|number| format!("test t{number} ... ok\n")).collect();
    let printed = format!("running 9002 tests\n{many}test cents ... FAILED\n{many}test result: FAILED. 9000 passed; 1 failed; 0 ignored\n");
    let host = ending(vec![Execution::exited(101).with_stdout(printed.as_str())]);
    let answer = tested(&host);
    assert_eq!((&answer["failing"][0]["name"], &answer["counts"]["passed"]), (&json!("cents"), &json!(9000)));
    assert!(answer["report"].as_str().is_some_and(|report| report.len() < 1000), "what passed is not shown: {answer}");
}

#[test]
fn reports_are_read_where_the_program_writes_some() {
    let xml = "<testsuite><testcase classname='demo.SumsTest' name='cents'><failure message='lost'>at demo.SumsTest.cents(SumsTest.java:9)</failure></testcase></testsuite>";
    let host = host()
        .with_file("pom.xml", "")
        .when_executed("mvn --batch-mode test", Execution::exited(1).with_stdout("[ERROR] Failures: \n"))
        .when_executed("surefire-reports", Execution::exited(0).with_stdout(xml));
    let answer = host.run(RunTests::run, json!({ "once": true })).expect("an answer");
    assert_eq!(answer["failing"], json!([{ "name": "demo.SumsTest.cents", "file": "SumsTest.java", "line": 9, "message": "lost" }]));
    let host = self::host()
        .with_file("test.sh", "")
        .with_setting("test.reports", ["out/*.xml"])
        .when_executed("sh test.sh", Execution::exited(0))
        .when_executed("./out/*.xml", Execution::exited(0).with_stdout("none"));
    assert_eq!((tested(&host)["counts"].clone(), host.executed().len()), (Value::Null, 2));
}

#[test]
fn what_changed_is_tested_alone_where_a_command_for_it_is_known() {
    let files = [("Cargo.toml", "[workspace]\n"), ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n")];
    let host = files.iter().fold(host(), |host, (path, text)| host.with_file(path, *text)).when_executed("", Execution::exited(0));
    let quick = |path: &str| host.run(RunTests::run, json!({ "changed": [path] })).expect("an answer");
    assert_eq!(quick("crates/a/src/lib.rs")["command"], "cargo test --package a");
    let answer = quick("README.md");
    assert_eq!((&answer["outcome"], &answer["command"], host.executed().len()), (&json!("not-run"), &Value::Null, 1));
    let host = self::host().with_setting("test.folders", json!({ "web": { "quick": "make web" } })).when_executed("", Execution::exited(0));
    let answer = host.run(RunTests::run, json!({ "changed": ["web/a.js"] })).expect("an answer");
    assert_eq!((&answer["command"], &answer["folders"]), (&json!("make web"), &json!([{ "folder": "web", "quick": "make web" }])));
}

#[test]
fn pytest_is_told_to_name_what_passed() {
    let host = host().with_file("pytest.ini", "").when_executed("", Execution::exited(0));
    tested(&host);
    assert_eq!(host.requests("sandbox.execute")[0]["env"], json!({ "PYTEST_ADDOPTS": "-rap" }));
}

#[test]
fn what_did_not_end_by_itself_is_not_red() {
    for (how, outcome, runs) in
        [(Ending::TimedOut, "timed-out", 1), (Ending::OutOfMemory, "out-of-memory", 1), (Ending::Killed, "killed", 2)]
    {
        let host = ending(vec![ended(how)]);
        let answer = tested(&host);
        assert_eq!((&answer["passed"], &answer["outcome"], host.executed().len()), (&json!(false), &json!(outcome), runs));
        assert!(answer["report"].to_string().contains("600 s"), "{answer}");
    }
}

#[test]
fn a_program_that_the_image_lacks_is_not_a_red_test() {
    let outcome = |command: &str, code: i32, stderr: &str| {
        let host = host().with_setting("test.command", command).when_executed("", Execution::exited(code).with_stderr(stderr));
        tested(&host)["outcome"].clone()
    };
    assert_eq!(outcome("cargo test", 127, "sh: 1: cargo: not found\n"), "not-started");
    assert_eq!(outcome("cd app && CI=1 pnpm test", 127, "bash: line 1: pnpm: command not found"), "not-started");
    assert_eq!(outcome("./check", 126, "sh: 1: ./check: Permission denied"), "not-started");
    assert_eq!(outcome("sh tests/run.sh", 127, "tests/run.sh: 3: jq: not found"), "failed", "the project's script calls it");
    assert_eq!(outcome("make test", 2, "make: cargo: No such file or directory"), "failed");
}

#[test]
fn without_an_engine_the_run_waits_for_its_operator() {
    let asked = Cell::new(0);
    let host = host().with_file("test.sh", "").resumes(1).with_sandbox(move |_| {
        asked.set(asked.get() + 1);
        Some(if asked.get() == 1 { Err(Error::unavailable("Docker does not answer; start it.")) } else { Ok(Execution::exited(0)) })
    });
    assert_eq!(tested(&host)["passed"], true);
    assert!(host.pauses()[0].contains("Docker"), "{:?}", host.pauses());
}

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
    assert_eq!((&answer["passed"], &answer["command"], &answer["outcome"]), (&json!(false), &json!("go test ./..."), &json!("not-run")));
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

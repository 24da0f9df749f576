//! The whole workflow on a host in memory.

use baton_sdk::prelude::*;
use baton_sdk::sandbox::Execution;
use baton_sdk::testing::Host;

use crate::{LONGEST_REPORT, RunTests};

fn host() -> Host {
    Host::new().with_manifest(include_str!("../plugin.toml"))
}

fn tested(host: &Host) -> Value {
    host.run(RunTests::run, json!({})).expect("an answer")
}

#[test]
fn the_exit_code_says_whether_the_tests_are_green() {
    let green = host().with_file("tests/run.sh", "exit 0").when_executed("sh tests/run.sh", Execution::exited(0).with_stdout("3 passed"));
    let answer = tested(&green);
    assert_eq!((&answer["passed"], &answer["command"]), (&json!(true), &json!("sh tests/run.sh")));
    let red =
        host().with_file("Makefile", "all:\ntest:\n\tfalse\n").when_executed("make test", Execution::exited(2).with_stderr("1 failed"));
    let answer = tested(&red);
    assert_eq!(answer["passed"], false);
    assert!(answer["report"].as_str().is_some_and(|report| report.contains("1 failed")), "{answer}");
}

#[test]
fn settings_come_before_what_files_suggest() {
    let host = host()
        .with_file("tests/run.sh", "")
        .with_setting("test.command", "make check")
        .with_setting("test.image", "gcc")
        .with_setting("test.timeout", 30)
        .when_executed("make check", Execution::exited(0));
    tested(&host);
    let job = &host.requests("sandbox.execute")[0];
    assert_eq!((&job["image"], &job["timeout-ms"]), (&json!("gcc"), &json!(30_000)));
    let usual = self::host().with_file("test.sh", "").when_executed("", Execution::exited(0));
    tested(&usual);
    assert_eq!(usual.requests("sandbox.execute")[0]["timeout-ms"], Value::Null, "the host knows what is allowed");
}

#[test]
fn a_project_without_tests_is_red_and_told_what_to_add() {
    let host = host().with_file("Makefile", "latest:\n\ttrue\n");
    let answer = tested(&host);
    assert_eq!((&answer["passed"], &answer["command"]), (&json!(false), &Value::Null));
    assert!(answer["report"].as_str().is_some_and(|report| report.contains("tests/run.sh")), "{answer}");
    assert!(host.executed().is_empty());
}

#[test]
fn without_an_engine_the_run_waits_for_its_operator() {
    let asked = std::cell::Cell::new(0);
    let host = host().with_file("test.sh", "").resumes(1).with_sandbox(move |_| {
        asked.set(asked.get() + 1);
        Some(if asked.get() == 1 { Err(Error::unavailable("Docker does not answer; start it.")) } else { Ok(Execution::exited(0)) })
    });
    assert_eq!(tested(&host)["passed"], true);
    assert!(host.pauses()[0].contains("Docker"), "{:?}", host.pauses());
}

#[test]
fn a_long_report_keeps_its_end() {
    let long = "ä".repeat(LONGEST_REPORT) + "the last line";
    let host = host().with_file("test.sh", "").when_executed("", Execution::exited(1).with_stdout(long));
    let report = tested(&host)["report"].as_str().unwrap_or_default().to_owned();
    assert!(report.len() < LONGEST_REPORT + 100 && report.trim_end().ends_with("the last line"));
}

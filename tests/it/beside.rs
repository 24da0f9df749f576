//! Several processes over one data directory: one executes, the others wait for it, follow it, and take its place.

use std::{
    path::Path,
    process::{Child, Stdio},
};

use baton_tests::program;
use serde_json::{Value, json};

fn installed() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("probe.wasm"), baton_tests::PROBE).unwrap();
    let _installed = program::run(home.path(), &["plugin", "install", "probe.wasm", "--grant", "--data-dir", "data"]).exits(0);
    home
}

fn running(home: &Path, input: &Value) -> Child {
    let input = input.to_string();
    let run = ["run", "probe", "--input", &input, "--data-dir", "data"];
    program::command(home, &run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A process that executes a run of its own which sleeps.
fn busy(home: &Path, milliseconds: u64) -> Child {
    let mut child = running(home, &json!({ "do": "sleep", "milliseconds": milliseconds }));
    let process = format!("process {},", child.id());
    let executes = || std::fs::read_to_string(home.join("data/lock")).unwrap_or_default().contains(&process);
    assert!(program::wait_until(&mut child, executes));
    child
}

fn json_of(home: &Path, arguments: &[&str]) -> Value {
    let ended = program::run(home, &[arguments, &["--data-dir", "data", "-o", "json"]].concat()).exits(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn who_waits_takes_the_place_of_who_ends() {
    let home = installed();
    let home = home.path();
    let first = busy(home, 4_000);
    let waiting: Vec<_> = (0..2).map(|number| running(home, &json!({ "do": "sleep", "milliseconds": number }))).collect();
    let _first = program::ended(first.wait_with_output().unwrap()).exits(0);
    let told: Vec<_> = waiting.into_iter().map(|child| program::ended(child.wait_with_output().unwrap()).exits(0).stderr).collect();
    assert!(told.iter().any(|told| told.contains("the run is carried on with here")), "{told:?}");
    assert!(told.iter().all(|told| told.contains("has not begun this run yet")), "{told:?}");
    for run in json_of(home, &["runs", "list"]).as_array().unwrap() {
        assert_eq!(run["state"], "succeeded", "{run}");
    }
}

#[test]
fn who_is_at_work_on_other_runs_is_not_said_to_carry_on_with_this_one() {
    let home = installed();
    let home = home.path();
    for name in ["one", "other"] {
        let asks = json!({ "do": "ask-person", "say": name, "options": ["EUR"] }).to_string();
        let _waiting = program::run(home, &["run", "probe", "--input", &asks, "--data-dir", "data"]).exits(3);
    }
    let asked = json_of(home, &["questions", "list"]);
    let answer = |place: usize| {
        let question = asked[place]["question"].as_str().unwrap();
        program::run(home, &["questions", "answer", question, "EUR", "--data-dir", "data"]).exits(0).stderr
    };
    let mut busy = busy(home, 60_000);
    let told = answer(0);
    assert!(told.contains("has not taken run") && told.contains("baton runs resume ") && !told.contains("carries on"), "{told}");
    busy.kill().unwrap();
    busy.wait().unwrap();
    let told = answer(1);
    assert!(told.contains("Nobody executes the run now"), "{told}");
}

#[test]
fn an_author_develops_beside_a_host_that_executes() {
    let home = installed();
    let home = home.path();
    let _begun = program::run(home, &["plugin", "new", "ada", "--kind", "agent"]).exits(0);
    let mut busy = busy(home, 60_000);
    let dev = ["plugin", "dev", "ada", "--data-dir", "data"];
    let mut author = program::command(home, &dev).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(program::wait_until(&mut author, || home.join("data/plugins/ada.wasm").exists()));
    for child in [&mut author, &mut busy] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

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
    let _first = program::end(first).exits(0);
    let told: Vec<_> = waiting.into_iter().map(|child| program::end(child).exits(0).stderr).collect();
    assert!(told.iter().any(|told| told.contains("Continuing this run here")), "{told:?}");
    assert!(told.iter().all(|told| told.contains("has not started this run yet")), "{told:?}");
    for run in json_of(home, &["runs", "list"])["items"].as_array().unwrap() {
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
    let asked = json_of(home, &["questions", "list"])["items"].clone();
    let answer = |place: usize| {
        let question = asked[place]["id"].as_str().unwrap();
        program::run(home, &["questions", "answer", question, "EUR", "--data-dir", "data"]).exits(0).stderr
    };
    let mut busy = busy(home, 60_000);
    let told = answer(0);
    assert!(told.contains("has not resumed run") && told.contains("baton runs resume ") && !told.contains("continues run"), "{told}");
    busy.kill().unwrap();
    busy.wait().unwrap();
    let told = answer(1);
    assert!(told.contains("No host is running"), "{told}");
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

#[test]
fn beside_a_host_a_question_without_a_terminal_ends_the_command_and_the_host_tells_it_with_its_answer() {
    let home = installed();
    let home = home.path();
    let host = program::command(home, &["serve", "--data-dir", "data"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut host = Serving(host);
    let process = format!("process {},", host.0.id());
    let executes = || std::fs::read_to_string(home.join("data/lock")).unwrap_or_default().contains(&process);
    assert!(program::wait_until(&mut host.0, executes));

    // Also one of several runs that one command waits for, of which another takes its time.
    let asks = json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] });
    let both = json!({ "do": "start-all", "inputs": [asks, { "do": "sleep", "milliseconds": 300 }] });
    for (input, result) in [(asks.clone(), json!("USD")), (both, json!(["USD", true]))] {
        let input = input.to_string();
        let asked = program::run(home, &["run", "probe", "--input", &input, "--data-dir", "data"]).exits(3).stderr;
        let question = json_of(home, &["questions", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
        let short = &question[question.len() - 8..];
        let answer = format!("`baton questions answer {short} ANSWER --data-dir data`");
        assert!(asked.contains(&answer) && asked.contains("Which currency?") && asked.contains("baton runs show "), "{asked}");
        assert!(asked.contains("\n      1  EUR") && asked.contains("\n      2  USD"), "the options are shown: {asked}");
        let _answered = program::run(home, &["questions", "answer", short, "2", "--data-dir", "data"]).exits(0);
        let ended = || json_of(home, &["runs", "list"])["items"][0]["state"] == "succeeded";
        assert!(program::wait_until(&mut host.0, ended));
        let root = json_of(home, &["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(json_of(home, &["runs", "show", &root])["output"], result);
    }
    let asking = asks.to_string();
    let yes = program::run(home, &["run", "probe", "--yes", "--input", &asking, "--data-dir", "data"]).exits(0);
    assert_eq!(yes.stdout.trim(), "\"EUR\"");
    let decided = program::run(home, &["decisions", "--data-dir", "data"]).exits(0).stdout;
    assert!(decided.contains("Which currency?") && decided.contains("→ EUR") && decided.contains("by --yes"), "{decided}");
    assert_eq!(json_of(home, &["decisions"])["items"].as_array().unwrap().len(), 1, "what a person answered is none");
    let root = json_of(home, &["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let forked = program::run(home, &["runs", "fork", &root, "--at", "1", "--yes", "--data-dir", "data"]).exits(0);
    assert_eq!(forked.stdout.trim(), "\"EUR\"");

    let told = host.ended();
    let asks = "Which currency? Answer with `baton questions answer ";
    for part in ["probe (run ", asks, "Options: 1  EUR", "; 2  USD.", "was answered by ", "“USD”", "got the suggested answer"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let dated = |line: &str| line.len() > 19 && line.as_bytes()[4] == b'-' && line.as_bytes()[13] == b':';
    assert!(told.lines().all(dated), "every line has its time: {told}");
}

#[test]
fn a_host_tells_what_it_found_when_it_began() {
    let home = installed();
    let home = home.path();
    let asks = json!({ "do": "ask-person", "say": "Which currency?" }).to_string();
    let _waiting = program::run(home, &["run", "probe", "--input", &asks, "--data-dir", "data"]).exits(3);
    let host = program::command(home, &["serve", "--data-dir", "data"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut host = Serving(host);
    let process = format!("process {},", host.0.id());
    let executes = || std::fs::read_to_string(home.join("data/lock")).unwrap_or_default().contains(&process);
    assert!(program::wait_until(&mut host.0, executes));
    let question = json_of(home, &["questions", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let _answered = program::run(home, &["questions", "answer", &question, "EUR", "--data-dir", "data"]).exits(0);
    assert!(program::wait_until(&mut host.0, || json_of(home, &["runs", "list"])["items"][0]["state"] == "succeeded"));
    let told = host.ended();
    assert!(told.contains("is still waiting for an answer to question ") && told.contains(" succeeded."), "{told}");
}

/// A host that serves until it is asked to end.
struct Serving(Child);

impl Serving {
    /// Asks it to end, and gives what it said.
    fn ended(&mut self) -> String {
        let _asked = std::process::Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        let mut told = String::new();
        std::io::Read::read_to_string(self.0.stderr.as_mut().unwrap(), &mut told).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(0), "{told}");
        told
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

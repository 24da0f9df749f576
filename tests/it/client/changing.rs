//! Commands that change something, on a server: what they tell, and what came of it.

use std::{fs, io::Write as _, process::Stdio};

use baton_tests::{PROBE, program};
use serde_json::{Value, json};

use super::Served;

/// The document that a command on the server prints, which is its view.
fn changed(served: &Served, arguments: &[&str]) -> Value {
    let ended = served.there(&[arguments, &["-o", "json"][..]].concat()).exits(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ended.stdout))
}

#[test]
fn projects_and_their_backlog_are_changed_on_a_server() {
    let served = Served::start();
    fs::create_dir(served.host.home().join("notes")).unwrap();
    assert_eq!(changed(&served, &["project", "add", "notes", "--name", "diary"])["name"], "diary");
    assert!(served.there(&["project", "add"]).exits(2).stderr.contains("lies on the server"));
    assert_eq!(changed(&served, &["project", "rename", "diary", "notes"])["former_name"], "diary");
    assert_eq!(changed(&served, &["project", "pause", "notes"])["state"], "paused");
    assert_eq!(changed(&served, &["project", "resume", "notes"])["former_state"], "paused");
    assert_eq!(changed(&served, &["project", "complete", "notes"])["state"], "completed");
    assert_eq!(changed(&served, &["project", "remove", "notes", "--yes"])["name"], "notes");
    assert_eq!(served.host.get("/projects")["items"].as_array().unwrap().len(), 1);

    let add = ["backlog", "add", "1-1", "About it", "--label", "area", "--project", "shop"];
    assert_eq!(changed(&served, &add)["labels"], json!(["area"]));
    let taken = served.there(&add).exits(1).stderr;
    assert!(taken.contains("already exists") && taken.contains("backlog show 1-1 --project shop"), "{taken}");
    let edited = changed(&served, &["backlog", "edit", "1-1", "--label", "other", "--no-label", "area", "--project", "shop"]);
    assert_eq!(edited["labels"], json!(["other"]));
    let moved = changed(&served, &["backlog", "move", "1-1", "review", "--reason", "so", "--project", "shop"]);
    assert_eq!(moved["item"]["status"], "review");
    let autopilot = changed(&served, &["project", "autopilot", "status", "--project", "shop"]);
    assert_eq!(autopilot["on"], false);
    for command in [&["backlog", "import", "--project", "shop"][..], &["project", "setup", "show", "--project", "shop"]] {
        let told = served.there(command).exits(2).stderr;
        assert!(told.contains("works only on this machine"), "{told}");
    }
}

#[test]
fn runs_are_answered_signalled_paused_cancelled_and_replayed_on_a_server() {
    let served = Served::start();
    let asks = json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] });
    let asking = served.run(&asks, "waiting");
    let question = served.host.get("/questions")["items"][0]["id"].as_str().unwrap().to_owned();
    let told = served.there(&["questions", "answer", &question[question.len() - 8..], "2"]).exits(0).stderr;
    assert!(told.contains("Answered “USD”") && told.contains("continues run"), "{told}");
    let run = served.host.await_that(&format!("/runs/{asking}"), |run| run["state"] == "succeeded");
    assert_eq!(run["output"], "USD");

    let waiting = served.run(&json!({ "do": "first-signal", "of": 1 }), "waiting");
    let short = &waiting[waiting.len() - 8..];
    let told = served.there(&["runs", "pause", short]).exits(0).stderr;
    assert!(told.contains("is paused") && told.contains("runs resume"), "{told}");
    served.host.await_that(&format!("/runs/{waiting}"), |run| run["state"] == "paused");
    assert_eq!(changed(&served, &["runs", "signal", short, "go", "{}"])["signal"], "go");
    assert_eq!(changed(&served, &["runs", "cancel", short])["is_requested"], true);
    served.host.await_that(&format!("/runs/{waiting}"), |run| run["state"] == "cancelled");

    let recording = served.host.home().join("recorded");
    let told = served.there(&["runs", "record", &asking, recording.to_str().unwrap()]).exits(0).stderr;
    assert!(told.contains("Recorded run"), "{told}");
    assert_eq!(changed(&served, &["runs", "replay", recording.to_str().unwrap()])["verdict"], "same");
    assert_eq!(changed(&served, &["runs", "replay", &asking])["verdict"], "same");
}

#[test]
fn plugins_bindings_budgets_and_secrets_are_changed_on_a_server() {
    let served = Served::start();
    let home = served.host.home();
    assert_eq!(changed(&served, &["plugin", "revoke", "probe"])["name"], "probe");
    let planned = changed(&served, &["plugin", "grant", "probe", "--dry-run"]);
    assert_eq!(planned["name"], "probe");
    assert_eq!(served.host.get("/plugins/probe")["grants"], json!({}));
    let told = served.there(&["plugin", "grant", "probe"]).exits(0).stderr;
    assert!(told.contains("is granted"), "{told}");
    assert_eq!(changed(&served, &["plugin", "disable", "probe", "--reason", "so"])["plugin"]["status"], "disabled");
    assert_eq!(changed(&served, &["plugin", "enable", "probe"])["plugin"]["status"], "ready");
    let _removed = served.there(&["plugin", "remove", "probe"]).exits(0);
    fs::write(home.join("probe.wasm"), PROBE).unwrap();
    assert_eq!(changed(&served, &["plugin", "install", "probe.wasm", "--dry-run"])["name"], "probe");
    assert_eq!(served.there(&["plugin", "show", "probe"]).code, Some(2));
    assert_eq!(changed(&served, &["plugin", "install", "probe.wasm", "--grant"])["status"], "ready");

    assert_eq!(changed(&served, &["bindings", "set", "analyst", "mary", "--project", "shop"])["plugin"], "mary");
    assert_eq!(changed(&served, &["bindings", "unset", "analyst", "--project", "shop"])["slot"], "analyst");
    assert!(served.there(&["bindings", "unset", "analyst"]).exits(2).stderr.contains("has no binding that was set by a command"));

    let run = served.run(&json!({ "do": "echo", "say": 1 }), "succeeded");
    for scope in [&[][..], &["--project", "shop"], &["--run", &run[run.len() - 8..]]] {
        assert_eq!(changed(&served, &[&["budget", "set", "5"], scope].concat())["budget_usd"], "5.00");
        let removed = changed(&served, &[&["budget", "remove"], scope].concat());
        assert!(removed["scope"]["kind"].is_string(), "{removed}");
    }

    let mut set = served.command(&["secret", "set", "A_KEY", "--stdin"]);
    let mut child =
        set.env("BATON_TOKEN", &served.token).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a-secret-value-1").unwrap();
    let _stored = program::end(child).exits(0);
    assert_eq!(served.there(&["secret", "list"]).exits(0).stdout.trim(), "A_KEY");
    assert_eq!(changed(&served, &["secret", "remove", "A_KEY"])["name"], "A_KEY");
    assert!(served.there(&["secret", "list", "-o", "json"]).exits(0).stdout.contains("\"items\": []"));
}

#[test]
fn a_host_that_executes_is_asked_by_its_socket_to_pause_a_run() {
    let served = Served::start();
    let run = served.run(&json!({ "do": "first-signal", "of": 1 }), "waiting");
    let _paused = served.here(&["runs", "pause", &run]).exits(0);
    served.host.await_that(&format!("/runs/{run}"), |run| run["state"] == "paused");
    let home = tempfile::tempdir().unwrap();
    let told = program::run(home.path(), &["runs", "pause", "nothing"]).exits(2).stderr;
    assert!(told.contains("nothing"), "{told}");
}

//! `baton logs` and what the program says of itself, through the real program.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use baton_tests::program;
use serde_json::{Value, json};

fn json_of(home: &Path, arguments: &[&str]) -> Value {
    let ended = program::run(home, &[arguments, &["--data-dir", "data", "-o", "json"]].concat()).exits(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn ran(home: &Path, folder: &str, input: &Value) -> String {
    std::fs::create_dir_all(home.join(folder)).unwrap();
    let input = input.to_string();
    let run = program::run(home, &["run", "probe", "--workspace", folder, "--input", &input, "--data-dir", "data", "-o", "json"]);
    serde_json::from_str::<Value>(&run.stdout).unwrap()["id"].as_str().unwrap().to_owned()
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap()).collect()
}

#[test]
fn the_log_is_read_by_run_project_category_level_and_time() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("probe.wasm"), baton_tests::PROBE).unwrap();
    let _installed = program::run(home, &["plugin", "install", "probe.wasm", "--grant", "--data-dir", "data"]).exits(0);
    let run = ran(home, "one", &json!({ "do": "echo", "say": 1 }));
    let failed = ran(home, "two", &json!({ "do": "fail", "say": "no\u{1b}[2J luck" }));
    let of_run = json_of(home, &["logs", "--run", &run]);
    // Its folder became a project for it.
    assert_eq!(names(&of_run)[..2], ["project_added", "created"]);
    assert_eq!(names(&of_run).last(), Some(&"succeeded"));
    assert!(of_run["items"].as_array().unwrap().iter().all(|event| event["run"] == run.as_str()));
    assert!(of_run["items"][0]["actor"]["name"].is_string(), "{of_run:#}");
    let of_project = json_of(home, &["logs", "--project", "two", "--category", "run"]);
    assert!(of_project["items"].as_array().unwrap().iter().all(|event| event["run"] == failed.as_str()), "{of_project:#}");
    assert_eq!(names(&json_of(home, &["logs", "--level", "error"])), ["failed"]);
    let listed = |arguments: &[&str]| {
        let runs = json_of(home, &[&["runs", "list"], arguments].concat());
        runs["items"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((listed(&["--project", "one"]), listed(&["--state", "failed"])), (vec![run.clone()], vec![failed.clone()]));
    assert_eq!((listed(&["--state", "failed", "--state", "succeeded", "--since", "1h"]).len(), listed(&["--since", "0s"]).len()), (2, 0));
    let page = json_of(home, &["runs", "list", "--limit", "1"]);
    assert_eq!(page["items"][0]["id"], failed.as_str(), "newest first");
    assert_eq!(listed(&["--limit", "1", "--cursor", page["next"].as_str().unwrap()]), std::slice::from_ref(&run));
    assert!(json_of(home, &["runs", "list", "--limit", "2"])["next"].is_null(), "nothing is behind the last");
    let all = json_of(home, &["logs", "--since", "1h", "--limit", "1000"]);
    let last = json_of(home, &["logs", "--limit", "2"]);
    let of_all = all["items"].as_array().unwrap();
    assert_eq!(last["items"].as_array().unwrap()[..], of_all[of_all.len() - 2..], "without a time it is the last of them");
    assert_eq!(json_of(home, &["logs", "--since", "1h", "--limit", "3"])["items"].as_array().unwrap()[..], of_all[..3]);
    let shown = program::run(home, &["logs", "--data-dir", "data"]).exits(0).stdout;
    assert!(shown.contains("run.failed") && !shown.contains('\u{1b}'), "{shown:?}");
    for wrong in [["--run", "nobody"], ["--project", "nobody"], ["--since", "tomorrow"]] {
        let _refused = program::run(home, &[&["logs"], &wrong[..], &["--data-dir", "data"]].concat()).exits(2);
    }
}

#[test]
fn the_log_is_followed_and_nothing_of_it_missed_or_told_twice() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("probe.wasm"), baton_tests::PROBE).unwrap();
    let _installed = program::run(home, &["plugin", "install", "probe.wasm", "--grant", "--data-dir", "data"]).exits(0);
    let _first = ran(home, "one", &json!({ "do": "echo", "say": 1 }));
    let arguments = ["logs", "--follow", "--limit", "1", "--data-dir", "data", "-o", "json"];
    let mut following = program::command(home, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let mut cursor = next()["cursor"].as_i64().unwrap();
    let second = ran(home, "one", &json!({ "do": "echo", "say": 2 }));
    loop {
        let event = next();
        assert_eq!(event["cursor"], cursor + 1, "{event:#}");
        cursor += 1;
        if event["run"] == second.as_str() && event["name"] == "succeeded" {
            break;
        }
    }
    following.kill().unwrap();
    following.wait().unwrap();
}

#[test]
fn the_program_describes_itself() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let versions = json_of(home, &["version"]);
    assert_eq!((&versions["version"], &versions["contract"]), (&json!(env!("CARGO_PKG_VERSION")), &json!("0.2.0")));
    for shell in ["bash", "zsh", "fish"] {
        let script = program::run(home, &["completions", shell]).exits(0).stdout;
        assert!(script.contains("autopilot"), "{shell}");
    }
    let _written = program::run(home, &["man", "pages"]).exits(0);
    assert!(std::fs::read_to_string(home.join("pages/baton-runs-list.1")).unwrap().contains("baton"));
    let _refused = program::run(home, &["completions", "shell"]).exits(2);
}

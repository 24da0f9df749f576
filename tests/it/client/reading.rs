//! Each command that reads, on a server and in a process of its own over the same data: the same output, as text and as JSON.

use baton_tests::program::Ended;
use serde_json::{Value, json};

use super::Served;

/// What a server tells to nobody but the operator of its machine.
const OF_THE_MACHINE: [&str; 2] = ["workspace", "file"];

#[test]
fn every_command_that_reads_has_the_same_output_on_a_server() {
    let served = Served::start();
    let child = json!({ "do": "start", "workflow": "probe", "input": { "do": "echo", "say": "below" } });
    let done = served.run(&json!({ "do": "in-turn", "inputs": [child, { "do": "ask", "prompt": "a question" }] }), "succeeded");
    let failed = served.run(&json!({ "do": "fail", "say": "no" }), "failed");
    let asking = served.run(&json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] }), "waiting");
    let question = served.host.get("/questions")["items"][0]["id"].as_str().unwrap().to_owned();
    for (key, kind) in [("1", "epic"), ("1-1", "story"), ("1-2", "story"), ("free", "task")] {
        served.host.post("/projects/shop/items", &json!({ "key": key, "kind": kind, "title": "About it", "labels": ["area"] })).expect(201);
    }
    served.host.request("PUT", "/projects/shop/budget").json(&json!({ "amount_usd": "12.50" })).answer().expect(200);
    let short = &done[done.len() - 8..];
    let commands: &[&[&str]] = &[
        &["runs", "list"],
        &["runs", "list", "--all", "--state", "succeeded", "--state", "failed", "--project", "shop", "--limit", "1"],
        &["runs", "list", "--project", "none"],
        &["runs", "show", short],
        &["runs", "show", &failed],
        &["runs", "show", &asking],
        &["runs", "show", ""],
        &["runs", "show", "0"],
        &["runs", "show", "nothing"],
        &["runs", "journal", short],
        &["runs", "journal", short, "--full"],
        &["runs", "transcript", short],
        &["runs", "transcript", short, "--only"],
        &["runs", "output", short],
        &["runs", "output", short, "1"],
        &["project", "list"],
        &["project", "show", "shop"],
        &["backlog", "list", "--project", "shop"],
        &["backlog", "list", "--project", "shop", "--status", "todo,done", "--label", "area", "--limit", "2"],
        &["backlog", "list", "--project", "shop", "--ready"],
        &["backlog", "show", "1-1", "--project", "shop"],
        &["backlog", "show", "none", "--project", "shop"],
        &["backlog", "graph", "--project", "shop"],
        &["questions", "list"],
        &["questions", "list", "--all"],
        &["questions", "show", &question],
        &["questions", "show", &question[question.len() - 6..]],
        &["questions", "show", "nothing"],
        &["decisions"],
        &["decisions", "--run", short, "--project", "shop"],
        &["pr", "list", "--project", "shop"],
        &["pr", "show", "1", "--project", "shop"],
        &["plugin", "list"],
        &["plugin", "show", "probe"],
        &["plugin", "show", "none"],
        &["plugin", "history", "probe"],
        &["bindings", "list"],
        &["bindings", "list", "--project", "shop"],
        &["tools", "list"],
        &["tools", "list", "host"],
        &["tools", "list", "none"],
        &["costs"],
        &["costs", "--by", "project", "--days", "3"],
        &["budget"],
        &["logs", "--run", short],
        &["logs", "--project", "shop", "--since", "1d", "--limit", "5"],
        &["logs", "--category", "audit", "--level", "info", "--limit", "3"],
    ];
    let mut different = Vec::new();
    for command in commands {
        for form in ["table", "json"] {
            let arguments = [command, &["-o", form][..]].concat();
            different.extend(difference(&served, &arguments, form == "json"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    // It says until when, which is now.
    let (here, there) = (served.here(&["report", "--project", "shop"]), served.there(&["report", "--project", "shop"]));
    let first = |ended: Ended| ended.exits(0).stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(first(here), first(there));
}

/// How what a command tells here differs from what it tells there, if it does.
fn difference(served: &Served, arguments: &[&str], is_json: bool) -> Option<String> {
    let mut pair = None;
    // An age in seconds may change between the two.
    for _ in 0..5 {
        let (here, there) = (served.here(arguments), served.there(arguments));
        let both = [&here, &there].map(|ended| (ended.code, told(served, &ended.stdout, is_json), problem(served, &ended.stderr, is_json)));
        if both[0] == both[1] {
            return None;
        }
        pair = Some(both);
    }
    pair.map(|[here, there]| format!("`baton {}`\nhere:\n{here:#?}\nthere:\n{there:#?}", arguments.join(" ")))
}

fn told(served: &Served, text: &str, is_json: bool) -> String {
    if !is_json || text.is_empty() {
        return without_machine(served, text);
    }
    let mut document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    strip(&mut document);
    serde_json::to_string_pretty(&document).unwrap()
}

/// What went wrong; hints for people beside an answer are not compared.
fn problem(served: &Served, text: &str, is_json: bool) -> String {
    let document = text.find("{\n").map(|start| &text[start..]);
    let told = document.filter(|_| is_json).map(|document| without_machine(served, document)).unwrap_or_default();
    // Nearly right names are suggested to the operator of the machine alone.
    told.lines().filter(|line| !line.starts_with("\"hint\"")).collect::<Vec<_>>().join("\n")
}

/// A text without directories of the machine, and so without the widths of their columns.
fn without_machine(served: &Served, text: &str) -> String {
    let home = served.host.home().canonicalize().unwrap();
    let text = text.replace(&format!("{}/shop", home.display()), "").replace(&format!("{}/data/plugins/", home.display()), "");
    let text = text.replace(&format!("{}/.local/share/baton/plugins/", home.display()), "");
    let lines = text.lines().filter(|line| line.trim() != "Workspace");
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

fn strip(document: &mut Value) {
    match document {
        Value::Object(members) => {
            // A reason may name the file. The order of the others stays.
            let names_file = |name: &str, value: &Value| name == "reason" && value.to_string().contains("/plugins/");
            let is_hidden = |name: &str, value: &Value| OF_THE_MACHINE.contains(&name) || names_file(name, value);
            *members = std::mem::take(members).into_iter().filter(|(name, value)| !is_hidden(name, value)).collect();
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[test]
fn a_user_sees_on_the_server_what_exists_for_them_alone() {
    let served = Served::start();
    let run = served.run(&json!({ "do": "echo", "say": "hidden" }), "succeeded");
    served.host.post("/users", &json!({ "name": "eve", "password": super::PASSWORD, "role": "viewer" })).expect(201);
    let token = served.host.post("/tokens", &json!({ "name": "eve", "user": "eve" })).expect(201)["secret"].as_str().unwrap().to_owned();
    let there = |arguments: &[&str]| baton_tests::program::output(served.command(arguments).env("BATON_TOKEN", &token));
    assert!(there(&["runs", "list", "-o", "json"]).exits(0).stdout.contains("\"items\": []"));
    let part = &run[run.len() - 8..];
    for part in [part, &run] {
        let hidden = there(&["runs", "show", part]).exits(2).stderr;
        let unknown = there(&["runs", "show", "ffffffff"]).exits(2).stderr;
        assert_eq!(hidden.replace(part, "ffffffff"), unknown);
    }
    let denied = there(&["plugin", "history", "probe"]);
    assert!(denied.code == Some(0) || denied.stderr.contains("may not"), "{}", denied.stderr);
}

#[test]
fn a_directory_is_no_project_of_a_server_and_commands_of_this_machine_say_so() {
    let served = Served::start();
    for arguments in [&["backlog", "list"][..], &["backlog", "list", "--workspace", "shop"], &["report"], &["pr", "list"]] {
        let told = served.there(arguments).exits(2).stderr;
        assert!(told.contains("On a server a project is named by its name or its id") && told.contains("--project"), "{told}");
    }
    for arguments in [
        &["demo"][..],
        &["serve"],
        &["doctor"],
        &["mcp"],
        &["version"],
        &["completions", "bash"],
        &["user", "list"],
        &["token", "list"],
        &["plugin", "new", "x", "--kind", "agent"],
        &["plugin", "check", "x.wasm"],
    ] {
        let url = served.url();
        let named = [arguments, &["--server", &url]].concat();
        let told = served.here(&named).exits(2).stderr;
        assert!(told.contains("works only on this machine") && told.contains("Leave out --server."), "{told}");
    }
    // What needs no data is done whatever the environment says.
    let _shown = served.there(&["version"]).exits(0);
    assert!(served.there(&["user", "list"]).exits(2).stderr.contains("Unset BATON_SERVER."));
    let _listed = served.there(&["user", "list", "--data-dir", "data"]).exits(0);
    // Each command that is told leads to the server again.
    let url = served.url();
    let listed = baton_tests::program::output(
        baton_tests::program::command(served.host.home(), &["project", "list", "--server", &url]).env("BATON_TOKEN", &served.token),
    );
    let _listed = listed.exits(0);
    let hint = served.here(&["runs", "list", "--server", &url]).exits(1).stderr;
    assert!(hint.contains(&format!("`baton login --server {url}`")), "{hint}");
}

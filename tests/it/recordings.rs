//! Runs that were recorded before, replayed by the host of today: what it asks and answers is still spelled as it was. A
//! change that breaks one of them breaks every run that is in progress when a host is updated.
//!
//! `UPDATE_RECORDINGS=1 cargo test -p baton-tests --test all -- recordings` records them again.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command, sync::Arc};

use baton::{
    journal::{PauseKind, form::FORM},
    kernel::{
        recording::Recording,
        registry::{Origin, Plugin},
        replay::Verdict,
        run::{Run, State},
    },
};
use baton_tests::{
    CALCULATOR, CLERK,
    host::{TestHost, tester},
};
use serde_json::{Value, json};

const WORDS: &str = r#"
rules:
  - { name: looks, when: { plugin: clerk, turn: 0 }, calls: [{ name: read_file, arguments: { path: bill.txt } }] }
  - { name: adds, when: { plugin: clerk, turn: 1, contains: "0.1 and 0.2" }, calls: [{ name: calculator.add, arguments: { a: "0.1", b: "0.2" } }] }
  - { name: answers, when: { plugin: clerk, turn: 2, contains: "0.3" }, reply: It is exactly 0.3. }
  - { name: any, when: { contains: question }, reply: an answer }
"#;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("recordings/form-{FORM}"))
}

/// What the probe does in each recording.
fn deeds() -> Vec<(&'static str, Value)> {
    let in_turn = |inputs: Value| json!({ "do": "in-turn", "inputs": inputs });
    vec![
        (
            "files",
            in_turn(json!([
                { "do": "write", "path": "out/a.txt", "content": "a\n\"ü\"\u{1}" },
                { "do": "read", "path": "out/a.txt" },
                { "do": "find", "glob": "**" },
                { "do": "search", "pattern": "ü" },
                { "do": "remove", "path": "out/a.txt" },
            ])),
        ),
        (
            "lines",
            in_turn(
                json!([{ "do": "write", "path": "out/a.txt", "content": "one\ntwo\n" }, { "do": "read-lines", "path": "out/a.txt", "first": 2, "count": 9 }]),
            ),
        ),
        ("missing", json!({ "do": "read", "path": "ghost" })),
        ("denied", json!({ "do": "write", "path": "docs/a.md", "content": "x" })),
        ("documents", in_turn(json!([{ "do": "count", "times": 2 }, { "do": "documents" }, { "do": "setting", "key": "models.default" }]))),
        ("run", in_turn(json!([{ "do": "about" }, { "do": "log", "times": 2 }, { "do": "sleep", "milliseconds": 1 }]))),
        ("pause", json!({ "do": "pause", "say": "Look.", "times": 2 })),
        (
            "publish",
            in_turn(json!([
                { "do": "publish", "key": "build.state", "value": { "green": true, "none": null } },
                { "do": "publish", "key": "build.state", "value": null },
            ])),
        ),
        ("generations", json!({ "do": "generations", "times": 1, "seen": [] })),
        // The answer of a run that continues is before what is recorded; that of one that cannot is not.
        ("continue-too-large", json!({ "do": "continue", "pad": 9 << 20 })),
        ("models", in_turn(json!([{ "do": "ask", "prompt": "a question" }, { "do": "describe" }, { "do": "ask-all", "times": 2 }]))),
        ("steps", json!({ "do": "steps", "times": 1 })),
        (
            "tools",
            in_turn(json!([
                { "do": "tools" },
                { "do": "call-tools", "calls": [["calculator.add", { "a": "0.1", "b": "0.2" }], ["read_file", { "path": "bill.txt" }], ["ghost", {}]] },
            ])),
        ),
        (
            "children",
            in_turn(json!([
                { "do": "start-all", "inputs": [{ "do": "echo", "say": { "b": 1, "a": null } }, { "do": "about" }] },
                { "do": "start-any", "inputs": [{ "do": "echo", "say": 1 }] },
            ])),
        ),
        ("failed-child", json!({ "do": "start-any", "inputs": [{ "do": "fail", "say": "no luck" }] })),
        ("tickets", json!({ "do": "each-ticket", "agent": "clerk" })),
        ("agent", json!({ "do": "perform", "agent": "clerk", "goal": "Add up bill.txt" })),
        (
            "people",
            in_turn(json!([
                { "do": "inform", "say": "Which one", "times": 1 },
                { "do": "ask-person", "say": "Which?", "options": ["one", "two"], "best": "one", "expires-in": 1, "otherwise": "two" },
            ])),
        ),
        ("knowledge", json!({ "do": "knowledge", "say": "bill" })),
        ("backlog", json!({ "do": "backlog", "times": 2 })),
        ("sprint", json!({ "do": "sprint" })),
        ("repository", json!({ "do": "look-around-in", "say": "story/rest" })),
        (
            "pull-requests",
            json!({ "do": "pull-requests", "calls": [
                { "call": "about" },
                { "call": "open", "branch": "story/1", "title": "One", "body": "It is one." },
                { "call": "request-changes", "number": 1, "text": "Test it." },
                { "call": "pass", "number": 1, "name": "tests", "summary": "3 of 3" },
                { "call": "approve", "number": 1 },
                { "call": "get", "number": 1 },
                { "call": "merge", "number": 1, "head": "ab".repeat(20), "commit": "ab".repeat(20) },
                { "call": "all-open" },
                { "call": "close", "number": 1 },
            ] }),
        ),
        (
            "command",
            json!({ "do": "execute", "command": ["sh", "-c", "echo one; echo two >&2; exit 3"], "env": [["A", "b"]], "timeout": 20 }),
        ),
        ("setup", json!({ "do": "set-up" })),
        ("lockfiles", json!({ "do": "renew-lockfiles" })),
        ("long-command", json!({ "do": "execute", "command": ["sh", "-c", "seq 1 5000"], "timeout": 20, "read-from": 4000 })),
    ]
}

/// A host with everything that the deeds need, over a repository.
async fn host() -> TestHost {
    let host = TestHost::with_settings(json!({ "forge": { "auto-merge": true }, "sandbox": { "engine": "process" } })).await;
    for wasm in [CALCULATOR, CLERK] {
        let plugin = Plugin::read(wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
        host.app.kernel.registry().add(plugin).unwrap();
    }
    fs::write(host.folder.path().join("answers.yaml"), WORDS).unwrap();
    fs::write(host.workspace().join("bill.txt"), "0.1 and 0.2").unwrap();
    git(&host, &["init", "-q", "-b", "main"]);
    git(&host, &["add", "-A"]);
    git(&host, &["commit", "-q", "-m", "Begin"]);
    host
}

fn git(host: &TestHost, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.org"]).args(arguments);
    let output = command.current_dir(host.workspace()).env("HOME", host.folder.path()).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a deed to its end, resuming it whenever it asks to be.
async fn run(host: &TestHost, input: &Value) -> Run {
    let mut run = host.run(input.clone()).await;
    while matches!(&run.state, State::Paused { pause } if pause.kind == PauseKind::Requested) {
        host.app.kernel.resume(&run, None, &tester()).await.unwrap();
        host.drive(&run.id).await;
        run = host.find(&run.id).await;
    }
    assert!(run.state.is_final(), "{input}: {:?}", run.state);
    run
}

async fn record() {
    fs::create_dir_all(folder()).unwrap();
    for (name, input) in deeds() {
        let host = host().await;
        let root = run(&host, &input).await;
        for run in host.app.kernel.tree(&root.id).await.unwrap() {
            // What is asked of other plugins, or in worktrees, is worth a recording of its own.
            let file = match &run.parent {
                None => format!("{name}.json"),
                Some((_, seq)) if ["agent", "sprint", "repository"].contains(&name) => format!("{name}-{seq}.json"),
                Some(_) => continue,
            };
            let recording = host.app.kernel.record(&run).await.unwrap().to_text().unwrap();
            // Nothing of the machine on which it was made.
            fs::write(folder().join(file), recording.replace(&host.folder.path().display().to_string(), "/home")).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_replayed() {
    if std::env::var_os("UPDATE_RECORDINGS").is_some() {
        record().await;
    }
    let (host, mut calls) = (host().await, BTreeSet::new());
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for (name, _) in deeds() {
        assert!(folder().join(format!("{name}.json")).exists(), "the deed `{name}` has no recording\n{}", advice());
    }
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let recording = Recording::parse(&text).unwrap_or_else(|error| panic!("{}: {error}\n{}", file.display(), advice()));
        let plugin = host.app.kernel.recorded_plugin(&recording).unwrap();
        let verdict = host.app.kernel.replay(&recording, Arc::clone(&plugin)).await.unwrap();
        if let Verdict::Diverged(divergence) = &verdict {
            panic!("{}: {divergence}\n{}", file.display(), advice());
        }
        assert_eq!(verdict, Verdict::Same, "{}\n{}", file.display(), advice());
        let document: Value = serde_json::from_str(&text).unwrap();
        calls.extend(document["calls"].as_array().unwrap().iter().map(|call| call["call"].as_str().unwrap().to_owned()));
    }
    let missing: Vec<_> = in_contract().difference(&calls).cloned().collect();
    assert!(missing.is_empty(), "no recording makes the calls {missing:?}: add a deed that does, and record it");
}

fn advice() -> String {
    format!(
        "A run that an earlier build began cannot be continued by this one. Give the request or the answer back the shape it had. If the change is \
         meant, raise `FORM` in host/src/journal/form/mod.rs (now {FORM}) and add a migration that pauses the runs of the form before, then record \
         with `UPDATE_RECORDINGS=1 cargo test -p baton-tests --test all -- recordings`. If only the probe or a test plugin was changed, recording is \
         enough."
    )
}

/// Every journaled function of the contract, such as `files.read`.
fn in_contract() -> BTreeSet<String> {
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wit")).unwrap();
    let interfaces = resolve.interfaces.iter().filter_map(|(_, interface)| Some((interface.name.clone()?, interface)));
    let functions = interfaces
        .flat_map(|(name, interface)| interface.functions.keys().map(move |function| format!("{name}.{function}")).collect::<Vec<_>>());
    // Read from the run's own time, made of single calls, or a part of the plugin's file.
    let journaled =
        |call: &String| !call.starts_with("assets.") && !["run.now", "llm.complete-all", "tools.call-all"].contains(&call.as_str());
    functions.filter(journaled).collect()
}

//! The SDK's host for tests against the real one: the same deeds, the same calls, the same answers and refusals.

use baton::{journal::PauseKind, kernel::run::State};
use baton_probe::Probe;
use baton_sdk::{Workflow, testing};
use baton_tests::host::{TestHost, tester};
use serde_json::{Value, json};

/// The same things lie in both.
const FILES: &[(&str, &str)] = &[("docs/a.md", "one\n"), ("out/b.txt", "two\n")];

#[tokio::test(flavor = "multi_thread")]
async fn both_hosts_answer_alike() {
    let real = TestHost::new().await;
    let mut double = testing::Host::new().with_manifest(include_str!("../guest/plugin.toml")).when("question", "an answer").resumes(3);
    for (path, content) in FILES {
        let file = real.workspace().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
        double = double.with_file(path, content);
    }
    for input in inputs() {
        let mut run = real.run(input.clone()).await;
        while matches!(&run.state, State::Paused { pause } if pause.kind == PauseKind::Requested) {
            real.app.kernel.resume(&run, None, &tester()).await.unwrap();
            real.drive(&run.id).await;
            run = real.find(&run.id).await;
        }
        let there = match run.state {
            State::Succeeded => Ok(run.output.unwrap()),
            State::Failed { error } => Err(error.text),
            other => panic!("{input}: {other:?}"),
        };
        let journal = real.journal(&run.id).await;
        let calls: Vec<_> = journal.iter().map(|entry| (entry.call.clone(), parsed(&entry.request))).collect();
        let before = double.calls().len();
        let here = double.run(Probe::run, &input).map_err(|error| error.to_string());
        assert_eq!(here, there, "{input}");
        let made: Vec<_> = double.calls()[before..].iter().map(|call| (call.name.clone(), call.request.clone())).collect();
        assert_eq!(made, calls, "{input}");
    }
}

fn parsed(document: &str) -> Value {
    serde_json::from_str(document).unwrap()
}

/// From a proposal to its end, with the mistakes on the way.
fn pull_requests() -> Value {
    let commit = "ab".repeat(20);
    json!([
        { "call": "about" },
        { "call": "open", "branch": "story/1", "title": "One", "body": "It is one." },
        { "call": "open", "branch": "story/1", "title": "Another" },
        { "call": "open", "branch": "story/2", "title": "Two" },
        { "call": "open", "branch": "main", "title": "Into itself" },
        { "call": "open", "branch": "-x", "title": "An option" },
        { "call": "open", "branch": "story/3", "title": "two\nlines" },
        { "call": "request-changes", "number": 1, "text": "Test it." },
        { "call": "request-changes", "number": 1 },
        { "call": "pass", "number": 1, "name": "tests", "summary": "3 of 3" },
        { "call": "pass", "number": 1, "name": "" },
        { "call": "approve", "number": 1 },
        { "call": "get", "number": 1 },
        { "call": "get", "number": 9 },
        { "call": "merge", "number": 1, "head": commit, "commit": commit },
        { "call": "merge", "number": 1, "head": "main" },
        { "call": "close", "number": 2 },
        { "call": "close", "number": 2 },
        { "call": "close", "number": 9 },
        { "call": "approve", "number": 2 },
        { "call": "all-open" },
        { "call": "get", "number": 2 },
    ])
}

fn inputs() -> Vec<Value> {
    let read =
        ["docs/a.md", "./docs//a.md", "ghost", "docs", "docs/a.md/b", "../x", "/etc/passwd", "a\\b", "C:/x", "", ".git/config", "x\u{0}"];
    let write = ["out/new.txt", "out/deep/er/new.txt", "docs/denied.md", "out", "out/b.txt/c", "out/../../x"];
    let remove = ["out/new.txt", "out/ghost", "out/deep", "out/deep/er/new.txt", "out/deep/er", "docs/a.md"];
    let find = ["**", "docs/*.md", "*", "../*", "[", ""];
    let mut inputs: Vec<Value> = Vec::new();
    inputs.extend(read.map(|path| json!({ "do": "read", "path": path })));
    inputs.extend(write.map(|path| json!({ "do": "write", "path": path, "content": "new" })));
    inputs.extend(find.map(|glob| json!({ "do": "find", "glob": glob })));
    inputs.extend(remove.map(|path| json!({ "do": "remove", "path": path })));
    inputs.extend([
        json!({ "do": "count", "times": 3 }),
        json!({ "do": "log", "times": 2 }),
        json!({ "do": "ask", "prompt": "a question" }),
        json!({ "do": "ask-all", "times": 2 }),
        json!({ "do": "setting", "key": "team.size" }),
        json!({ "do": "steps", "times": 1 }),
        json!({ "do": "pause-untimed", "say": "The printer\nis out of paper.", "times": 2 }),
        json!({ "do": "pause-untimed", "say": " ", "times": 1 }),
        json!({ "do": "perform", "agent": "ghost", "goal": " " }),
        json!({ "do": "misuse-tickets" }),
        json!({ "do": "publish-wrongly" }),
        json!({ "do": "ask-person", "say": " " }),
        json!({ "do": "ask-person", "say": "Which?", "options": [""] }),
        json!({ "do": "ask-person", "say": "x".repeat(9000) }),
        json!({ "do": "ask-person", "say": "Which?", "severity": "critical" }),
        json!({ "do": "inform", "say": "Is it", "times": 2 }),
        json!({ "do": "inform", "say": "x".repeat(9000), "times": 1 }),
        json!({ "do": "worktree", "say": "story/1" }),
        json!({ "do": "worktree", "say": "-f" }),
        json!({ "do": "worktree", "say": "elsewhere" }),
        json!({ "do": "story", "say": "one" }),
        json!({ "do": "execute", "command": [] }),
        json!({ "do": "execute", "command": ["a\u{0}b"] }),
        json!({ "do": "execute", "command": vec!["x"; 257] }),
        json!({ "do": "execute", "command": ["true"], "env": [["1A", "x"]] }),
        json!({ "do": "put-item", "key": "plain" }),
        json!({ "do": "put-item", "key": "a", "labels": ["ui", "area/checkout"] }),
        json!({ "do": "put-item", "key": "a", "labels": ["ui", "Urgent\u{1b}"] }),
        json!({ "do": "put-item", "key": "a", "labels": ["ui", "a", "ui"] }),
        json!({ "do": "put-item", "key": "a", "labels": (0..21).map(|number| number.to_string()).collect::<Vec<_>>() }),
        json!({ "do": "pull-requests", "calls": pull_requests() }),
        json!({ "do": "fail", "say": "no luck" }),
        json!({ "do": "ghost" }),
    ]);
    inputs
}

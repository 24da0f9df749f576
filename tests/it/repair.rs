//! A model whose replies cannot be used, from the command line: shown to it once, then for the operator.

use std::{fs, path::Path};

use baton_tests::{folder, program};
use serde_json::Value;

/// Replies that cannot be used, each to two questions, and what the operator is told of the second.
const REPLIES: &[(&str, &str)] = &[
    ("reply: 'Certainly! Here it is:'", "The reply is not a JSON document"),
    ("json: { verdict: 7 }", "does not satisfy the schema"),
    ("reply: '  '", "The reply was empty"),
    ("calls: [ { name: browse, arguments: {} } ]", "There is no tool `browse`"),
];

#[test]
fn plan_is_paused_and_another_model_takes_over_without_paying_twice() {
    let home = tempfile::tempdir().unwrap();
    folder::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/expense-splitter"), &home.path().join("work"));
    let good = home.path().join("work/replies.yaml");
    let rules = fs::read_to_string(&good).unwrap();
    let quick: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with("delay-ms:")).collect();
    fs::write(&good, quick.join("\n")).unwrap();
    let baton = |arguments: &[&str]| program::run(home.path(), &[arguments, &["--data-dir", "data"]].concat());
    let listed = || -> Value { serde_json::from_str(&baton(&["runs", "list", "-o", "json"]).exits(0).stdout).unwrap() };
    let calls = || fs::read_to_string(home.path().join("calls.log")).unwrap_or_default().lines().count();

    let mut told = String::new();
    for (number, (reply, problem)) in REPLIES.iter().enumerate() {
        let script = format!("log: calls.log\nrules:\n  - {{ name: bad, {reply} }}\n");
        fs::write(home.path().join("bad.yaml"), script).unwrap();
        let ended = if number == 0 {
            baton(&["run", "plan", "--input", "@work/brief.md", "--workspace", "work", "--model", "script/bad.yaml"])
        } else {
            baton(&["runs", "resume", listed()[0]["run"].as_str().unwrap(), "--model", "script/bad.yaml"])
        };
        // After the third pause there is no fourth.
        let ended = ended.exits(if number < 3 { 3 } else { 1 });
        assert!(ended.stderr.contains(problem) && ended.stderr.contains("/bad.yaml"), "{problem}: {}", ended.stderr);
        assert_eq!(calls(), 2 * (number + 1), "what was answered is not asked again");
        told = ended.stderr;
    }
    assert!(told.contains("It was resumed 3 times already."), "{told}");

    fs::write(home.path().join("bad.yaml"), "log: calls.log\nrules:\n  - { name: bad, json: {} }\n").unwrap();
    let ended = baton(&["run", "plan", "--input", "@work/brief.md", "--workspace", "work", "--model", "script/bad.yaml"]).exits(3);
    assert!(
        ended.stderr.contains("The plugin says: The model script/") && ended.stderr.contains("--model PROVIDER/MODEL"),
        "{}",
        ended.stderr
    );
    let (run, before) = (listed()[0]["run"].as_str().unwrap().to_owned(), calls());
    let ended = baton(&["runs", "resume", &run, "--model", "script/work/replies.yaml"]).exits(0);
    assert!(serde_json::from_str::<Value>(&ended.stdout).is_ok_and(|output| output["ready"] == true), "{}", ended.stdout);
    let shown: Value = serde_json::from_str(&baton(&["runs", "show", &run, "-o", "json"]).exits(0).stdout).unwrap();
    assert_eq!((calls(), &shown["tally"]["repeated-model-calls"]), (before, &Value::from(0)), "the bad replies are kept");
}

//! A model whose replies cannot be used, from the command line: it is told so three times, then the operator is.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    thread,
};

use baton_tests::{folder, listed, program};
use serde_json::{Value, json};

/// Replies that cannot be used, each to four questions, and what the operator is told of the fourth.
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
    // The conversation that another model continues holds the replies before.
    let continuing = quick.join("\n").replacen("plugin: mary, turn: 0,", "plugin: mary,", 1);
    assert_ne!(continuing, quick.join("\n"));
    fs::write(&good, continuing).unwrap();
    let baton = |arguments: &[&str]| program::run(home.path(), &[arguments, &["--data-dir", "data"]].concat());
    let newest = || listed::newest_id(&baton(&["runs", "list", "-o", "json"]).exits(0));
    let calls = || fs::read_to_string(home.path().join("calls.log")).unwrap_or_default().lines().count();

    let mut told = String::new();
    for (number, (reply, problem)) in REPLIES.iter().enumerate() {
        let script = format!("log: calls.log\nrules:\n  - {{ name: bad, {reply} }}\n");
        fs::write(home.path().join("bad.yaml"), script).unwrap();
        let ended = if number == 0 {
            baton(&["run", "plan", "--input", "@work/brief.md", "--workspace", "work", "--model", "script/bad.yaml"])
        } else {
            baton(&["runs", "resume", &newest(), "--model", "script/bad.yaml"])
        };
        // After the third pause there is no fourth.
        let ended = ended.exits(if number < 3 { 3 } else { 1 });
        assert!(ended.stderr.contains(problem) && ended.stderr.contains("/bad.yaml"), "{problem}: {}", ended.stderr);
        assert_eq!(calls(), 4 * (number + 1), "what was answered is not asked again");
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
    let (run, before) = (newest(), calls());
    let ended = baton(&["runs", "resume", &run, "--model", "script/work/replies.yaml", "--yes"]).exits(0);
    assert!(serde_json::from_str::<Value>(&ended.stdout).is_ok_and(|output| output["ready"] == true), "{}", ended.stdout);
    let shown: Value = serde_json::from_str(&baton(&["runs", "show", &run, "-o", "json"]).exits(0).stdout).unwrap();
    assert_eq!((calls(), &shown["tally"]["repeated_model_calls"]), (before, &Value::from(0)), "the bad replies are kept");
}

/// Says to each request half an answer and half a call, as a service does that fails in the middle of them.
fn failing_service() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let call = json!({ "function": { "name": "read_file", "arguments": "{}" } });
    let choice = json!({ "message": { "content": "Half of", "tool_calls": [call] }, "finish_reason": "error" });
    let body = json!({ "choices": [choice], "usage": { "prompt_tokens": 10, "completion_tokens": 5 } }).to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1 << 16]);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
            let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    port
}

#[test]
fn half_a_reply_is_asked_for_again_and_booked_and_nothing_is_left_among_the_temporary_files() {
    let (home, port) = (tempfile::tempdir().unwrap(), failing_service());
    // Longer than the name of a Unix socket may be.
    let temporary = home.path().join("t".repeat(120));
    for folder in [&temporary, &home.path().join("shop")] {
        fs::create_dir(folder).unwrap();
    }
    let settings =
        format!("[providers.lab]\nbase-url = \"http://127.0.0.1:{port}/v1\"\n[prices.\"lab/any\"]\ninput = 1000\noutput = 2000\n");
    fs::write(home.path().join("baton.toml"), settings).unwrap();
    let baton = |arguments: &[&str]| {
        let mut command = program::command(home.path(), arguments);
        command.args(["--data-dir", "data"]).env("BATON_CONFIG", home.path().join("baton.toml")).env("TMPDIR", &temporary);
        program::output(command)
    };
    let ended = baton(&["run", "plan", "--input", "\"A shop for bread\"", "--workspace", "shop", "--model", "lab/any"]).exits(3);
    assert!(ended.stderr.contains("The reply ended before it was whole."), "{}", ended.stderr);
    let tally = &listed::newest(&baton(&["runs", "list", "-o", "json"]).exits(0))["tally"];
    assert_eq!((&tally["model_calls"], &tally["input_tokens"], &tally["cost_usd"]), (&json!(4), &json!(40), &json!(0.08)), "{tally}");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

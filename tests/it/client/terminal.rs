//! What a person sees and types on a terminal while a served host executes the run: on a server, and beside the host on its machine.

use std::time::Duration;

use baton_tests::{
    program,
    server::{Manner, Reply, Server},
    terminal::Terminal,
};
use serde_json::{Value, json};

use super::Served;

/// Bytes of a piece of a reply, and how long after the one before it is sent.
const PIECE: usize = 200;
const PAUSE: Duration = Duration::from_millis(800);

/// A model that writes ten words, one after the other.
fn slow_model() -> Server {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let event = json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "any", "choices": [choice] });
        // White space behind a document makes all pieces equally long.
        format!("{:<PIECE$}\n\n", format!("data: {event}"))
    };
    let words = (1..=10).map(|word| chunk(json!({ "content": format!("word-{word} ") }), Value::Null));
    let body: String = words.chain([chunk(json!({}), json!("stop")), "data: [DONE]\n\n".to_owned()]).collect();
    Server::start(move |_, _| {
        Reply::new("200 OK", body.clone()).with("content-type: text/event-stream").sent(Manner::Slow(PIECE + 2, PAUSE))
    })
}

#[test]
fn what_a_model_writes_is_shown_while_it_writes() {
    let model = slow_model();
    let provider = format!("[providers.lab]\nbase-url = \"http://127.0.0.1:{}/v1\"\n", model.port);
    let served = Served::with_settings(&provider);
    let input = json!({ "do": "ask", "prompt": "ten words" }).to_string();
    let run = ["run", "probe", "--model", "lab/any", "--input", &input];
    let mut there = served.command(&[&run[..], &["--project", "shop"]].concat());
    there.env("BATON_TOKEN", &served.token);
    let beside = program::command(served.host.home(), &[&run[..], &["--workspace", "shop"]].concat());
    for (command, what) in [(there, "on a server"), (beside, "beside a host")] {
        let terminal = Terminal::start(&command);
        terminal.await_text("word-2");
        let run = served.host.get("/runs?limit=1")["items"][0].clone();
        assert_eq!(run["state"], "running", "{what}: {}", terminal.text());
        assert!(!terminal.text().contains("word-9"), "{what}: {}", terminal.text());
        terminal.await_text("word-10");
        assert_eq!(terminal.end(), Some(0), "{what}");
    }
}

#[test]
fn a_question_of_a_run_on_a_server_is_answered_at_the_keyboard() {
    let served = Served::start();
    let input = json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] }).to_string();
    let mut command = served.command(&["run", "probe", "--project", "shop", "--input", &input]);
    let mut terminal = Terminal::start(command.env("BATON_TOKEN", &served.token));
    terminal.await_text("Which currency?");
    terminal.type_line("7");
    terminal.await_text("Option 7 does not exist.");
    terminal.type_line("2");
    terminal.await_text("\"USD\"");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn questions_of_a_server_are_watched_and_answered() {
    let served = Served::start();
    let mut command = served.command(&["questions", "watch"]);
    let mut terminal = Terminal::start(command.env("BATON_TOKEN", &served.token));
    terminal.await_text("Questions are shown as they are asked.");
    let run = served.run(&json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] }), "waiting");
    terminal.await_text("Which currency?");
    terminal.type_line("2");
    terminal.await_text("Answered “USD”.");
    served.host.await_that(&format!("/runs/{run}"), |run| run["state"] == "succeeded");
    terminal.interrupt();
    assert_eq!(terminal.end(), Some(0));
}

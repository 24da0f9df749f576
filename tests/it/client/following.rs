//! Runs that a server executes and the command line follows: the same output and exit code as here, through a server that is killed,
//! and left at Ctrl-C.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use baton_tests::program;
use serde_json::{Value, json};

use super::Served;

fn run<'a>(input: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "probe", "--project", "shop", "--input", input][..], more].concat()
}

fn spawned(served: &Served, arguments: &[&str]) -> Child {
    let mut command = served.command(arguments);
    command.env("BATON_TOKEN", &served.token).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What is told while a run is followed, without times and ids.
fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| {
        let kept = line.split_whitespace().filter(|word| !word.chars().any(|character| character.is_ascii_digit()));
        kept.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(words).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_run_on_a_server_ends_with_the_output_and_the_code_of_one_here() {
    let served = Served::start();
    let below = json!({ "do": "start", "workflow": "probe", "input": { "do": "echo", "say": "below" } });
    let ask = json!({ "do": "ask", "prompt": "a question" });
    let inputs = [
        json!({ "do": "echo", "say": { "a": [1, null] } }),
        json!({ "do": "echo", "say": null }),
        json!({ "do": "in-turn", "inputs": [{ "do": "log", "times": 2 }, below, ask] }),
        json!({ "do": "fail", "say": "no" }),
        json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] }),
    ];
    for input in &inputs {
        let input = input.to_string();
        for more in [&[][..], &["--yes"]] {
            let (there, here) = (served.there(&run(&input, more)), served.here(&run(&input, more)));
            assert_eq!((there.code, &there.stdout), (here.code, &here.stdout), "{input}\nthere: {}\nhere: {}", there.stderr, here.stderr);
            let told = |text: &str| lines(text).into_iter().filter(|line| line.starts_with(['✓', '✗', '→'])).collect::<Vec<_>>();
            assert_eq!(told(&there.stderr).last(), told(&here.stderr).last(), "there: {}\nhere: {}", there.stderr, here.stderr);
        }
    }
    // What it is, as a document, is the outcome.
    let document = served.there(&run(&inputs[1].to_string(), &["-o", "json"])).exits(0).stdout;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        (&document["state"], document.get("output"), &document["is_served"]),
        (&json!("succeeded"), Some(&Value::Null), &json!(true))
    );
    let steps = served.there(&run(&inputs[2].to_string(), &[])).exits(0).stderr;
    assert!(steps.lines().count() >= 2, "what it did is shown as it happens: {steps}");
}

#[test]
fn a_run_that_cannot_start_on_a_server_says_why() {
    let served = Served::start();
    let told = served.there(&["run", "probe", "--input", "{}"]).exits(2).stderr;
    assert!(told.contains("On a server a project is named"), "{told}");
    let told = served.there(&["run", "probe", "--project", "none"]).exits(2).stderr;
    assert!(told.contains("none"), "{told}");
    let told = served.there(&["run", "nothing", "--project", "shop"]).exits(2).stderr;
    assert!(told.contains("nothing"), "{told}");
    let script = served.host.home().join("answers.yaml");
    let model = format!("script/{}", script.display());
    let told = served.there(&run("{\"do\":\"echo\"}", &["--model", &model])).exits(2).stderr;
    assert!(told.contains("Only the operator of the host can choose a script"), "{told}");
}

#[test]
fn a_run_goes_on_through_a_server_that_is_killed_and_is_left_at_an_interrupt() {
    let mut served = Served::start();
    let input = json!({ "do": "in-turn", "inputs": [{ "do": "sleep", "milliseconds": 4000 }, { "do": "echo", "say": "through" }] });
    let following = spawned(&served, &run(&input.to_string(), &[]));
    served.host.await_that("/runs", |page| page["items"][0]["state"] == "waiting");
    thread::sleep(Duration::from_millis(500));
    served.host = served.host.killed_and_restarted_there();
    let ended = program::end(following).exits(0);
    assert!(ended.stdout.contains("through"), "{}\n{}", ended.stdout, ended.stderr);

    let asleep = json!({ "do": "sleep", "milliseconds": 600_000 }).to_string();
    let left = spawned(&served, &run(&asleep, &[]));
    let first = served.host.await_that("/runs", |page| page["items"][0]["state"] == "waiting");
    let id = first["items"][0]["id"].as_str().unwrap().to_owned();
    thread::sleep(Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-INT", &left.id().to_string()]).status().unwrap().success());
    let told = program::end(left).exits(3).stderr;
    assert!(told.contains("The server continues this run") && told.contains("runs cancel"), "{told}");
    assert_eq!(served.host.get(&format!("/runs/{id}"))["state"], "waiting");
}

#[test]
fn a_run_is_resumed_and_forked_on_a_server() {
    let served = Served::start();
    let input = json!({ "do": "in-turn", "inputs": [{ "do": "ask", "prompt": "a question" }, { "do": "sleep", "milliseconds": 1500 }] });
    let run = served.run(&input, "waiting");
    let _paused = served.there(&["runs", "pause", &run]).exits(0);
    served.host.await_that(&format!("/runs/{run}"), |run| run["state"] == "paused");
    let resumed = served.there(&["runs", "resume", &run[run.len() - 8..]]).exits(0);
    assert!(resumed.stdout.contains("an answer"), "{}", resumed.stdout);
    let forked = served.there(&["runs", "fork", &run, "--at", "1"]).exits(0);
    assert!(forked.stderr.contains("is forked from") && forked.stdout.contains("an answer"), "{}\n{}", forked.stdout, forked.stderr);
}

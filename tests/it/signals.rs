//! `baton runs signal`, as an operator uses it and misuses it.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use baton_tests::{PROBE, program};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A provider's key, in the environment.
const KEY: &str = "k3y-0f-7h3-1ab";

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.0.path().join(folder)).unwrap();
        }
        fs::write(home.0.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let settings = "operator = \"ada\"\n[providers.lab]\nbase-url = \"http://127.0.0.1:9/v1\"\nkey-env = \"LAB_KEY\"\n";
        fs::write(home.0.path().join("settings.toml"), settings).unwrap();
        home
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.0.path(), arguments);
        command.args(["--data-dir", "data"]).env("BATON_CONFIG", self.0.path().join("settings.toml")).env("LAB_KEY", KEY);
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    /// With this on standard input.
    fn given(&self, arguments: &[&str], text: &str) -> program::Ended {
        let piped = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = piped.unwrap();
        // A command that rejects what it was given may have ended before it has read all of it.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        program::end(child)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// The id of a run that published something and is paused.
    fn paused(&self) -> String {
        let publish = json!({ "do": "publish", "key": "build.state", "value": { "green": true, "key": KEY } });
        let input = json!({ "do": "in-turn", "inputs": [publish, { "do": "pause", "say": "Look.", "times": 1 }] }).to_string();
        let _paused = self.baton(&["run", "probe", "--workspace", "work", "--input", &input]).exits(3);
        self.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn signals_and_published_values_are_kept_and_shown_without_secrets() {
    let home = Home::new();
    let run = home.paused();
    let sent = home.baton(&["runs", "signal", &run, "approve", &json!({ "by": KEY, "n": [1] }).to_string()]).exits(0);
    assert!(sent.stderr.contains("Sent `approve` to run") && sent.stderr.contains("runs resume"), "{}", sent.stderr);
    let _sent = home.baton(&["runs", "signal", &run, "stop"]).exits(0);
    let _sent = home.baton(&["runs", "signal", &run, "offset", "-5"]).exits(0);
    let _sent = home.given(&["runs", "signal", &run, "from-stdin", "-"], "[true]").exits(0);
    let sent = home.json(&["runs", "signal", &run[run.len() - 8..], "last"]);
    assert_eq!(sent, json!({ "run": run, "root": run, "signal": "last", "is_served": false }));

    let shown = home.json(&["runs", "show", &run]);
    let signals: Vec<_> =
        shown["signals"].as_array().unwrap().iter().map(|signal| (signal["name"].clone(), signal["value"].clone())).collect();
    let expected = [
        ("approve", json!({ "by": "[key]", "n": [1] })),
        ("stop", json!(null)),
        ("offset", json!(-5)),
        ("from-stdin", json!([true])),
        ("last", json!(null)),
    ];
    assert_eq!(signals, expected.map(|(name, value)| (json!(name), value)));
    assert!(shown["signals"][0]["sent_by"] == "ada" && shown["signals"][0]["sent_at"].as_str().unwrap().ends_with('Z'), "{shown}");
    assert_eq!(shown["published"]["build.state"]["value"], json!({ "green": true, "key": "[key]" }));
    let text = home.baton(&["runs", "show", &run]).exits(0).stdout;
    assert!(text.contains("5 not taken yet: approve, stop, offset, from-stdin, last\n"), "{text}");
    assert!(text.contains(r#"build.state: {"green":true,"key":"[key]"}"#), "{text}");
}

#[test]
fn what_cannot_be_sent_is_rejected_with_what_to_do() {
    let home = Home::new();
    let run = home.paused();
    let large = json!("x".repeat(70_000)).to_string();
    let rejected = |arguments: &[&str], code: i32, said: &str| {
        let ended = home.baton(&[&["runs", "signal"], arguments].concat()).exits(code);
        assert!(ended.stderr.contains(said) && ended.stderr.len() < 1_000, "{arguments:.80?}: {}", ended.stderr);
    };
    rejected(&[&run, "Approve", "1"], 2, "cannot be the name of a signal");
    rejected(&[&run, "a\u{1b}[2J", "1"], 2, "cannot be the name of a signal");
    rejected(&[&run, "approve", "{"], 2, "The value is not JSON");
    rejected(&[&run, "approve", &large], 2, "at most 65536");
    rejected(&["ffffffff", "approve"], 2, "Run `ffffffff` does not exist");
    let ended = home.given(&["runs", "signal", &run, "approve", "-"], &large).exits(2);
    assert!(ended.stderr.contains("at most 65536"), "{}", ended.stderr);
    let _cancelled = home.baton(&["runs", "cancel", &run]).exits(0);
    rejected(&[&run, "approve", "1"], 1, "has ended (cancelled) and takes no signals");
    assert_eq!(home.json(&["runs", "show", &run])["signals"], json!([]));
}

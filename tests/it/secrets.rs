//! A secret and a provider's key, planted wherever a guest can come upon them: in files, their names, what tools answer, what
//! it is told to do. Afterwards every table, log, event, journal and error of the real program is searched for them.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use baton_tests::{
    CALCULATOR, CLERK, PROBE,
    program::{self, Ended},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Sealed among the secrets.
const SECRET: &str = "0p3n-535am3-0f-7h3-0p3ra70r";
/// A provider's, in the environment.
const KEY: &str = "k3y-0f-7h3-1ab-né-never";

struct Home(TempDir);

impl Home {
    /// A project in which both stand in three files: a short one, a name, and one too long for a row, at its seams.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for folder in ["data/plugins", "work/out"] {
            fs::create_dir_all(home.path(folder)).unwrap();
        }
        for (name, wasm) in [("probe", PROBE), ("calculator", CALCULATOR), ("clerk", CLERK)] {
            fs::write(home.path(&format!("data/plugins/{name}.wasm")), wasm).unwrap();
        }
        fs::write(home.path("work/notes.md"), format!("Read this: {SECRET} and {KEY}, said the notes.")).unwrap();
        fs::write(home.path(&format!("work/{SECRET}.txt")), "Named so.").unwrap();
        let seam = "x".repeat((64 << 10) - SECRET.len() / 2);
        fs::write(home.path("work/long.txt"), format!("{seam}{SECRET}{seam}{KEY}{seam}the end of long.txt")).unwrap();
        let rule = json!({ "rules": [{ "when": { "plugin": "clerk", "turn": 0 }, "reply": "I look.", "calls": [
            { "name": "read_file", "arguments": { "path": "notes.md" } },
            { "name": "calculator.add", "arguments": { "a": SECRET, "b": "1" } },
        ] }] });
        fs::write(home.path("answers.yaml"), rule.to_string()).unwrap();
        let settings = "[providers.lab]\nbase-url = \"http://127.0.0.1:9/v1\"\nkey-env = \"LAB_KEY\"\n";
        fs::write(home.path("settings.toml"), settings).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.0.path(), arguments);
        command.args(["--data-dir", "data"]).env("BATON_CONFIG", self.path("settings.toml"));
        command.env("LAB_KEY", KEY).env("BATON_LOG", "trace");
        command
    }

    /// Runs the program and sees to it that it says neither.
    fn baton(&self, arguments: &[&str]) -> Ended {
        let ended = program::output(self.command(arguments));
        for (said, by) in [(&ended.stdout, "output"), (&ended.stderr, "log")] {
            assert!(!holds(said.as_bytes()), "the {by} of {:?} holds it: {said}", arguments.first());
        }
        ended
    }

    fn run(&self, input: &Value) -> Ended {
        let input = input.to_string();
        self.baton(&["run", "probe", "--workspace", "work", "--model", "script/answers.yaml", "--input", &input])
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// The journals of all runs as they are shown.
    fn journals(&self) -> String {
        let runs = self.json(&["runs", "list", "--all"]);
        let journal = |run: &Value| self.json(&["runs", "journal", run["id"].as_str().unwrap()]).to_string();
        runs["items"].as_array().unwrap().iter().map(journal).collect()
    }
}

/// As it is, or as JSON or an escaped text would write it.
fn holds(bytes: &[u8]) -> bool {
    let forms = [SECRET.to_owned(), KEY.to_owned(), KEY.replace('é', "\\u00e9"), KEY.replace('é', "\\u{e9}")];
    forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form.as_bytes()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn what_is_planted_in_files_and_tool_results_is_found_nowhere_afterwards() {
    let home = Home::new();
    let mut keeping = home.command(&["secret", "set", "PLANTED", "--stdin"]).stdin(Stdio::piped()).spawn().unwrap();
    keeping.stdin.take().unwrap().write_all(SECRET.as_bytes()).unwrap();
    assert!(keeping.wait().unwrap().success());
    for plugin in ["probe", "calculator", "clerk"] {
        let _ = home.baton(&["plugin", "grant", plugin]).exits(0);
    }

    let tools = json!([["read_file", { "path": "notes.md" }], ["calculator.add", { "a": SECRET, "b": KEY }], ["calculator.add", { "a": "1", "b": "2" }]]);
    let done = home
        .run(&json!({ "do": "in-turn", "inputs": [
            { "do": "read", "path": "notes.md" },
            { "do": "read", "path": "long.txt" },
            { "do": "find", "glob": "**" },
            { "do": "call-tools", "calls": tools },
            { "do": "write", "path": "out/copy.txt", "content": format!("told: {SECRET}") },
            { "do": "inform", "say": format!("It is {KEY}"), "times": 1 },
            { "do": "echo", "say": format!("{SECRET} and {KEY}") },
        ] }))
        .exits(0);
    assert!(done.stdout.contains("Read this: [key] and [key], said the notes."), "{}", done.stdout);
    assert!(done.stdout.contains("the end of long.txt") && done.stdout.contains("[key].txt"), "{}", done.stdout);
    assert_eq!(fs::read_to_string(home.path("work/out/copy.txt")).unwrap(), "told: [key]");

    let failed = home.run(&json!({ "do": "in-turn", "inputs": [{ "do": "read", "path": format!("{SECRET}/{KEY}.md") }] })).exits(1);
    assert!(failed.stderr.contains("[key]"), "{}", failed.stderr);
    let failed = home.run(&json!({ "do": "fail", "say": format!("I know {SECRET}.") })).exits(1);
    assert!(failed.stderr.contains("I know [key]."), "{}", failed.stderr);

    // No rule answers the clerk's second turn: the reason quotes the end of what it was told, which is what its tools said.
    let paused = home.run(&json!({ "do": "perform", "agent": "clerk", "goal": format!("Find {KEY}") })).exits(3);
    assert!(paused.stderr.contains("No rule of") && paused.stderr.contains("[key]"), "{}", paused.stderr);

    let journals = home.journals();
    for told in ["said the notes", "tools.call", "calculator", "llm.complete", "[key]"] {
        assert!(journals.contains(told), "{told} was never asked");
    }
    let newest = home.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let _ = home.baton(&["runs", "show", &newest]).exits(0);
    let _ = home.baton(&["runs", "record", &newest, "data/recorded.json"]);
    for list in ["decisions", "costs", "questions"] {
        let _ = home.baton(&[list]);
    }
    let kept: Vec<PathBuf> = [home.path("data"), home.path(".local")].iter().flat_map(|folder| files(folder)).collect();
    assert!(kept.iter().any(|file| file.ends_with("secrets.json")) && kept.len() > 5, "{kept:?}");
    for file in kept {
        assert!(!holds(&fs::read(&file).unwrap()), "{} holds it", file.display());
    }
}

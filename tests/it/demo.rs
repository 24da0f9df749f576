//! The whole demo, from its brief to a program whose own tests pass.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use baton_tests::{
    docker::{self, IMAGE},
    folder, program,
};
use serde_json::Value;
use tempfile::TempDir;

struct Demo {
    home: TempDir,
}

impl Demo {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        folder::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/expense-splitter"), &home.path().join("script"));
        let script = home.path().join("script/replies.yaml");
        let rules = fs::read_to_string(&script).unwrap();
        let quick: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with("delay-ms:")).collect();
        fs::write(&script, format!("log: calls.log\n{}\n", quick.join("\n"))).unwrap();
        let settings = if docker::ready() {
            format!("[sandbox.images.default]\nimage = \"{IMAGE}\"\n")
        } else {
            "[sandbox]\nengine = \"process\"\n".to_owned()
        };
        fs::write(home.path().join("baton.toml"), settings).unwrap();
        Self { home }
    }

    fn command(&self, more: &[&str]) -> Command {
        let demo = ["demo", "--dir", "demo", "--data-dir", "data", "--model", "script/script/replies.yaml"];
        let mut command = program::command(self.home.path(), &[&demo, more].concat());
        command.env("BATON_CONFIG", self.home.path().join("baton.toml"));
        command
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").arg("-C").arg(self.home.path().join("demo")).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Ends it, and looks at everything that it left.
    fn finish(&self) -> Value {
        let ended = program::output(self.command(&["-o", "json"])).exits(0);
        let told: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout));
        let stories = told["sprint"]["output"]["stories"].as_array().unwrap();
        assert_eq!(
            (stories.len(), &told["sprint"]["output"]["landed"], &told["tests"]["output"]["passed"]),
            (5, &Value::from(5), &Value::from(true)),
            "{told}"
        );
        let sum = |name: &str| stories.iter().filter_map(|story| story[name].as_u64()).sum::<u64>();
        assert_eq!((sum("sent_back"), sum("merged_anew")), (1, 1), "one review sends back, one merge conflicts: {told}");
        assert_eq!(self.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), "main");
        assert_eq!(self.git(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
        assert_eq!(self.git(&["status", "--porcelain"]), "");
        assert_eq!(self.git(&["ls-files", "tests/cases"]).lines().count(), 6);
        told
    }
}

#[test]
fn the_demo_goes_all_the_way_and_tells_of_it() {
    let demo = Demo::new();
    demo.finish();
    let log = fs::read_to_string(demo.home.path().join("script/calls.log")).unwrap();
    assert_eq!(log.matches("Amelia finds the tab").count(), 1, "one test is red until it is repaired");
    let again = program::output(demo.command(&[])).exits(0);
    for expected in
        ["is finished", "Merge story 2-2-balances: Show balances", "The program's own tests pass: `sh tests/run`", "CHANGES REQUESTED"]
    {
        assert!(again.stdout.contains(expected), "{expected}: {}", again.stdout);
    }
    let kitty = |arguments: &[&str]| {
        let output = Command::new("sh").arg("../demo/kitty").args(arguments).current_dir(demo.home.path().join("script")).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    kitty(&["init", "Ann", "Ben", "Cem"]);
    kitty(&["add", "Ann", "10", "Pizza"]);
    assert_eq!(kitty(&["balances"]), "Ann 6.67\nBen -3.34\nCem -3.33\n", "what was built can be used");
}

#[test]
fn killed_at_any_moment_the_demo_carries_on() {
    let demo = Demo::new();
    for moment in [1500, 4000, 6000, 8000, 10_000] {
        let mut child = demo.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    demo.finish();
}

//! Repositories with the real program: stories in worktrees, merged and landed; killed anywhere, each commit is made once.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use baton_tests::{PROBE, listed, program, sweep::Sweep};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user with a repository, and the probe installed.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let user = Self(home);
        user.git(&["init", "-q", "-b", "main"]);
        fs::write(user.0.path().join("work/README.md"), "A project.\n").unwrap();
        user.git(&["add", "-A"]);
        user.git(&["commit", "-q", "-m", "Begin"]);
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        user
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.org"]).args(arguments);
        let output = command.current_dir(self.0.path().join("work")).env("HOME", self.0.path()).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.0.path(), arguments);
        command.env("BATON_DATA_DIR", self.0.path().join("data"));
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    fn run(&self, input: &Value) -> program::Ended {
        self.baton(&["run", "probe", "--workspace", "work", "-o", "json", "--input", &input.to_string()])
    }

    fn last_run(&self) -> Option<String> {
        listed::runs(&self.baton(&["runs", "list", "-o", "json"]).exits(0)).first().map(|run| listed::id(run).to_owned())
    }

    /// Kills the program once the run has made so many journal writes; false when it ends before that.
    fn killed_after(&self, writes: u64) -> bool {
        let input = json!({ "do": "sprint" }).to_string();
        let mut command = self.command(&["run", "probe", "--workspace", "work", "--input", &input]);
        let mut child =
            command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let frozen = self.0.path().join("data/frozen");
        let stands = program::wait_until(&mut child, || frozen.exists());
        // What else was going on comes as far as it gets.
        std::thread::sleep(Duration::from_millis(40));
        child.kill().unwrap();
        child.wait().unwrap();
        stands
    }

    /// The branch as a whole: its files, its history but for hashes and times, and that no call committed twice.
    fn landed(&self) -> (String, String) {
        let calls = self.git(&["log", "--all", "--format=%(trailers:key=Baton-Call,valueonly,separator=%x2C)"]);
        let mut calls: Vec<_> = calls.lines().filter(|call| !call.is_empty()).collect();
        let made = calls.len();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!((calls.len(), made), (3, 3), "each commit once");
        (self.git(&["rev-parse", "main^{tree}"]), self.git(&["log", "--topo-order", "--format=%s|%an|%cn", "main"]))
    }

    /// Nothing is left of the stories, and the person's checkout is at the branch's end.
    fn is_tidy(&self) {
        assert_eq!((self.git(&["branch", "--list"]), self.git(&["status", "--porcelain"])), ("* main".into(), String::new()));
        let shared = fs::read_to_string(self.0.path().join("work/out/shared.txt")).unwrap();
        assert_eq!(shared, "written by one and two\n");
    }

    fn worktrees(&self) -> Vec<PathBuf> {
        let projects = fs::read_dir(self.0.path().join("data/worktrees")).into_iter().flatten().flatten();
        let projects = projects.filter(|project| project.file_name() != "views").map(|project| project.path());
        projects.flat_map(|project| fs::read_dir(project).unwrap()).map(|slot| slot.unwrap().path()).collect()
    }
}

#[test]
fn two_stories_are_made_in_worktrees_merged_and_landed() {
    let user = User::new();
    let ended = user.run(&json!({ "do": "sprint" })).exits(0);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let output = if told["output"].is_object() { &told["output"] } else { &told };
    assert_eq!(output["conflicts"], json!(["out/shared.txt"]), "{told}");
    assert_eq!(output["commits"][0], "Merge two");
    assert_eq!(output["commits"].as_array().unwrap().len(), 4, "{told}");
    user.landed();
    user.is_tidy();
    // A second sprint uses the same folders.
    assert_eq!(user.worktrees().len(), 2);
    let left = json!({ "do": "in-turn", "inputs": [{ "do": "worktree", "say": "story/three" }, { "do": "pause", "say": "Cancel me.", "times": 1 }] });
    let _paused = user.run(&left).exits(3);
    assert_eq!(user.worktrees().len(), 2);
    assert!(user.git(&["branch", "--list"]).contains("story/three"));
    let _cancelled = user.baton(&["runs", "cancel", &user.last_run().unwrap()]).exits(0);
    let _started = user.run(&json!({ "do": "echo", "say": 1 })).exits(0);
    assert_eq!(user.git(&["branch", "--list"]), "* main", "what a cancelled run made is given back");
}

#[test]
fn a_failed_run_keeps_its_worktree_until_it_is_cancelled() {
    let user = User::new();
    user.git(&["branch", "story/mine"]);
    fs::write(user.0.path().join("work/notes.txt"), "mine").unwrap();
    let add = json!({ "do": "worktree", "say": "story/three" });
    let _failed = user.run(&json!({ "do": "in-turn", "inputs": [add, { "do": "fail", "say": "no luck" }] })).exits(1);
    let run = user.last_run().unwrap();
    let _another = user.run(&json!({ "do": "echo", "say": 1 })).exits(0);
    let in_use =
        || fs::read_dir(&user.worktrees()[0]).unwrap().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("files-"));
    assert!(in_use() && user.git(&["branch", "--list"]).contains("story/three"), "it may be resumed");

    let cancelled = user.baton(&["runs", "cancel", &run]).exits(0);
    assert!(cancelled.stderr.contains("is cancelled"), "{}", cancelled.stderr);
    assert!(!in_use());
    assert_eq!(user.git(&["branch", "--list"]), "* main\n  story/mine");
    assert_eq!(user.git(&["status", "--porcelain"]), "?? notes.txt");
    let again = user.baton(&["runs", "cancel", &run]).exits(1);
    assert!(again.stderr.contains("is cancelled already"), "{}", again.stderr);
    let resumed = user.baton(&["runs", "resume", &run]).exits(1);
    assert!(resumed.stderr.contains("was cancelled and cannot be resumed"), "{}", resumed.stderr);
}

#[test]
fn a_fork_is_told_that_worktrees_stay_with_the_run_that_made_them() {
    let user = User::new();
    let _ended = user.run(&json!({ "do": "sprint" })).exits(0);
    let run = user.last_run().unwrap();
    let journal = user.baton(&["runs", "journal", &run, "-o", "json"]).exits(0);
    let journal: Value = serde_json::from_str(&journal.stdout).unwrap();
    let started = journal["entries"].as_array().unwrap().iter().find(|entry| entry["call"] == "workflows.start").unwrap();
    let forked = user.baton(&["runs", "fork", &run, "--at", &started["seq"].to_string()]).exits(1);
    assert!(forked.stderr.contains("A fork has none of the run it was forked from"), "{}", forked.stderr);
    // The run of a story worked in a folder that is there no more.
    let forked = user.baton(&["runs", "fork", started["child"].as_str().unwrap(), "--at", "1"]).exits(1);
    assert!(forked.stderr.contains("Baton released it when its work ended"), "{}", forked.stderr);
    user.landed();
    user.is_tidy();
}

#[test]
fn killed_after_every_journal_write_each_commit_is_made_once() {
    let undisturbed = User::new();
    let _ended = undisturbed.run(&json!({ "do": "sprint" })).exits(0);
    let expected = undisturbed.landed();
    let last = Sweep::new(8).run(2, |writes| {
        let user = User::new();
        if !user.killed_after(writes) {
            return false;
        }
        let run = user.last_run().unwrap();
        let _ended = user.baton(&["runs", "resume", &run]).exits(0);
        assert_eq!(user.landed(), expected, "killed after write {writes}");
        user.is_tidy();
        true
    });
    assert!(last > 30, "the sprint makes more writes than {last}");
}

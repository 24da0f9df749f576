//! Kill the program anywhere, start it again, and it continues without paying for one reply twice.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use baton_tests::{folder, listed, program, sweep::Sweep};
use serde_json::Value;
use tempfile::TempDir;

/// One demo of a plan in a folder of its own, with a script that logs each call it answers.
struct Demo {
    home: TempDir,
}

impl Demo {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/expense-splitter");
        folder::copy(&example, &home.path().join("script"));
        let script = home.path().join("script/replies.yaml");
        let rules = fs::read_to_string(&script).unwrap();
        let quick: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with("delay-ms:")).collect();
        fs::write(&script, format!("log: calls.log\n{}\n", quick.join("\n"))).unwrap();
        Self { home }
    }

    fn arguments(&self) -> Vec<String> {
        ["demo", "--plan", "--dir", "demo", "--data-dir", "data", "--model", "script/script/replies.yaml"].map(str::to_owned).to_vec()
    }

    /// Runs to the end, undisturbed.
    fn finish(&self) {
        let _ended = program::run(self.home.path(), &self.arguments()).exits(0);
    }

    /// Kills the process once it has made so many journal writes; false when it ends before that.
    fn killed_after(&self, writes: u64) -> bool {
        let mut command = program::command(self.home.path(), &self.arguments());
        let mut child = command
            .env("BATON_FREEZE_AFTER_WRITES", writes.to_string())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let frozen = self.home.path().join("data/frozen");
        let stands = program::wait_until(&mut child, || frozen.exists());
        // What the write before handed to the disk without waiting for it gets the time to arrive.
        std::thread::sleep(Duration::from_millis(15));
        child.kill().unwrap();
        child.wait().unwrap();
        stands
    }

    /// Kills the process at some moment.
    fn killed_within(&self, moment: Duration) {
        let mut child = program::command(self.home.path(), &self.arguments())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Everything under the workspace that the workflow made.
    fn documents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut documents = BTreeMap::new();
        let root = self.home.path().join("demo/docs");
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    documents.insert(path.strip_prefix(&root).unwrap().to_owned(), fs::read(&path).unwrap());
                }
            }
        }
        documents
    }

    /// The idempotency key of each call the script answered.
    fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.home.path().join("script/calls.log")).unwrap();
        log.lines().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    /// How many calls the host says it may have made twice.
    fn flagged(&self) -> u64 {
        let id = listed::newest_id(&program::run(self.home.path(), &["runs", "list", "--data-dir", "data", "-o", "json"]).exits(0));
        let shown = program::run(self.home.path(), &["runs", "show", &id, "--data-dir", "data", "-o", "json"]).exits(0);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        shown["tally"]["repeated_model_calls"].as_u64().unwrap()
    }
}

/// Checks a demo that was killed and has come to its end against one that was not disturbed.
fn check(disturbed: &Demo, undisturbed: &Demo, what: &str) {
    assert!(disturbed.documents() == undisturbed.documents(), "{what}: the documents differ");
    let calls = disturbed.calls();
    let twice = calls.len() - calls.iter().collect::<HashSet<_>>().len();
    assert_eq!(calls.len() - twice, undisturbed.calls().len(), "{what}: another number of questions");
    assert!(twice <= 1, "{what}: {twice} calls were made twice");
    assert!(disturbed.flagged() >= twice as u64, "{what}: a call was made twice and not flagged");
    assert!(disturbed.flagged() <= 1, "{what}: more was flagged than the call in flight");
}

#[test]
fn killed_after_every_journal_write_the_demo_carries_on() {
    let undisturbed = Demo::new();
    undisturbed.finish();
    assert_eq!(undisturbed.flagged(), 0);
    assert!(undisturbed.documents().len() > 8, "{:?}", undisturbed.documents().keys());
    let (sweep, made_twice) = (Sweep::new(8), AtomicUsize::new(0));
    let last = sweep.run(2, |writes| {
        let demo = Demo::new();
        if !demo.killed_after(writes) {
            return false;
        }
        demo.finish();
        check(&demo, &undisturbed, &format!("killed after write {writes}"));
        made_twice.fetch_add(demo.calls().len() - undisturbed.calls().len(), Ordering::SeqCst);
        true
    });
    let made_twice = made_twice.into_inner();
    println!("killed up to write {last}; {made_twice} calls in flight were made again, all flagged");
    assert!(last > 52, "the demo makes more writes than {last}");
    assert!(!sweep.is_exhaustive() || made_twice > 0, "no call was ever in flight: the sweep tests nothing");
}

#[test]
fn killed_again_and_again_at_any_moment_the_demo_comes_to_its_end() {
    let undisturbed = Demo::new();
    undisturbed.finish();
    let demo = Demo::new();
    for moment in [60, 110, 170, 230, 290, 350, 410, 470] {
        demo.killed_within(Duration::from_millis(moment));
    }
    demo.finish();
    assert!(demo.documents() == undisturbed.documents());
    let calls = demo.calls();
    let twice = calls.len() - calls.iter().collect::<HashSet<_>>().len();
    assert!(demo.flagged() >= twice as u64, "{twice} calls were made twice and {} flagged", demo.flagged());
    assert!(demo.flagged() <= 8);
}

//! What is taken back stays taken, with the real program: from every version of the plugin, whichever lies in the folder,
//! and whoever executes.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Stdio},
};

use baton::{
    journal::CallError,
    kernel::{Order, granting::Change, run::State},
};
use baton_tests::{
    PROBE, changed_probe,
    host::{TestHost, person, tester},
    program,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user with two versions of the probe at hand.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("work/out")).unwrap();
        fs::write(home.path().join("one.wasm"), PROBE).unwrap();
        fs::write(home.path().join("two.wasm"), changed_probe(|manifest| manifest.replacen("0.1.0", "0.2.0", 1))).unwrap();
        Self(home)
    }

    /// The first version is there and granted all that it asks for.
    fn with_one() -> Self {
        let user = Self::new();
        let _installed = user.baton(&["plugin", "install", "one.wasm", "--grant"]).exits(0);
        user
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.0.path(), arguments);
        command.env("BATON_DATA_DIR", self.0.path().join("data")).env("BATON_USER", "ada");
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    fn run(&self, input: &Value) -> program::Ended {
        self.baton(&["run", "probe", "--workspace", "work", "--input", &input.to_string()])
    }

    fn written(&self) -> PathBuf {
        self.0.path().join("work/out/a.txt")
    }

    fn status(&self) -> Value {
        let listed = self.json(&["plugin", "list"]);
        listed["items"].as_array().unwrap().iter().find(|plugin| plugin["name"] == "probe").unwrap()["status"].clone()
    }

    /// How many runs sleep.
    fn asleep(&self) -> usize {
        self.json(&["runs", "list"])["items"].as_array().unwrap().iter().filter(|run| run["state"] == "waiting").count()
    }

    /// A Baton that executes a run of the probe and does not watch the plugin folder.
    fn busy(&self) -> Busy {
        let input = json!({ "do": "sleep", "milliseconds": 120_000 }).to_string();
        let mut child = self.command(&["run", "probe", "--workspace", "work", "--input", &input]);
        let before = self.asleep();
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(program::wait_until(&mut child, || self.asleep() > before));
        Busy(child)
    }
}

struct Busy(Child);

impl Drop for Busy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn write() -> Value {
    json!({ "do": "write", "path": "out/a.txt", "content": "x" })
}

#[test]
fn a_version_that_comes_back_comes_back_without_what_was_taken() {
    let user = User::with_one();
    let _newer = user.baton(&["plugin", "install", "two.wasm"]).exits(0);
    let _revoked = user.baton(&["plugin", "revoke", "probe"]).exits(0);
    let again = user.json(&["plugin", "install", "one.wasm"]);
    assert_eq!(again["grants"], json!({}));
    let denied = user.run(&write()).exits(1);
    assert!(denied.stderr.contains("was not granted it") && !user.written().exists(), "{}", denied.stderr);
}

#[test]
fn a_version_that_comes_back_is_disabled_as_the_plugin_is() {
    let user = User::with_one();
    let _newer = user.baton(&["plugin", "install", "two.wasm"]).exits(0);
    let _disabled = user.baton(&["plugin", "disable", "probe"]).exits(0);
    assert_eq!(user.json(&["plugin", "install", "one.wasm"])["status"], "disabled");
    let refused = user.run(&write()).exits(1);
    assert!(refused.stderr.contains("is disabled"), "{}", refused.stderr);
    let _enabled = user.baton(&["plugin", "enable", "probe"]).exits(0);
    let _written = user.run(&write()).exits(0);
}

#[test]
fn what_was_removed_needs_approval_when_it_is_installed_again() {
    let user = User::with_one();
    let _newer = user.baton(&["plugin", "install", "two.wasm"]).exits(0);
    let _removed = user.baton(&["plugin", "remove", "probe"]).exits(0);
    for file in ["one.wasm", "two.wasm"] {
        let again = user.json(&["plugin", "install", file]);
        assert_eq!((&again["status"], &again["grants"]), (&json!("needs_approval"), &json!({})), "{file}");
    }
    let _waits = user.run(&write()).exits(3);
    assert!(!user.written().exists());
}

#[test]
fn what_lies_in_the_folder_is_meant_while_another_baton_executes() {
    let user = User::with_one();
    let busy = user.busy();
    let _newer = user.baton(&["plugin", "install", "two.wasm"]).exits(0);
    for shown in [user.baton(&["plugin", "show", "probe"]), user.baton(&["plugin", "list"])] {
        let told = shown.exits(0).stderr;
        assert!(told.contains("version 0.2.0 (sha256") && told.contains("with version 0.1.0"), "{told}");
    }
    let revoked = user.json(&["plugin", "revoke", "probe"]);
    assert_eq!((&revoked["plugin"]["version"], &revoked["plugin"]["started_elsewhere"]["version"]), (&json!("0.2.0"), &json!("0.1.0")));
    assert_eq!(user.json(&["plugin", "show", "probe"])["grants"], json!({}));
    drop(busy);
    let denied = user.run(&write()).exits(1);
    assert!(denied.stderr.contains("was not granted it") && !user.written().exists(), "{}", denied.stderr);
    let granted = user.baton(&["plugin", "grant", "probe"]).exits(0).stderr;
    assert!(!granted.contains("starts runs of"), "nobody else executes now: {granted}");
    let _written = user.run(&write()).exits(0);

    let busy = user.busy();
    let _older = user.baton(&["plugin", "install", "one.wasm"]).exits(0);
    let _disabled = user.baton(&["plugin", "disable", "probe"]).exits(0);
    assert_eq!(user.status(), "disabled");
    drop(busy);
    let _refused = user.run(&write()).exits(1);
    let _enabled = user.baton(&["plugin", "enable", "probe"]).exits(0);

    let busy = user.busy();
    let _newer = user.baton(&["plugin", "install", "two.wasm"]).exits(0);
    let _removed = user.baton(&["plugin", "remove", "probe"]).exits(0);
    drop(busy);
    for file in ["two.wasm", "one.wasm"] {
        assert_eq!(user.json(&["plugin", "install", file])["status"], "needs_approval", "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_does_not_bring_its_grants_back() {
    let host = TestHost::new().await;
    let (app, kernel) = (&host.app, &host.app.kernel);
    fs::create_dir_all(app.folder().root()).unwrap();
    let path = app.folder().root().join("other.wasm");
    let read = |number: &str| {
        let named = |manifest: &str| manifest.replacen("\"probe\"", "\"other\"", 1).replacen("0.1.0", number, 1);
        fs::write(&path, changed_probe(named)).unwrap();
        baton::app::read_plugin(&path, &Default::default()).unwrap()
    };
    app.publish(read("1.0.0"), &path).await.unwrap().unwrap();
    kernel.decide("other", &Change::Grant(Vec::new()), &person("ada")).await.unwrap();
    let run = kernel.start(Order { plugin: "other".to_owned(), ..host.order(write()) }).await.unwrap();
    let failed = State::Failed { error: CallError::other("the machine broke down") };
    assert!(kernel.runs().transition(&run.id, &["queued"], failed, None, Vec::new()).await.unwrap());
    app.publish(read("2.0.0"), &path).await.unwrap().unwrap();
    kernel.decide("other", &Change::Revoke(Vec::new()), &person("ada")).await.unwrap();
    kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    match host.find(&run.id).await.state {
        State::Failed { error } => assert!(error.text.contains("was not granted it"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(!host.workspace().join("out/a.txt").exists());
}

#[test]
fn what_no_file_is_of_any_more_can_be_taken_back() {
    let user = User::with_one();
    fs::remove_file(user.0.path().join("data/plugins/probe.wasm")).unwrap();
    let revoked = user.baton(&["plugin", "revoke", "probe"]).exits(0);
    assert!(revoked.stderr.contains("every version of `probe`"), "{}", revoked.stderr);
    let nobody = user.baton(&["plugin", "revoke", "nobody"]).exits(2);
    assert!(nobody.stderr.contains("The plugin `nobody` is not installed"), "{}", nobody.stderr);
    assert_eq!(user.json(&["plugin", "install", "one.wasm"])["grants"], json!({}));
}

#[test]
fn a_run_whose_version_is_not_trusted_any_more_is_paused() {
    let user = User::with_one();
    let input = json!({ "do": "in-turn", "inputs": [{ "do": "ask-person", "say": "Go on?", "options": ["yes"] }, write()] });
    let _waiting = user.run(&input).exits(3);
    let settings = user.0.path().join(".config/baton");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("baton.toml"), "[signatures]\npolicy = \"require\"\n").unwrap();
    let question = user.json(&["questions", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let _answered = user.baton(&["questions", "answer", &question, "yes"]);
    let run = user.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap().to_owned();
    let _resumed = user.baton(&["runs", "resume", &run]);
    let shown = user.json(&["runs", "show", &run]);
    assert_eq!(shown["state"], "paused", "{shown}");
    assert!(shown.to_string().contains("is not trusted any more") && !user.written().exists(), "{shown}");
    fs::write(settings.join("baton.toml"), "").unwrap();
    let _resumed = user.baton(&["runs", "resume", &run]).exits(0);
    assert!(user.written().exists());
}

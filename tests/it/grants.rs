//! What an operator decides of a plugin, with the real program: nothing is allowed before, and all of it at once.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Stdio},
};

use baton::{
    events::Category,
    journal::PauseKind,
    kernel::{
        granting::Change,
        permissions::Patterns,
        registry::{Origin, Plugin},
        run::State,
    },
};
use baton_tests::{
    CALCULATOR, HELLO, PROBE, changed_probe,
    host::{TestHost, person, tester},
    program,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A workflow of this name whose `files.read` takes a number.
fn misfit(name: &str) -> Vec<u8> {
    let component = wat::parse_str(
        r#"(component (import "baton:plugin/files@0.2.0" (instance (export "read" (func (param "path" u32)))))
            (core module $m (func (export "f"))) (core instance $i (instantiate $m))
            (func (export "run-workflow") (canon lift (core func $i "f"))))"#,
    );
    baton_pack::pack(&component.unwrap(), &format!("name = \"{name}\"\nversion = \"9.0.0\"\nkind = \"workflow\"\n"), &[]).unwrap()
}

#[test]
fn what_cannot_be_linked_is_rejected_wherever_a_file_becomes_a_plugin() {
    let user = User::new();
    let outside = user.home.path().join("outside.wasm");
    fs::write(&outside, misfit("misfit")).unwrap();
    let why = "in `files.read`, parameter `path`: expected `string`, found `u32`";
    for command in ["check", "install", "show", "verify"] {
        let told = user.baton(&["plugin", command, outside.to_str().unwrap()]).exits(1);
        assert!(told.stderr.contains(why) || told.stdout.contains(why), "{command}: {}", told.stderr);
    }
    fs::copy(&outside, user.file("found")).unwrap();
    let listed = user.json(&["plugin", "list"]);
    assert!(listed["items"].as_array().unwrap().iter().all(|plugin| plugin["name"] != "misfit"), "{listed}");
    for name in ["misfit", "found"] {
        let shown = user.baton(&["plugin", "show", name]).exits(1);
        assert!(
            shown.stdout.contains("rejected") && shown.stdout.contains("found.wasm") && shown.stdout.contains("misfit"),
            "{}",
            shown.stdout
        );
        let granted = user.baton(&["plugin", "grant", name]).exits(1).stderr;
        assert!(granted.contains("Nothing was granted") && granted.contains(why), "{granted}");
    }
    let removed = user.baton(&["plugin", "remove", "misfit"]).exits(0).stderr;
    assert!(removed.contains("rejected file") && !removed.contains("Runs"), "{removed}");
    assert!(!user.file("found").exists());
}

#[test]
fn a_run_says_that_an_older_version_is_used_and_why() {
    let user = User::new();
    fs::write(user.file("hello"), HELLO).unwrap();
    let run = || user.baton(&["run", "hello", "--input", r#"{"name":"Ada"}"#, "--workspace", "work", "-q"]).exits(0).stderr;
    assert_eq!(run(), "");
    let log = user.home.path().join("told");
    let mut host = user.command(&["serve", "-o", "json"]).stdout(fs::File::create(&log).unwrap()).spawn().unwrap();
    let told = |what: &str| fs::read_to_string(&log).unwrap().contains(what);
    let ready = program::wait_until(&mut host, || told("\"ready\""));
    fs::write(user.file("hello"), misfit("hello")).unwrap();
    let rejected = ready && program::wait_until(&mut host, || told("\"rejected\""));
    let beside = run();
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(rejected && beside.contains("Runs of `hello` begin with version 0.1.0") && beside.contains("`files.read`"), "{beside}");
    let alone = run();
    assert!(
        alone.contains("hello.wasm is rejected") && alone.contains("Version 0.1.0 of `hello`") && alone.contains("stays in use"),
        "{alone}"
    );
}

/// A user with a data directory, into whose plugin folder somebody dropped the probe.
pub(crate) struct User {
    pub(crate) home: TempDir,
}

impl User {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("data/plugins")).unwrap();
        fs::create_dir_all(home.path().join("work")).unwrap();
        fs::write(home.path().join("answers.yaml"), baton_tests::host::ANSWERS).unwrap();
        Self { home }
    }

    pub(crate) fn with_probe() -> Self {
        let user = Self::new();
        fs::write(user.file("probe"), PROBE).unwrap();
        user
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(format!("data/plugins/{name}.wasm"))
    }

    pub(crate) fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.home.path(), arguments);
        command.env("BATON_DATA_DIR", self.home.path().join("data")).env("BATON_USER", "ada");
        command
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.baton(&[arguments, &["-o", "json"]].concat()).exits(0);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    fn status(&self, name: &str) -> String {
        let listed = self.json(&["plugin", "list"]);
        let plugin = listed["items"].as_array().unwrap().iter().find(|plugin| plugin["name"] == name).unwrap();
        plugin["status"].as_str().unwrap().to_owned()
    }

    fn arguments(input: &Value) -> Vec<String> {
        let input = input.to_string();
        ["run", "probe", "--workspace", "work", "--model", "script/answers.yaml", "--input", &input].map(str::to_owned).to_vec()
    }

    fn run(&self, input: &Value) -> program::Ended {
        self.baton(&Self::arguments(input).iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn running(&self, input: &Value) -> Child {
        let arguments = Self::arguments(input);
        let mut command = self.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// The command that a message names between backquotes, as a shell splits it.
fn named_command(message: &str) -> Vec<String> {
    // The first names what was not granted as the run began.
    let start = message.rfind("`baton plugin grant").expect("a command is named") + "`baton ".len();
    let command = message[start..].split('`').next().unwrap();
    command.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

fn write() -> Value {
    json!({ "do": "write", "path": "out/a.txt", "content": "x" })
}

#[test]
fn what_is_not_a_workflow_is_rejected_with_how_it_is_used() {
    let user = User::new();
    fs::write(user.home.path().join("calculator.wasm"), CALCULATOR).unwrap();
    let _installed = user.baton(&["plugin", "install", "calculator.wasm"]).exits(0);
    let said = |name: &str| user.baton(&["run", name]).exits(2).stderr;
    let agent = said("mary");
    assert!(agent.contains("`mary` is an agent, and only workflows can be run.") && agent.contains("`baton run plan`"), "{agent}");
    assert!(agent.contains("`agents.perform`") && agent.contains("`agents = [\"mary\"]`"), "{agent}");
    let toolbox = said("calculator");
    assert!(toolbox.contains("is a toolbox") && toolbox.contains("`baton tools list calculator`"), "{toolbox}");
    let nothing = said("nothing");
    assert!(nothing.contains("The workflow `nothing` is not installed.\nhint: Installed are `architecture`, `autopilot`"), "{nothing}");
    assert_eq!(user.json(&["runs", "list"])["items"], json!([]));
}

#[test]
fn a_dropped_plugin_may_nothing_until_the_command_it_names_is_given() {
    let user = User::with_probe();
    assert_eq!(user.status("probe"), "needs_approval");
    let waits = user.run(&write()).exits(3);
    assert!(!user.home.path().join("work/out").exists());
    let command = named_command(&waits.stderr);
    assert_eq!(command, ["plugin", "grant", "probe", "write=out/a.txt"]);
    let _granted = user.baton(&command.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
    let _written = user.run(&write()).exits(0);
    assert_eq!(fs::read_to_string(user.home.path().join("work/out/a.txt")).unwrap(), "x");
    let beside = user.run(&json!({ "do": "write", "path": "out/b.txt", "content": "x" })).exits(3);
    assert!(beside.stderr.contains("write=out/b.txt"), "{}", beside.stderr);
    assert_eq!(user.status("probe"), "needs_approval", "the rest was not decided");
}

#[test]
fn a_part_can_be_granted_and_the_rest_is_not_asked_for_again() {
    let user = User::with_probe();
    let shown = user.json(&["plugin", "grant", "probe", "--only", "write", "state"]);
    let shown = &shown["plugin"];
    assert_eq!(shown["grants"], json!({ "state": ["probe"], "write": ["out/**"] }));
    assert_eq!(shown["withheld"]["models"], json!(["*"]));
    assert_eq!(user.status("probe"), "ready");
    let _written = user.run(&write()).exits(0);
    let denied = user.run(&json!({ "do": "ask", "prompt": "question" })).exits(1);
    assert!(denied.stderr.contains("baton plugin grant probe"), "{}", denied.stderr);
    assert!(!user.home.path().join("calls.log").exists(), "no model was asked");
}

#[test]
fn what_a_plugin_does_not_ask_for_is_not_granted() {
    let user = User::with_probe();
    for wide in ["write=**", "write=src/a", "root", "write="] {
        let refused = user.baton(&["plugin", "grant", "probe", wide]).exits(2);
        assert!(refused.stderr.contains("write=out/**"), "it is said what it asks for: {}", refused.stderr);
    }
    let _granted = user.baton(&["plugin", "grant", "probe", "state"]).exits(0);
    for wrong in ["read={docs/**", "read=", "read=a\nb"] {
        let refused = user.baton(&["plugin", "grant", "probe", wrong]).exits(2);
        assert!(refused.stderr.contains("is not a pattern"), "{}", refused.stderr);
    }
    assert_eq!(user.json(&["plugin", "revoke", "probe"])["plugin"]["grants"], json!({}));
    let unknown = user.baton(&["plugin", "grant", "nobody"]).exits(2);
    assert!(unknown.stderr.contains("`probe`"), "{}", unknown.stderr);
    assert_eq!(user.json(&["plugin", "show", "probe"])["grants"], json!({}));
}

#[test]
fn revoking_denies_the_next_call_of_a_run_in_flight() {
    let user = User::with_probe();
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let mut run = user.running(&json!({ "do": "steps", "times": 100_000 }));
    let begun = user.home.path().join("work/out/20.txt");
    assert!(program::wait_until(&mut run, || begun.exists()), "it came to its end");
    let _revoked = user.baton(&["plugin", "revoke", "probe", "write"]).exits(0);
    let ended = program::end(run).exits(1);
    assert!(ended.stderr.contains("baton plugin grant probe 'write=out/"), "{}", ended.stderr);
    assert!(user.home.path().join("work/out/20.txt").exists());
    let events = user.json(&["plugin", "show", "probe"]);
    assert_eq!(events["withheld"], json!({ "write": ["out/**"] }));
}

#[test]
fn a_disabled_plugin_is_not_started() {
    let user = User::with_probe();
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let _disabled = user.baton(&["plugin", "disable", "probe"]).exits(0);
    assert_eq!(user.status("probe"), "disabled");
    let refused = user.run(&write()).exits(1);
    assert!(refused.stderr.contains("`baton plugin enable probe`"), "{}", refused.stderr);
    assert_eq!(user.json(&["runs", "list"])["items"], json!([]));
    let _enabled = user.baton(&["plugin", "enable", "probe"]).exits(0);
    let _written = user.run(&write()).exits(0);
}

#[test]
fn what_a_bundled_plugin_is_granted_can_be_revoked_for_good() {
    let user = User::new();
    assert_eq!(user.status("mary"), "ready");
    let _revoked = user.baton(&["plugin", "revoke", "mary", "read"]).exits(0);
    let shown = user.json(&["plugin", "show", "mary"]);
    assert_eq!((&shown["grants"], &shown["withheld"]), (&json!({ "models": ["*"] }), &json!({ "read": ["**"] })));
    let again = user.baton(&["plugin", "revoke", "mary", "read"]).exits(2);
    assert!(again.stderr.contains("models=*"), "{}", again.stderr);
}

#[test]
fn a_wider_version_asks_for_the_difference_only() {
    let user = User::new();
    fs::write(user.file("probe"), changed_probe(|manifest| manifest.replace("write = [\"out/**\"]\n", ""))).unwrap();
    let _granted = user.baton(&["plugin", "grant", "probe", "--only", "read", "state"]).exits(0);
    assert_eq!(user.status("probe"), "ready");
    fs::write(user.home.path().join("probe.wasm"), PROBE).unwrap();
    let rehearsed = user.json(&["plugin", "install", "probe.wasm", "--dry-run"]);
    assert_eq!(rehearsed["undecided"], json!({ "write": ["out/**"] }));
    assert_ne!(fs::read(user.file("probe")).unwrap(), PROBE, "a dry run changes nothing");
    let installed = user.json(&["plugin", "install", "probe.wasm"]);
    assert_eq!(installed["grants"], json!({ "read": ["**"], "state": ["probe"] }));
    assert_eq!(installed["undecided"], json!({ "write": ["out/**"] }));
    assert_eq!(user.status("probe"), "needs_approval");
    let _waits = user.run(&write()).exits(3);
    let _granted = user.baton(&["plugin", "grant", "probe", "write"]).exits(0);
    let _written = user.run(&write()).exits(0);
    assert_eq!(user.status("probe"), "ready", "what was withheld before is not asked for again");
}

#[test]
fn a_bad_file_is_refused_and_the_last_good_one_kept() {
    let user = User::with_probe();
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let cut_off = PROBE[..PROBE.len() / 2].to_vec();
    let squatting = changed_probe(|manifest| manifest.replacen("\"probe\"", "\"plan\"", 1));
    for (name, content) in [("cut", cut_off), ("garbage", b"\0asm garbage \x1b[2J".to_vec()), ("empty", Vec::new()), ("plan", squatting)] {
        let file = user.home.path().join(format!("{name}.wasm"));
        fs::write(&file, content).unwrap();
        let refused = user.baton(&["plugin", "install", &format!("{name}.wasm")]).exits(1);
        assert!(!refused.stderr.contains('\u{1b}'), "{:?}", refused.stderr);
        let left: Vec<_> = fs::read_dir(user.home.path().join("data/plugins")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["probe.wasm"], "{name}");
    }
    assert_eq!(fs::read(user.file("probe")).unwrap(), PROBE);
    let _written = user.run(&write()).exits(0);
    let missing = user.baton(&["plugin", "install", "nowhere.wasm"]).exits(2);
    assert!(missing.stderr.contains("nowhere.wasm"), "{}", missing.stderr);
}

#[test]
fn a_dropped_file_that_takes_a_name_is_refused_and_named() {
    let user = User::with_probe();
    fs::write(user.file("plan"), changed_probe(|manifest| manifest.replacen("\"probe\"", "\"plan\"", 1))).unwrap();
    fs::write(user.file("second"), PROBE).unwrap();
    let listed = user.json(&["plugin", "list"]);
    let reasons: Vec<_> = listed["rejected"].as_array().unwrap().iter().map(|refused| refused["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].contains("bundled") && reasons[1].contains("probe.wasm"), "{reasons:?}");
    let _removed = user.baton(&["plugin", "remove", "second"]).exits(0);
    assert!(!user.file("second").exists() && user.file("probe").exists());
}

#[test]
fn an_agent_that_is_a_folder_is_installed_and_removed() {
    let user = User::new();
    let folder = user.home.path().join("ada");
    fs::create_dir(&folder).unwrap();
    let manifest = "name = \"ada\"\nversion = \"1.0.0\"\nkind = \"agent\"\ndescription = \"Counts\"\n[needs]\nmodels = [\"*\"]\n";
    fs::write(folder.join("plugin.toml"), manifest).unwrap();
    let no_persona = user.baton(&["plugin", "install", "ada"]).exits(1);
    assert!(no_persona.stderr.contains("persona.md"), "{}", no_persona.stderr);
    fs::write(folder.join("persona.md"), "You count.").unwrap();
    let installed = user.json(&["plugin", "install", "ada", "--grant"]);
    assert_eq!((&installed["status"], &installed["grants"]), (&json!("ready"), &json!({ "models": ["*"] })));
    assert_eq!(user.status("ada"), "ready");
    let _packed = user.baton(&["plugin", "pack", "ada", "--to", "ada.wasm"]).exits(0);
    assert_eq!(fs::read(user.home.path().join("ada.wasm")).unwrap(), fs::read(user.file("ada")).unwrap());
    let bundled = user.baton(&["plugin", "remove", "mary"]).exits(1);
    assert!(bundled.stderr.contains("baton plugin disable mary"), "{}", bundled.stderr);
    let _removed = user.baton(&["plugin", "remove", "ada"]).exits(0);
    assert!(!user.file("ada").exists());
    let again = user.json(&["plugin", "install", "ada.wasm"]);
    assert_eq!(again["grants"], json!({}), "its grants went with it");
}

/// Name and particulars of every decision about permissions.
async fn audit(host: &TestHost) -> Vec<(String, Value)> {
    let events = host.app.kernel.events().after(0, None, 10_000).await.unwrap();
    // That a first run makes its folder a project is written down as well.
    let audit = events.into_iter().filter(|event| event.draft.category == Category::Audit && event.draft.name != "project_added");
    audit.map(|event| (event.draft.name, event.draft.data)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_decides_nothing_is_not_written_down_as_a_decision() {
    let host = TestHost::new().await;
    let kernel = &host.app.kernel;
    let dropped = |wasm: Vec<u8>| Plugin::read(wasm, Origin::File("probe.wasm".into()), |_| Patterns::default()).unwrap();
    kernel.put(dropped(PROBE.to_vec())).await.unwrap();
    let read = || vec!["read".parse().unwrap()];
    let nothing = || Change::Revoke(Vec::new());
    for change in [nothing(), nothing(), Change::Grant(read()), Change::Only(read()), nothing(), nothing(), Change::Forget] {
        kernel.decide("probe", &change, &person("ada")).await.unwrap();
    }
    kernel.put(dropped(changed_probe(|manifest| manifest.replace("write = [\"out/**\"]\n", "")))).await.unwrap();
    let audit = audit(&host).await;
    let told: Vec<_> =
        audit.iter().map(|(name, data)| (name.as_str(), data["capabilities"] == json!({}), data["withheld"].is_object())).collect();
    // The first takes nothing back, and decides that nothing is asked for again.
    assert_eq!(told, [("revoked", true, true), ("granted", false, false), ("revoked", false, false)], "{audit:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_written_down_also_what_carries_over() {
    let host = TestHost::new().await;
    let kernel = &host.app.kernel;
    let dropped = |wasm: Vec<u8>| Plugin::read(wasm, Origin::File("probe.wasm".into()), |_| Patterns::default()).unwrap();
    let narrow = changed_probe(|manifest| manifest.replace("write = [\"out/**\"]\n", ""));
    let first = kernel.put(dropped(narrow)).await.unwrap();
    assert!(audit(&host).await.is_empty(), "nothing was decided");
    for change in [Change::Grant(vec!["read".parse().unwrap()]), Change::Disable, Change::Enable] {
        kernel.decide("probe", &change, &person("ada")).await.unwrap();
    }
    kernel.put(dropped(PROBE.to_vec())).await.unwrap();
    kernel.decide("probe", &Change::Revoke(Vec::new()), &person("bob")).await.unwrap();
    let events = kernel.events().after(0, None, 10_000).await.unwrap();
    let decided = events.iter().filter(|event| event.draft.category == Category::Audit && event.draft.name != "project_added");
    let told: Vec<_> = decided.map(|event| (&*event.draft.name, &*event.draft.actor.as_ref().unwrap().name)).collect();
    let audit = audit(&host).await;
    assert_eq!(told, [("granted", "ada"), ("disabled", "ada"), ("enabled", "ada"), ("granted", "ada"), ("revoked", "bob")]);
    assert_eq!(audit[3].1["carried_from"], first.package.hash);
    assert_eq!(audit[3].1["capabilities"], json!({ "read": ["**"] }));
    assert_ne!(audit[3].1["hash"], first.package.hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_plugin_that_was_disabled_waits_for_its_operator() {
    let host = TestHost::new().await;
    let run = host.start(json!({ "do": "echo", "say": 1 })).await;
    host.app.kernel.decide("probe", &Change::Disable, &person("ada")).await.unwrap();
    host.drive(&run.id).await;
    match host.find(&run.id).await.state {
        State::Paused { pause } if pause.kind == PauseKind::Plugin => {
            assert!(pause.reason.contains("plugin enable probe"), "{}", pause.reason)
        }
        other => panic!("{other:?}"),
    }
    host.app.kernel.decide("probe", &Change::Enable, &person("ada")).await.unwrap();
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!(1)));
}

/// The probe, asking for so many dollars a run and for no other workflow.
fn spender(dollars: &str) -> Vec<u8> {
    replaced(&[("workflows = [\"probe\"]", &format!("dollars = {dollars}"))])
}

fn replaced(parts: &[(&str, &str)]) -> Vec<u8> {
    changed_probe(|manifest| {
        parts.iter().fold(manifest.to_owned(), |manifest, (old, new)| {
            assert!(manifest.contains(old), "{old}");
            manifest.replace(old, new)
        })
    })
}

/// A script whose every answer costs 0.40 dollars.
const PRICED: &str =
    "log: calls.log\nrules:\n  - { name: any, when: { contains: question }, reply: an answer, usage: { cost-usd: 0.4 } }\n";

#[test]
fn a_run_spends_no_more_than_was_granted_and_is_told_the_command_that_grants_more() {
    let user = User::new();
    fs::write(user.home.path().join("answers.yaml"), PRICED).unwrap();
    fs::write(user.file("probe"), spender("\"2.50\"")).unwrap();
    let _granted = user.baton(&["plugin", "grant", "probe", "models", "read", "write", "state"]).exits(0);
    let three = json!({ "do": "steps", "times": 3 });
    let none = user.run(&three).exits(3);
    assert_eq!(named_command(&none.stderr), ["plugin", "grant", "probe", "dollars"], "{}", none.stderr);
    let _granted = user.baton(&["plugin", "grant", "probe", "dollars=0.80"]).exits(0);
    let shown = user.baton(&["plugin", "show", "probe"]).exits(0);
    assert!(shown.stdout.contains("only 0.80"), "{}", shown.stdout);
    let denied = user.run(&three).exits(1);
    assert!(denied.stderr.contains("may use 0.80 of `dollars`, and this one has used 0.800000"), "{}", denied.stderr);
    let asked = fs::read_to_string(user.home.path().join("calls.log")).unwrap().lines().count();
    assert_eq!(asked, 2, "the third question was not asked");
    let command = named_command(&denied.stderr);
    let _more = user.baton(&command.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
    let _done = user.run(&three).exits(0);
    let _ten = user.run(&json!({ "do": "steps", "times": 10 })).exits(1);
    for wrong in ["dollars=-1", "dollars=1,5", "dollars=1e400"] {
        let refused = user.baton(&["plugin", "grant", "probe", wrong]).exits(2);
        assert!(refused.stderr.contains("is not an amount of `dollars`: write one such as \"2.50\""), "{}", refused.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_is_the_same_after_a_crash() {
    // Stops in the midst of the third question or before it, and is resumed.
    for writes in [9, 14, 15, 16] {
        let host = TestHost::frozen_after(Some(writes), json!({})).await;
        fs::write(host.folder.path().join("answers.yaml"), PRICED).unwrap();
        let bound = |host: &TestHost| {
            let kernel = std::sync::Arc::clone(&host.app.kernel);
            async move { kernel.decide("probe", &Change::Grant(vec!["dollars=1.00".parse().unwrap()]), &person("ada")).await.unwrap() }
        };
        bound(&host).await;
        let run = host.start(json!({ "do": "steps", "times": 6 })).await;
        let drive = baton::kernel::Drive { root: Some(run.id.clone()), until_idle: true };
        let halt = baton::journal::Halt::default();
        let stopped = tokio::time::timeout(std::time::Duration::from_secs(3), host.app.kernel.drive(&drive, &halt)).await;
        assert!(stopped.is_err(), "the journal did not stand still");
        let host = host.restarted().await;
        bound(&host).await;
        host.drive(&run.id).await;
        match host.find(&run.id).await.state {
            State::Failed { error } => assert!(error.text.contains("has used 1.200000"), "{error}"),
            other => panic!("{other:?}"),
        }
        let answered = host.journal(&run.id).await.into_iter().filter(|entry| entry.call == "llm.complete").count();
        assert_eq!(answered, 4, "three were answered, the fourth denied");
    }
}

#[test]
fn who_decided_what_and_why_can_be_read() {
    let user = User::with_probe();
    let why = "it \u{1b}[2Jwrites\nwell";
    let _granted = user.baton(&["plugin", "grant", "probe", "write=out/a.txt", "--reason", why]).exits(0);
    let _denied = user.run(&json!({ "do": "write", "path": "elsewhere.txt", "content": "x" })).exits(1);
    let _disabled = user.baton(&["plugin", "disable", "probe", "--reason", "holiday"]).exits(0);
    let _enabled = user.baton(&["plugin", "enable", "probe"]).exits(0);
    let _revoked = user.baton(&["plugin", "revoke", "probe", "--reason", "done"]).exits(0);
    let told = |arguments: &[&str]| {
        let events = user.json(&[&["plugin", "history", "probe"], arguments].concat());
        let each = |event: &Value| (event["decision"].as_str().unwrap().to_owned(), event.clone());
        events["items"].as_array().unwrap().iter().map(each).collect::<Vec<_>>()
    };
    let names = |told: Vec<(String, Value)>| told.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(told(&[])), ["revoked", "enabled", "disabled", "granted"]);
    assert_eq!(names(told(&["--last", "2"])), ["revoked", "enabled"]);
    let all = told(&["--denied"]);
    assert_eq!((&all[2].1["reason"], &all[2].1["actor"]["name"]), (&json!("holiday"), &json!("ada")));
    assert_eq!(all[4].1["reason"], why);
    let (name, denied) = &all[3];
    assert_eq!((name.as_str(), &denied["call"], &denied["function"]), ("denied", &json!(1), &json!("files.write")));
    assert_eq!(denied["capability"], json!({ "kind": "write", "value": "elsewhere.txt" }));
    assert!(denied["hash"].as_str().unwrap().len() == 64 && denied["version"] == "0.1.0", "{denied}");
    let shown = user.baton(&["plugin", "history", "probe", "--denied"]).exits(0).stdout;
    assert!(!shown.contains('\u{1b}') && shown.contains(r"it \u{1b}[2Jwrites\nwell"), "{shown}");
    let nobody = user.baton(&["plugin", "history", "nobody"]).exits(2);
    assert!(nobody.stderr.contains("nobody"), "{}", nobody.stderr);
    let long = user.baton(&["plugin", "grant", "probe", "--reason", &"x".repeat(1_001)]).exits(2);
    assert!(long.stderr.contains("at most 1000 characters"), "{}", long.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_call_is_told_once_however_often_it_is_replayed_and_again_when_it_is_made_again() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "write", "path": "elsewhere", "content": "x" })).await;
    for _ in 0..2 {
        host.app.kernel.runs().transition(&run.id, &["failed"], State::Queued, None, Vec::new()).await.unwrap();
        host.drive(&run.id).await;
    }
    assert_eq!(audit(&host).await.len(), 1, "{:?}", audit(&host).await);
    host.app.kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    let audit = audit(&host).await;
    assert_eq!(audit.len(), 2, "{audit:?}");
    assert_eq!((audit[0].0.as_str(), &audit[0].1["capability"]["kind"]), ("denied", &json!("write")));
}

#[test]
fn what_nothing_uses_yet_is_asked_for_and_cannot_be_granted() {
    let user = User::new();
    let description = "description = \"Does what its input says, good or bad.\"";
    let reserved = "hosts = [\"*.example.org\", \"*.example.com\"]\nsecrets = [\"deploy-key\"]";
    fs::write(user.file("probe"), replaced(&[(description, ""), ("agents = [\"*\"]\n", ""), ("workflows = [\"probe\"]", reserved)]))
        .unwrap();
    for reserved in ["hosts=*.example.org", "secrets", "through.hosts=*"] {
        let refused = user.baton(&["plugin", "grant", "probe", reserved]).exits(2).stderr;
        assert!(refused.contains("cannot be granted: nothing in this version of Baton uses it"), "{refused}");
    }
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let shown = user.json(&["plugin", "show", "probe"]);
    assert_eq!((&shown["grants"]["hosts"], &shown["grants"]["secrets"]), (&Value::Null, &Value::Null));
    assert_eq!((&shown["status"], &shown["undecided"]), (&json!("ready"), &json!({})), "nobody can decide of them");
    assert!(shown["warnings"].to_string().contains("no use yet"), "{}", shown["warnings"]);
    let text = user.baton(&["plugin", "show", "probe"]).exits(0).stdout;
    assert!(text.contains("no, nothing uses it yet"), "{text}");
}

#[test]
fn a_run_that_was_denied_a_call_makes_it_again_when_it_is_resumed_after_the_grant() {
    let user = User::with_probe();
    let _granted = user.baton(&["plugin", "grant", "probe", "--only", "workflows=probe"]).exits(0);
    let write = |path: &str| json!({ "do": "write", "path": path, "content": "x" });
    // Itself, and far below it by either way of waiting.
    let below = json!({ "do": "start-all", "inputs": [{ "do": "echo", "say": 1 }, write("out/b.txt")] });
    let far = json!({ "do": "start-any", "inputs": [{ "do": "start-all", "inputs": [write("out/c.txt")] }] });
    let mut failed = Vec::new();
    for input in [write("out/a.txt"), below, far] {
        let ended = user.baton(&["run", "probe", "--workspace", "work", "--input", &input.to_string()]).exits(1).stderr;
        let advice = ended.lines().find(|line| line.contains("make the call again")).unwrap_or_else(|| panic!("{ended}"));
        assert!(!ended.contains("runs fork"), "one advice: {ended}");
        let resume = advice.split('`').nth(1).unwrap();
        failed.push(resume.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>());
    }
    let again = |resume: &[String], code| user.baton(&resume.iter().map(String::as_str).collect::<Vec<_>>()).exits(code);
    let _still = again(&failed[0], 1);
    let _granted = user.baton(&["plugin", "grant", "probe", "write=out/**"]).exits(0);
    for resume in &failed {
        let _done = again(resume, 0);
    }
    for name in ["a", "b", "c"] {
        assert!(user.home.path().join(format!("work/out/{name}.txt")).is_file(), "{name}");
    }
    let over = again(&failed[0], 1).stderr;
    assert!(over.contains("has succeeded and cannot be resumed"), "{over}");
}

#[test]
fn a_run_that_failed_by_another_answer_is_forked_where_its_advice_says() {
    let user = User::with_probe();
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let read = json!({ "do": "read", "path": "docs/gone.md" });
    for input in [read.clone(), json!({ "do": "start-all", "inputs": [read] })] {
        let _absent = fs::remove_file(user.home.path().join("work/docs/gone.md"));
        let ended = user.baton(&["run", "probe", "--workspace", "work", "--input", &input.to_string()]).exits(1).stderr;
        let advice = ended.lines().find(|line| line.contains("make the failed call again")).unwrap_or_else(|| panic!("{ended}"));
        let fork: Vec<_> = advice.split('`').nth(1).unwrap().split_whitespace().skip(1).collect();
        let resumed = user.baton(&["runs", "resume", fork[2]]).exits(1).stderr;
        assert!(resumed.contains(&format!("`baton {}", fork[..5].join(" "))), "{resumed}");
        fs::create_dir_all(user.home.path().join("work/docs")).unwrap();
        fs::write(user.home.path().join("work/docs/gone.md"), "back").unwrap();
        let _forked = user.baton(&fork).exits(0);
    }
}

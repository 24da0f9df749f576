//! A guest that takes too much is stopped within its limit, says so, and disturbs nobody.

use std::time::{Duration, Instant};

use baton::{
    actor::Actor,
    events::Category,
    journal::{Halt, PauseKind},
    kernel::{
        Drive, KernelError,
        granting::Change,
        registry::{Origin, Plugin, Status},
        run::{Run, State},
    },
};
use baton_tests::{
    changed_probe,
    host::{TestHost, person, tester},
    listed, program,
};
use serde_json::{Value, json};

fn tight() -> serde_json::Value {
    json!({ "limits": { "guest-time-ms": 300, "memory-mib": 16, "payload-mib": 1 } })
}

fn limit(state: &State) -> &str {
    match state {
        State::Paused { pause } if pause.kind == PauseKind::Limit => &pause.reason,
        other => panic!("no limit was reached: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_spins_is_stopped_and_the_others_go_on() {
    let host = TestHost::with_settings(tight()).await;
    let spinning =
        [host.start(json!({ "do": "spin" })).await, host.start(json!({ "do": "spin" })).await, host.start(json!({ "do": "spin" })).await];
    let patient = host.start(json!({ "do": "start-all", "inputs": [{ "do": "count", "times": 20 }, { "do": "log", "times": 50 }] })).await;
    let begun = Instant::now();
    let all = baton::kernel::Drive { root: None, until_idle: true };
    let halt = baton::journal::Halt::default();
    let (driven, patient_took) = tokio::join!(host.app.kernel.drive(&all, &halt), async {
        while !host.find(&patient.id).await.state.is_final() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        begun.elapsed()
    });
    driven.unwrap();
    for run in &spinning {
        assert!(limit(&host.find(&run.id).await.state).contains("300 ms"));
    }
    assert_eq!(host.find(&patient.id).await.state, State::Succeeded);
    // Three spinning guests of 300 ms each share the cores with it: were it behind them, it would end after they do.
    assert!(patient_took < begun.elapsed(), "the others had to wait for the spinning ones: {patient_took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_ends_at_its_limit_in_small_steps_and_in_large() {
    let host = TestHost::with_settings(tight()).await;
    for step in [1_000, 1_000_000, 40_000_000] {
        let run = host.run(json!({ "do": "allocate", "step": step })).await;
        assert!(limit(&run.state).contains("16 MiB"), "steps of {step}");
    }
    assert_eq!(host.run(json!({ "do": "echo", "say": 1 })).await.state, State::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_recursion_ends_the_guest_and_not_the_host() {
    let host = TestHost::new().await;
    match host.run(json!({ "do": "recurse" })).await.state {
        State::Failed { error } => assert!(error.text.contains("stack"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(host.run(json!({ "do": "echo", "say": 1 })).await.state, State::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_100_mib_is_refused_before_it_is_copied() {
    let host = TestHost::with_settings(json!({ "limits": { "memory-mib": 512 } })).await;
    for deed in ["answer-large", "write-large"] {
        let run = host.run(json!({ "do": deed, "bytes": 100 << 20 })).await;
        assert!(limit(&run.state).contains("8 MiB"), "{deed}");
    }
    match host.run(json!({ "do": "write-large", "bytes": 9 << 20 })).await.state {
        State::Failed { error } => assert!(error.text.contains("8388608"), "a little too much is an error of the call: {error}"),
        other => panic!("{other:?}"),
    }
    assert!(!host.workspace().join("out/large").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_in_host_calls_is_not_the_guests_own() {
    let host = TestHost::with_settings(json!({ "limits": { "guest-time-ms": 250 } })).await;
    std::fs::write(
        host.folder.path().join("answers.yaml"),
        "rules:\n  - { name: slow, when: { contains: question }, reply: an answer, delay-ms: 600 }\n",
    )
    .unwrap();
    assert_eq!(host.run(json!({ "do": "ask", "prompt": "question" })).await.state, State::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_too_many_calls_is_paused_and_goes_on_when_the_limit_is_raised() {
    let host = TestHost::with_settings(json!({ "limits": { "calls": 10 } })).await;
    let run = host.run(json!({ "do": "count", "times": 8 })).await;
    assert!(limit(&run.state).contains("10 host calls"));
    let TestHost { app, folder } = host;
    drop(app);
    let host = TestHost::over(folder, json!({})).await;
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!(8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_too_many_runs_is_paused_and_goes_on_when_the_limit_is_raised() {
    let host = TestHost::with_settings(json!({ "limits": { "runs": 4 } })).await;
    let echo = json!({ "do": "echo", "say": 1 });
    let branch = json!({ "do": "start-all", "inputs": [echo, echo] });
    let run = host.run(json!({ "do": "start-all", "inputs": [branch, branch, branch] })).await;
    let all = host.app.kernel.tree(&run.id).await.unwrap();
    assert_eq!(all.len(), 4, "no run is started beyond the limit");
    let paused: Vec<_> = all.iter().filter(|run| matches!(run.state, State::Paused { .. })).collect();
    assert!(!paused.is_empty() && limit(&paused[0].state).contains("4 runs, the limit for `probe`"), "{all:?}");
    let TestHost { app, folder } = host;
    drop(app);
    let host = TestHost::over(folder, json!({})).await;
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!([[1, 1], [1, 1], [1, 1]])));
}

/// A host whose script takes its time, and on which there is a second plugin, `other`, that does what the probe does.
async fn slow_host(settings: Value) -> TestHost {
    let host = TestHost::with_settings(settings).await;
    let slow = "rules:\n  - { name: slow, when: { contains: question }, reply: an answer, delay-ms: 150 }\n";
    std::fs::write(host.folder.path().join("answers.yaml"), slow).unwrap();
    let other = changed_probe(|manifest| manifest.replacen("\"probe\"", "\"other\"", 1));
    let other = Plugin::read(other, Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    host.app.kernel.registry().add(other).unwrap();
    host
}

async fn drive_all(host: &TestHost) {
    let all = Drive { root: None, until_idle: true };
    tokio::time::timeout(Duration::from_secs(60), host.app.kernel.drive(&all, &Halt::default())).await.expect("it never ends").unwrap();
}

/// The most executions of the plugin that there were at once.
async fn most_at_once(host: &TestHost, plugin: &str) -> i64 {
    let (mut now, mut most, mut names) = (0, 0, std::collections::HashMap::new());
    for event in host.app.kernel.events().after(0, None, 100_000).await.unwrap() {
        let Some(run) = event.draft.run.filter(|_| event.draft.category == Category::Run) else { continue };
        match event.draft.name.as_str() {
            "created" => drop(names.insert(run, event.draft.data["plugin"] == plugin)),
            "executing" => now += i64::from(names[&run]),
            "succeeded" | "failed" | "waiting" | "paused" | "cancelled" | "queued" => now -= i64::from(names[&run]),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

fn question() -> Value {
    json!({ "do": "ask", "prompt": "question" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_at_its_limit_waits_for_itself_and_nobody_waits_for_it() {
    let host = slow_host(json!({ "runs": { "at-once": 64 }, "plugins": { "probe": { "limits": { "concurrent-runs": 2 } } } })).await;
    let mut probes = Vec::new();
    // More than a look at the queue brings to light at once.
    for _ in 0..70 {
        probes.push(host.start(json!({ "do": "echo", "say": 1 })).await.id);
    }
    for _ in 0..4 {
        probes.push(host.start(question()).await.id);
    }
    let mut others = Vec::new();
    for _ in 0..4 {
        let order = baton::kernel::Order { plugin: "other".to_owned(), ..host.order(question()) };
        others.push(host.app.kernel.start(order).await.unwrap().id);
    }
    drive_all(&host).await;
    for id in probes.iter().chain(&others) {
        assert_eq!(host.find(id).await.state, State::Succeeded);
    }
    assert_eq!(most_at_once(&host, "probe").await, 2);
    assert_eq!(most_at_once(&host, "other").await, 4, "the others were kept waiting");
    let events = host.app.kernel.events().after(0, None, 100_000).await.unwrap();
    let begun: Vec<_> = events.into_iter().filter(|event| event.draft.name == "executing").filter_map(|event| event.draft.run).collect();
    let last = begun.iter().rposition(|run| others.contains(run)).unwrap();
    assert!(last < 10, "the others came behind those that were held back: {last} of {}", begun.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_waits_leaves_its_place_to_its_children() {
    let host = slow_host(json!({ "limits": { "concurrent-runs": 1 } })).await;
    let grandchild = json!({ "do": "start-all", "inputs": [question(), question()] });
    let run = host.run(json!({ "do": "start-all", "inputs": [grandchild, question()] })).await;
    assert_eq!(run.state, State::Succeeded);
    assert_eq!(most_at_once(&host, "probe").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_drive_share_the_limit_and_neither_leaves_early() {
    let host = slow_host(json!({ "limits": { "concurrent-runs": 1 } })).await;
    let (one, two) = (host.start(question()).await.id, host.start(question()).await.id);
    tokio::join!(host.drive(&one), host.drive(&two));
    for id in [one, two] {
        assert_eq!(host.find(&id).await.state, State::Succeeded);
    }
    assert_eq!(most_at_once(&host, "probe").await, 1);
}

/// A user whose probe is installed and granted, and one-shot commands of hers.
struct User(tempfile::TempDir);

impl User {
    fn with_probe() -> Self {
        let user = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(user.0.path().join("work")).unwrap();
        std::fs::write(user.0.path().join("probe.wasm"), baton_tests::PROBE).unwrap();
        std::fs::write(user.0.path().join("answers.yaml"), baton_tests::host::ANSWERS).unwrap();
        let _installed = user.baton(&["plugin", "install", "probe.wasm", "--grant"]).exits(0);
        user
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let mut command = program::command(self.0.path(), arguments);
        command.env("BATON_DATA_DIR", self.0.path().join("data")).env("BATON_USER", "ada");
        program::output(command)
    }

    fn run(&self, input: &str) -> program::Ended {
        self.baton(&["run", "probe", "--workspace", "work", "--model", "script/answers.yaml", "--input", input])
    }

    fn probe(&self) -> Value {
        let listed: Value = serde_json::from_str(&self.baton(&["plugin", "list", "-o", "json"]).exits(0).stdout).unwrap();
        listed["items"].as_array().unwrap().iter().find(|plugin| plugin["name"] == "probe").unwrap().clone()
    }
}

#[test]
fn a_plugin_that_keeps_trapping_is_stopped_across_processes_until_it_is_enabled() {
    let user = User::with_probe();
    for _ in 0..4 {
        let _trapped = user.run(r#"{ "do": "panic", "say": "no" }"#).exits(1);
    }
    assert_eq!(user.probe()["status"], "ready");
    let last = user.run(r#"{ "do": "exit", "status": 0 }"#).exits(1);
    assert!(last.stderr.contains("ended itself"), "{}", last.stderr);
    let probe = user.probe();
    assert_eq!((&probe["status"], &probe["traps"]), (&json!("tripped"), &json!(5)));
    let refused = user.run(r#"{ "do": "echo", "say": 1 }"#).exits(1);
    assert!(refused.stderr.contains("its last 5 runs ended by a trap"), "{}", refused.stderr);
    assert!(refused.stderr.contains("`baton plugin enable probe`"), "{}", refused.stderr);
    let shown = user.baton(&["plugin", "show", "probe"]).exits(0);
    assert!(shown.stdout.contains("stopped after 5 traps"), "{}", shown.stdout);
    assert_eq!(listed::runs(&user.baton(&["runs", "list", "-o", "json"]).exits(0)).len(), 5, "nothing was started");
    let _enabled = user.baton(&["plugin", "enable", "probe"]).exits(0);
    assert_eq!((&user.probe()["status"], &user.probe()["traps"]), (&json!("ready"), &Value::Null));
    let _trapped = user.run(r#"{ "do": "panic", "say": "again" }"#).exits(1);
    let _works = user.run(r#"{ "do": "echo", "say": 1 }"#).exits(0);
}

/// The reason for which a plugin's run is paused.
async fn pause(host: &TestHost, run: &Run) -> String {
    match host.find(&run.id).await.state {
        State::Paused { pause } if pause.kind == PauseKind::Plugin => pause.reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_plugin_that_is_stopped_is_paused_and_told_why() {
    let host = TestHost::with_settings(json!({ "limits": { "traps": 2, "concurrent-runs": 1 } })).await;
    let kernel = &host.app.kernel;
    for _ in 0..2 {
        host.start(json!({ "do": "panic", "say": "no" })).await;
    }
    let queued = host.start(json!({ "do": "echo", "say": 1 })).await;
    drive_all(&host).await;
    let reason = pause(&host, &queued).await;
    assert!(reason.contains("its last 2 runs ended by a trap") && reason.contains("baton plugin enable probe"), "{reason}");
    assert_eq!(kernel.registry().find("probe").unwrap().status(), Status::Tripped);
    assert!(matches!(kernel.start(host.order(json!({}))).await, Err(KernelError::Tripped { traps: 2, .. })));
    let events = kernel.events().after(0, None, 10_000).await.unwrap();
    let tripped: Vec<_> = events.iter().filter(|event| event.draft.name == "tripped").collect();
    assert_eq!(tripped.iter().map(|event| event.draft.category).collect::<Vec<_>>(), [Category::Audit, Category::Plugin]);
    let (data, actor) = (&tripped[0].draft.data, &tripped[0].draft.actor);
    assert_eq!((actor, &data["plugin"], &data["traps"]), (&Some(Actor::system()), &json!("probe"), &json!(2)));
    assert!(data["reason"].as_str().unwrap().contains("most likely a panic"), "{data}");
    let host = host.restarted().await;
    host.app.kernel.recall(false).await.unwrap();
    assert_eq!(host.app.kernel.registry().find("probe").unwrap().status(), Status::Tripped);
    host.app.kernel.decide("probe", &Change::Enable, &person("ada")).await.unwrap();
    host.app.kernel.resume(&queued, None, &tester()).await.unwrap();
    host.drive(&queued.id).await;
    assert_eq!(host.find(&queued.id).await.output, Some(json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_traps_in_a_row_stop_a_plugin() {
    let settings = json!({ "limits": { "traps": 2, "guest-time-ms": 300, "memory-mib": 16 } });
    let host = TestHost::with_settings(settings).await;
    let (trap, good) = (json!({ "do": "panic", "say": "no" }), json!({ "do": "echo", "say": 1 }));
    for input in [
        trap.clone(),
        good,
        trap.clone(),
        json!({ "do": "fail", "say": "an error of its own" }),
        json!({ "do": "spin" }),
        json!({ "do": "allocate", "step": 1_000_000 }),
        json!({ "do": "write", "path": "elsewhere", "content": "" }),
    ] {
        host.run(input).await;
        assert_ne!(host.app.kernel.registry().find("probe").unwrap().status(), Status::Tripped);
    }
    let last = host.run(trap).await;
    let told = host.events(&last.id).await;
    assert_eq!(told.last().unwrap().draft.data["kind"], "trapped");
    assert_eq!(host.app.kernel.registry().find("probe").unwrap().status(), Status::Tripped);
}

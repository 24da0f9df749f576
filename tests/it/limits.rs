//! A guest that takes too much is stopped within its limit, says so, and disturbs nobody.

use std::time::{Duration, Instant};

use baton::{journal::PauseKind, kernel::run::State};
use baton_tests::host::TestHost;
use serde_json::json;

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
        State::Failed { reason } => assert!(reason.contains("stack"), "{reason}"),
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
        State::Failed { reason } => assert!(reason.contains("8388608"), "a little too much is an error of the call: {reason}"),
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
    host.app.kernel.resume(&run, None).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!(8)));
}

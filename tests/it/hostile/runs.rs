//! Nobody sees a run that somebody else started, and nobody fills the disk or deceives the operator with words.

use baton::{journal::PauseKind, kernel::run::State};
use baton_tests::{
    host::{person, tester},
    hostile::{Stage, limit, output},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_joined_by_whoever_started_it() {
    let stage = Stage::new().await;
    let other = stage.host.run(json!({ "do": "start-all", "inputs": [{ "do": "echo", "say": "the secret of another run" }] })).await;
    let runs = json!({ "runs": [other.id, other.id.child(1), "00000000-0000-7000-8000-000000000000"] });
    let run = stage.play("guess_runs", runs).await;
    let answers = output(&run);
    assert!(!answers.to_string().contains("the secret"), "{answers}");
    let refusals: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["Err"].as_str().unwrap()).collect();
    assert_eq!(refusals.len(), 19);
    for refusal in &refusals {
        assert!(refusal.starts_with("not-found: "), "{refusal}");
    }
    let said = |place: usize, id: &str| refusals[place].replace(id, "ID");
    let unknown = said(2, "00000000-0000-7000-8000-000000000000");
    assert_eq!(said(0, other.id.as_str()), unknown, "whether there is such a run is not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_taken_by_the_run_it_was_sent_to() {
    let stage = Stage::with_settings(json!({})).await;
    let other = stage.host.run(json!({ "do": "first-signal", "of": 1 })).await;
    let signals = || stage.host.app.kernel.signals();
    signals().send(&other.id, "go", &json!("the secret of another run"), &person("ada")).await.unwrap();
    let run = stage.play("claim_signals", json!({ "run": other.id, "name": "go" })).await;
    let answers = output(&run);
    for guess in answers["guessed"].as_array().unwrap() {
        assert!(guess["Err"].as_str().unwrap().starts_with("not-found: "), "{guess}");
    }
    assert_eq!((&answers["taken"], &answers["held"]), (&json!(false), &json!(1_000)));
    assert!(answers["refused"].as_str().unwrap().starts_with("invalid: The run holds 1000 tickets, the limit."), "{answers}");
    assert!(!answers.to_string().contains("the secret"), "{answers}");
    let left = signals().untaken(&other.id).await.unwrap();
    assert_eq!(left.iter().map(|signal| signal.name.as_str()).collect::<Vec<_>>(), ["go"]);
    stage.host.app.kernel.cancel_now(&stage.host.find(&other.id).await, &tester()).await.unwrap();
}

/// What is kept of one line, with what names it.
const KEPT: usize = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_words_is_kept_in_part() {
    let stage = Stage::with_settings(json!({})).await;
    let run = stage.play("flood_log", json!({ "times": 5 })).await;
    assert_eq!(output(&run), "flooded");
    for entry in stage.host.journal(&run.id).await {
        let answer = entry.answer.unwrap_or_default();
        assert!(entry.request.len() < KEPT && answer.len() < KEPT, "{}: {} and {} bytes", entry.call, entry.request.len(), answer.len());
    }
    let events = stage.host.events(&run.id).await;
    assert!(events.len() >= 15);
    for event in events {
        let size = event.draft.data.to_string().len();
        assert!(size < KEPT, "{}: {size} bytes", event.draft.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_the_plugins_own_words_and_ends_the_execution() {
    let stage = Stage::with_settings(json!({})).await;
    let mut run = stage.play("pose_as_host", json!({ "bytes": 1 << 20 })).await;
    for pauses in 1..=3 {
        let State::Paused { pause } = &run.state else { panic!("{:?}", run.state) };
        assert_eq!(pause.kind, PauseKind::Requested);
        assert!(pause.reason.starts_with("The plugin says: Done. ✓ All is well.") && pause.reason.ends_with("x…"), "{:.80}", pause.reason);
        assert!(pause.reason.len() < 9_000 && !pause.reason.contains(['\n', '\u{2028}']));
        let journal = stage.host.journal(&run.id).await;
        assert_eq!(journal.len(), 1 + pauses, "it asked who it is, and paused");
        assert!(journal.iter().all(|entry| entry.request.len() < 9_000));
        let executed = stage.host.events(&run.id).await.iter().filter(|event| event.draft.name == "executing").count();
        assert_eq!(executed, pauses);
        stage.host.app.kernel.resume(&run, None, &tester()).await.unwrap();
        stage.host.drive(&run.id).await;
        run = stage.host.find(&run.id).await;
    }
    let far_beyond = stage.play("pose_as_host", json!({ "bytes": 100 << 20 })).await;
    assert!(limit(&far_beyond).contains("MiB"), "{}", limit(&far_beyond));
}

//! Whoever takes too much is ended at the limit that it ran into, and the run beside it does not notice.

use std::time::Duration;

use baton::{
    journal::{Halt, Wait},
    kernel::{Drive, run::State},
};
use baton_tests::hostile::{Stage, failure, limit, output};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn computing_for_ever_ends_with_the_guests_time() {
    let stage = Stage::new().await;
    for (name, input) in [("spin", json!({})), ("spin_at_start", json!({})), ("call_endlessly", json!({ "written": false }))] {
        let run = stage.play(name, input).await;
        assert!(limit(&run).starts_with("The plugin computed for more than its 300 ms without an end."), "{name}: {}", limit(&run));
    }
    let run = stage.play("call_endlessly", json!({ "written": true })).await;
    assert!(limit(&run).starts_with("The run has made 500 host calls, which is its limit"), "{}", limit(&run));
    assert_eq!(stage.host.journal(&run.id).await.len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_ends_at_its_limit_however_it_is_taken() {
    let stage = Stage::new().await;
    for step in [100, 1_000_000, 40_000_000] {
        let run = stage.play("allocate", json!({ "step": step })).await;
        assert!(limit(&run).starts_with("The plugin wanted more than its 16 MiB of memory."), "{step}: {}", limit(&run));
    }
    let pages = stage.play("grow_memory", json!({})).await;
    assert_eq!(output(&pages), &json!("00000256"), "pages of 64 KiB");
    let elements = stage.play("grow_table", json!({})).await;
    assert_eq!(output(&elements), &json!("00099001"), "elements, after steps of 1,000");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_keeps_for_a_guest_is_bounded_too() {
    let stage = Stage::new().await;
    let random = stage.play("hoard_random", json!({})).await;
    assert!(failure(&random).contains("requested len 62914560 exceeds limit"), "{}", failure(&random));
    let handles = stage.play("hoard_handles", json!({})).await;
    assert!(failure(&handles).contains("resource table has no free keys"), "{}", failure(&handles));
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_recursion_ends_the_guest_and_not_the_host() {
    let run = Stage::new().await.play("recurse", json!({})).await;
    assert!(failure(&run).starts_with("The plugin recursed until its stack was used up."), "{}", failure(&run));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_mebibytes_are_not_taken_over() {
    let stage = Stage::with_settings(json!({ "limits": { "memory-mib": 512, "payload-mib": 1 } })).await;
    for way in ["answer", "request", "log", "progress", "error"] {
        let run = stage.play("answer_hugely", json!({ "as": way })).await;
        assert!(limit(&run).starts_with("The plugin handed the host far more than the 1 MiB that one call may carry."), "{way}");
    }
    assert!(!stage.host.workspace().join("out").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_runs_has_an_end() {
    let stage = Stage::with_settings(json!({ "limits": { "runs": 30 } })).await;
    let run = stage.play("start_endlessly", json!({})).await;
    let tree = stage.host.app.kernel.tree(&run.id).await.unwrap();
    // Those that are executed at the same moment may each start one more.
    assert!((30..45).contains(&tree.len()), "{} runs", tree.len());
    let paused: Vec<_> = tree.iter().filter(|run| matches!(run.state, State::Paused { .. })).collect();
    assert!(!paused.is_empty());
    for run in paused {
        assert!(limit(run).contains("are 30 runs, the limit for `start-endlessly`."), "{}", limit(run));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beginning_again_has_a_pace() {
    let stage = Stage::new().await;
    stage.install("continue_endlessly");
    let run = stage.start("continue_endlessly", json!({})).await;
    let peaceful = stage.host.start(json!({ "do": "log", "times": 5 })).await;
    let (stop, everything) = (Halt::default(), Drive::default());
    let watch = async {
        while !matches!(stage.host.find(&run.id).await.state, State::Waiting { wait: Wait::Until(_) }) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        stage.host.drive(&peaceful.id).await;
        stop.stop();
    };
    let (driven, ()) = tokio::join!(stage.host.app.kernel.drive(&everything, &stop), watch);
    driven.unwrap();
    let run = stage.host.find(&run.id).await;
    assert!(matches!(run.state, State::Waiting { .. }), "{:?}", run.state);
    assert_eq!(run.input, json!({ "round": 61 }), "60 rounds in a minute, and this one waits");
    assert_eq!(stage.host.find(&peaceful.id).await.state, State::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_publishes_is_bounded() {
    let stage = Stage::with_settings(json!({})).await;
    let run = stage.play("publish_endlessly", json!({})).await;
    let answers = output(&run);
    let refused =
        |list: &Value| list.as_array().unwrap().iter().filter_map(|answer| answer.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let (keys, large, odd) = (refused(&answers["keys"]), refused(&answers["large"]), refused(&answers["odd"]));
    assert_eq!((keys.len(), large.len(), odd.len()), (200 - 64, 2, 4));
    for refusal in keys.iter().chain(&large).chain(&odd) {
        assert!(refusal.starts_with("invalid: ") && !refusal.contains('\u{1b}'), "{refusal}");
    }
    let shown = stage.host.app.kernel.published().published(&run.id).await.unwrap();
    assert!(shown.len() == 64 && shown.iter().all(|shown| shown.value.as_str().unwrap().len() == (64 << 10) - 2));
}

//! Whoever takes too much is ended at the limit that it ran into, and the run beside it does not notice.

use baton::kernel::run::State;
use baton_tests::hostile::{Stage, failure, limit, output};
use serde_json::json;

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

//! Workflows that begin again with another input: killed anywhere, each generation is done once, and what was before is
//! kept and not replayed.

use std::{collections::BTreeSet, time::Duration};

use baton::{
    errors::Hint as _,
    journal::{Entry, EntryState, Halt, PauseKind, RunId, Wait},
    kernel::{
        Drive, KernelError,
        recording::Recording,
        replay::Verdict,
        retrying::Retry,
        run::{Run, State},
    },
};
use baton_tests::{
    host::{TestHost, tester},
    sweep::Sweep,
};
use serde_json::{Value, json};

/// Calls of a generation that is not the last: it publishes, has a child, counts up and continues.
const CALLS: u64 = 7;

fn generations(times: u64) -> Value {
    json!({ "do": "generations", "times": times, "seen": [] })
}

fn then(input: Value) -> Value {
    json!({ "do": "continue", "input": input })
}

/// What of each generation is the same in every run.
fn course(run: &Run) -> Vec<(u64, u64)> {
    let seen = run.output.as_ref().unwrap_or_else(|| panic!("{:?}", run.state)).as_array().unwrap();
    seen.iter().map(|seen| (seen["said"].as_u64().unwrap(), seen["count"].as_u64().unwrap())).collect()
}

/// Whether no two generations have this in common.
fn differs(run: &Run, what: &str) -> bool {
    let seen = run.output.as_ref().unwrap().as_array().unwrap();
    seen.iter().map(|seen| seen[what].to_string()).collect::<BTreeSet<_>>().len() == seen.len()
}

fn continuations(journal: &[Entry]) -> Vec<u64> {
    journal.iter().filter(|entry| entry.call == "run.continue-with").map(|entry| entry.seq).collect()
}

async fn told(host: &TestHost, run: &RunId) -> Vec<Value> {
    host.events(run).await.into_iter().filter(|event| event.draft.name == "continued").map(|event| event.draft.data).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_generation_goes_on_where_the_one_before_ended() {
    let host = TestHost::new().await;
    let run = host.run(generations(3)).await;
    assert_eq!(course(&run), [(0, 1), (1, 2), (2, 3), (3, 4)]);
    assert!(differs(&run, "child") && differs(&run, "random"), "{:?}", run.output);
    let times: Vec<_> = run.output.as_ref().unwrap().as_array().unwrap().iter().map(|seen| seen["now"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");

    let journal = host.journal(&run.id).await;
    assert_eq!(journal.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=CALLS * 3 + CALLS - 1).collect::<Vec<_>>());
    assert!(journal.iter().all(|entry| entry.state == EntryState::Done));
    assert_eq!(continuations(&journal), [CALLS, CALLS * 2, CALLS * 3]);
    assert_eq!((run.journal_from, &run.input["times"]), (CALLS * 3, &json!(0)));
    let told = told(&host, &run.id).await;
    assert_eq!(told[0], json!({ "seq": CALLS, "input": generations(3) }), "no call gave the first input");
    assert_eq!(told[1..], [json!({ "seq": CALLS * 2 }), json!({ "seq": CALLS * 3 })]);
    let shown = host.app.kernel.published().published(&run.id).await.unwrap();
    assert_eq!((shown.len(), &*shown[0].key, &shown[0].value), (1, "generation", &json!(3)));

    let recording = Recording::parse(&host.app.kernel.record(&run).await.unwrap().to_text().unwrap()).unwrap();
    assert_eq!(recording.calls() as u64, CALLS - 1, "the last generation alone");
    let probe = host.app.kernel.recorded_plugin(&recording).unwrap();
    assert_eq!(host.app.kernel.replay(&recording, probe).await.unwrap(), Verdict::Same);
}

/// Executes the run until it has ended, or the journal stands still.
async fn drive_to_standstill(host: &TestHost, run: &RunId) -> bool {
    let frozen = host.folder.path().join("data/frozen");
    let stands = async {
        while !frozen.exists() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        () = host.drive(run) => false,
        () = stands => true,
    }
}

#[test]
fn killed_at_any_write_a_run_that_continues_does_each_generation_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let last = Sweep::new(5).run(2, |writes| {
        runtime.block_on(async {
            let host = TestHost::frozen_after(Some(writes), json!({})).await;
            let run = host.start(generations(2)).await;
            if !drive_to_standstill(&host, &run.id).await {
                return false;
            }
            let host = host.restarted().await;
            host.drive(&run.id).await;
            let run = host.find(&run.id).await;
            assert_eq!(course(&run), [(0, 1), (1, 2), (2, 3)], "killed after write {writes}");
            assert!(differs(&run, "child") && differs(&run, "random"), "killed after write {writes}: {:?}", run.output);
            let journal = host.journal(&run.id).await;
            assert_eq!((journal.len() as u64, continuations(&journal)), (CALLS * 3 - 1, vec![CALLS, CALLS * 2]));
            assert_eq!(told(&host, &run.id).await.len(), 2, "killed after write {writes}");
            true
        })
    });
    assert!(last > 15, "the run makes more writes than {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_limited_by_generation_and_an_execution_replays_its_own_alone() {
    let host = TestHost::with_settings(json!({ "limits": { "calls": CALLS } })).await;
    let run = host.run(generations(20)).await;
    assert_eq!(course(&run).len(), 21);
    assert_eq!(host.app.kernel.journal().count(&run.id, run.journal_from).await.unwrap().made, CALLS - 1);
    let executed = host.events(&run.id).await.iter().filter(|event| event.draft.name == "executing").count();
    // Each generation begins once, and is resumed at most once, when its child has ended.
    assert!(executed <= 2 * 21, "{executed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_begins_behind_the_call_that_continued() {
    let host = TestHost::new().await;
    let run = host.run(generations(2)).await;
    let kernel = &host.app.kernel;
    for at in [1, CALLS, CALLS * 2] {
        let Err(KernelError::WrongState(reason)) = kernel.fork(&run, at, None, &tester()).await else { panic!("forked at {at}") };
        let first = format!("`baton runs fork {} --at {}`", run.id.short(), CALLS * 2 + 1);
        let reason = reason.explain();
        assert!(reason.contains(&format!("at call {at}: ")) && reason.contains(&first), "{reason}");
    }
    for at in [CALLS * 2 + 1, CALLS * 2 + 4] {
        let fork = kernel.fork(&run, at, None, &tester()).await.unwrap();
        host.drive(&fork.id).await;
        let fork = host.find(&fork.id).await;
        assert_eq!((fork.journal_from, fork.started_at, &fork.input), (run.journal_from, run.started_at, &run.input));
        let seen = |run: &Run| run.output.as_ref().unwrap_or_else(|| panic!("{:?}", run.state)).as_array().unwrap().clone();
        let (forked, before) = (seen(&fork), seen(&run));
        assert_eq!(forked[..2], before[..2], "what it was given");
        assert_eq!(forked[2]["random"], before[2]["random"], "a fork keeps the seed of the generation");
        assert_eq!(host.journal(&fork.id).await.first().unwrap().seq, CALLS * 2 + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_fails_pauses_and_is_denied_like_a_run() {
    let host = TestHost::new().await;
    let kernel = &host.app.kernel;
    let failed = host.run(then(then(json!({ "do": "fail", "say": "no luck" })))).await;
    assert_eq!(failed.state.as_str(), "failed");
    assert_eq!(kernel.retry(&failed).await.unwrap(), Retry::Itself(3), "not by a call that was before");
    let denied = host
        .run(then(json!({ "do": "in-turn", "inputs": [{ "do": "log", "times": 1 }, { "do": "write", "path": "x", "content": "" }] })))
        .await;
    assert_eq!(kernel.retry(&denied).await.unwrap(), Retry::Repeat(vec![(denied.id.clone(), 3)]));
    let paused = host.run(then(json!({ "do": "pause", "say": "Look.", "times": 1 }))).await;
    assert!(matches!(&paused.state, State::Paused { pause } if pause.kind == PauseKind::Requested), "{:?}", paused.state);
    kernel.resume(&paused, None, &tester()).await.unwrap();
    host.drive(&paused.id).await;
    assert_eq!(host.find(&paused.id).await.state, State::Succeeded);
    let large = host.run(json!({ "do": "continue", "pad": 9 << 20 })).await;
    assert!(large.output.unwrap()["error"].as_str().unwrap().starts_with("invalid: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_does_nothing_but_continue_waits_after_sixty_rounds() {
    let host = TestHost::new().await;
    let run = host.start(generations(1 << 40)).await;
    let (stop, drive) = (Halt::default(), Drive { root: Some(run.id.clone()), until_idle: true });
    let watch = async {
        while !matches!(host.find(&run.id).await.state, State::Waiting { wait: Wait::Until(_) }) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        stop.stop();
    };
    let (driven, ()) = tokio::join!(host.app.kernel.drive(&drive, &stop), watch);
    driven.unwrap();
    let run = host.find(&run.id).await;
    assert_eq!(run.journal_from, CALLS * 61, "it waits before it begins again");
    host.app.kernel.cancel(&run, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.state, State::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_an_end_is_stopped_resumed_and_cancelled() {
    let host = TestHost::new().await;
    let run = host.start(generations(1 << 40)).await;
    let (stop, drive) = (Halt::default(), Drive { root: Some(run.id.clone()), until_idle: true });
    for more in 1..=2 {
        let stop = stop.clone();
        let begun = host.find(&run.id).await.journal_from;
        let watch = async {
            while host.find(&run.id).await.journal_from < begun + CALLS * 2 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            match more {
                1 => stop.stop(),
                _ => host.app.kernel.cancel(&run, &tester()).await.unwrap(),
            }
        };
        let stop = if more == 1 { stop.clone() } else { Halt::default() };
        let (driven, ()) = tokio::join!(host.app.kernel.drive(&drive, &stop), watch);
        driven.unwrap();
    }
    let run = host.find(&run.id).await;
    assert_eq!(run.state, State::Cancelled);
    let journal = host.journal(&run.id).await;
    assert_eq!(continuations(&journal).last().map(|last| *last <= run.journal_from + CALLS), Some(true));
}

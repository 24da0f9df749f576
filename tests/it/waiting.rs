//! A run that waits for everything a run can wait for, and one that is cancelled, each with its host killed anywhere.

use std::{sync::Arc, time::Duration};

use baton::{
    interfaces::backlog::{Author, Status},
    journal::RunId,
    kernel::{
        retrying::Retry,
        run::{CancelCause, Run, State},
    },
};
use baton_tests::{
    host::{TestHost, tester},
    sweep::Sweep,
};
use serde_json::{Value, json};

/// Sends what the run waits for. Before it begins, so that where the host dies does not change the order.
async fn ordered(host: &TestHost) -> Run {
    let run = host.start(json!({ "do": "wait-for-everything" })).await;
    for value in [1, 2] {
        host.app.kernel.signals().send(&run.id, "go", &json!(value), &tester()).await.unwrap();
    }
    run
}

fn expected() -> Value {
    json!({
        "side-by-side": { "1": "an answer", "2": "an answer" },
        "question": { "answer": "EUR" },
        "signals": [{ "signal": 1 }, { "signal": 2 }],
        "item": { "item": "in-progress" },
        "given-up": [true, { "child": "cancelled" }],
    })
}

/// Drives until the run has ended, or the journal stands still; whether it does.
async fn drive_until_frozen(host: &TestHost, root: &RunId) -> bool {
    let frozen = host.folder.path().join("data/frozen");
    let stands = async {
        while !frozen.exists() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // What the write before handed to the disk without waiting for it gets the time to arrive.
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    tokio::select! {
        () = stands => true,
        () = host.drive(root) => false,
    }
}

async fn thaw(host: TestHost) -> TestHost {
    std::fs::remove_file(host.folder.path().join("data/frozen")).unwrap();
    host.restarted().await
}

async fn check(host: &TestHost, run: &RunId, what: &str) {
    let ended = host.find(run).await;
    assert_eq!((ended.state, ended.output), (State::Succeeded, Some(expected())), "{what}");
    let tree = host.app.kernel.tree(run).await.unwrap();
    let of_state = |state: &str| tree.iter().filter(|run| run.state.as_str() == state).count();
    assert_eq!((tree.len(), of_state("succeeded"), of_state("cancelled")), (5, 3, 2), "{what}: {tree:?}");
    let causes: Vec<_> = tree.iter().filter_map(|run| Some(run.cancelling?.cause)).collect();
    assert!(causes.contains(&CancelCause::Run) && causes.contains(&CancelCause::Ended), "{what}: {causes:?}");
    let repeated = host.app.kernel.runs().tally(run).await.unwrap().repeated_model_calls;
    assert!(host.asked() as u64 <= 2 + repeated && repeated <= 2, "{what}: {} asked, {repeated} flagged", host.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_every_journal_write_a_run_gets_what_it_waits_for() {
    let host = TestHost::new().await;
    let run = ordered(&host).await;
    host.drive(&run.id).await;
    check(&host, &run.id, "undisturbed").await;
    let published = host.app.kernel.published().published(&run.id).await.unwrap();
    assert_eq!((published.len(), &published[0].value), (1, &expected()));
    let mut last = 0;
    for writes in Sweep::new(6).positions() {
        let host = TestHost::frozen_after(Some(writes), json!({})).await;
        let run = ordered(&host).await;
        if !drive_until_frozen(&host, &run.id).await {
            break;
        }
        let host = thaw(host).await;
        host.drive(&run.id).await;
        check(&host, &run.id, &format!("killed after write {writes}")).await;
        last = writes;
    }
    assert!(last > 30, "the run makes more writes than {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_puts_things_in_order_also_when_its_host_dies() {
    let mut last = 0;
    for writes in Sweep::new(3).positions() {
        let host = TestHost::frozen_after(Some(writes), json!({})).await;
        let run = host.start(json!({ "do": "wait-until-cancelled" })).await;
        let mut frozen = drive_until_frozen(&host, &run.id).await;
        if !frozen {
            host.app.kernel.cancel(&host.find(&run.id).await, &tester()).await.unwrap();
            frozen = drive_until_frozen(&host, &run.id).await;
        }
        let host = if frozen { thaw(host).await } else { host };
        if !host.find(&run.id).await.state.is_final() {
            host.drive(&run.id).await;
            let now = host.find(&run.id).await;
            if now.cancelling.is_none() {
                host.app.kernel.cancel(&now, &tester()).await.unwrap();
                host.drive(&run.id).await;
            }
        }
        let what = format!("killed after write {writes}");
        for run in host.app.kernel.tree(&run.id).await.unwrap() {
            assert_eq!(run.state, State::Cancelled, "{what}");
        }
        let published = host.app.kernel.published().published(&run.id).await.unwrap();
        let shown: Vec<_> = published.iter().map(|shown| (shown.key.as_str(), &shown.value)).collect();
        assert_eq!(shown, [("refused", &json!(["cancelled", "cancelled", "cancelled", "cancelled", "cancelled"]))], "{what}");
        assert_eq!(host.asked(), 0, "{what}: a model was asked");
        if !frozen {
            break;
        }
        last = writes;
    }
    assert!(last > 8, "the run makes more writes than {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_does_not_listen_is_ended_after_its_grace() {
    let host = TestHost::with_settings(json!({ "limits": { "grace-s": 1 } })).await;
    let run = host.run(json!({ "do": "deaf" })).await;
    assert_eq!(run.state.as_str(), "waiting");
    host.app.kernel.cancel(&run, &tester()).await.unwrap();
    assert_ne!(host.find(&run.id).await.state, State::Cancelled, "it has its grace");
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.state, State::Cancelled);
    let run = host.run(json!({ "do": "deaf" })).await;
    host.app.kernel.cancel_now(&run, &tester()).await.unwrap();
    assert_eq!(host.find(&run.id).await.state, State::Cancelled, "at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_cancelled_again_while_runs_below_it_are_open() {
    for at_once in [false, true] {
        let host = TestHost::new().await;
        let run = host.run(json!({ "do": "start-all", "inputs": [{ "do": "pause", "say": "Look.", "times": 1 }] })).await;
        // As a host leaves it that is killed once the run itself is cancelled.
        host.app.kernel.runs().transition(&run.id, &["waiting"], State::Cancelled, None, Vec::new()).await.unwrap();
        let run = host.find(&run.id).await;
        let cancelled =
            if at_once { host.app.kernel.cancel_now(&run, &tester()).await } else { host.app.kernel.cancel(&run, &tester()).await };
        cancelled.unwrap();
        for run in host.app.kernel.tree(&run.id).await.unwrap() {
            assert_eq!(run.state, State::Cancelled);
        }
        let again = host.app.kernel.cancel(&run, &tester()).await.unwrap_err().to_string();
        assert!(again.contains("is cancelled already"), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_end_of_a_failed_run_cancelled_continues_with_it() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "leave-and-fail" })).await;
    assert_eq!(run.state.as_str(), "failed", "{run:?}");
    let child = run.id.child(1);
    let ended = host.find(&child).await;
    assert_eq!((ended.state, ended.cancelling.map(|cancelling| cancelling.cause)), (State::Cancelled, Some(CancelCause::Ended)));
    let told = host.journal(&child).await.iter().filter(|entry| entry.error().is_some()).count();
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    let again = host.find(&child).await;
    assert_eq!((again.state, again.cancelling), (State::Queued, None));
    assert!(host.journal(&child).await.iter().all(|entry| entry.error().is_none()), "it would be told again what was {told} times");
    host.drive(&run.id).await;
    assert_eq!((host.find(&run.id).await.state.as_str(), host.find(&child).await.state), ("failed", State::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_that_failed_is_forked_before_the_child_that_failed() {
    let host = TestHost::new().await;
    let (sleeping, failing) = (json!({ "do": "sleep", "milliseconds": 3_600_000 }), json!({ "do": "fail", "say": "no" }));
    let run = host.run(json!({ "do": "race", "inputs": [sleeping, failing] })).await;
    assert_eq!(run.state.as_str(), "failed", "{run:?}");
    let journal = host.journal(&run.id).await;
    assert_eq!(journal.last().unwrap().call, "waits.cancel", "it gave the other up first");
    let started: Vec<_> = journal.iter().filter(|entry| entry.call == "workflows.start").map(|entry| entry.seq).collect();
    assert_eq!(host.app.kernel.retry(&run).await.unwrap(), Retry::Fork(started[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_timers_of_one_run_arrive() {
    let host = TestHost::with_settings(json!({ "limits": { "calls": 5000 } })).await;
    let run = host.run(json!({ "do": "timers", "times": 1000 })).await;
    assert_eq!(run.output, Some(json!(1000)), "{:?}", run.state);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_signals_that_come_at_once_each_arrive_once_and_in_their_order() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 250;
    let host = TestHost::with_settings(json!({ "limits": { "calls": 5000 } })).await;
    let run = host.start(json!({ "do": "signals", "times": SENDERS * EACH })).await;
    let send = |sender: u64| {
        let (kernel, run) = (Arc::clone(&host.app.kernel), run.id.clone());
        tokio::spawn(async move {
            for number in 0..EACH {
                kernel.signal(&run, "go", json!([sender, number]), &tester()).await.unwrap();
            }
        })
    };
    let flood = async {
        for sender in (0..SENDERS).map(send).collect::<Vec<_>>() {
            sender.await.unwrap();
        }
    };
    // It may find nothing more to do while signals are still on their way.
    tokio::join!(flood, host.drive(&run.id));
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    let got: Vec<[u64; 2]> = serde_json::from_value(run.output.unwrap_or_else(|| panic!("{:?}", run.state))).unwrap();
    for sender in 0..SENDERS {
        let of_sender: Vec<_> = got.iter().filter(|[by, _]| *by == sender).map(|[_, number]| *number).collect();
        assert_eq!(of_sender, (0..EACH).collect::<Vec<_>>(), "of sender {sender}");
    }
    assert!(host.app.kernel.signals().untaken(&run.id).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_that_wait_for_each_others_items_wait_until_a_person_moves_one() {
    let host = TestHost::new().await;
    let items = ["a", "b"].map(|key| json!({ "do": "put-item", "key": key }));
    let project = host.run(json!({ "do": "in-turn", "inputs": items })).await.project;
    let mut runs = Vec::new();
    for (own, other) in [("a", "b"), ("b", "a")] {
        runs.push(host.run(json!({ "do": "turn", "own": own, "other": other })).await);
    }
    for run in &runs {
        host.drive(&run.id).await;
        let State::Waiting { wait } = host.find(&run.id).await.state else { panic!("it does not wait") };
        assert_eq!((wait.awaited().len(), wait.due()), (1, None));
    }
    let person = Author::Person(tester());
    host.app.backlog.move_to(&project, "b", Status::Review, "It cannot wait.", &person).await.unwrap();
    for (run, seen) in runs.iter().zip(["review", "in-progress"]) {
        host.drive(&run.id).await;
        let ended = host.find(&run.id).await;
        assert_eq!(ended.output, Some(json!(seen)), "{:?}", ended.state);
    }
}

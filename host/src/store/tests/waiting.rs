use serde_json::json;

use super::{
    fresh, id, run,
    runs::{add, go, state},
};
use crate::{
    actor::Actor,
    interfaces::{
        backlog::{Author, Backlog, Draft, Kind, Labels, Status},
        item_changes::ItemChanges,
        signals::Signals,
    },
    journal::{Awaited, QuestionId, Wait},
    kernel::run::{CancelCause, Repin, Run, Runs, State},
    store::Store,
};

fn task() -> Draft {
    let (key, title) = ("1".to_owned(), "A".to_owned());
    Draft { kind: Kind::Task, key, title, body: String::new(), parent: None, after: Vec::new(), priority: 5, labels: Labels::default() }
}

#[tokio::test]
async fn the_first_of_several_things_wakes_a_run() {
    let (_folder, store) = fresh().await;
    for name in ["a", "b"] {
        add(&store, &run(name)).await;
    }
    let any = |of: Vec<Awaited>, until| State::Waiting { wait: Wait::Any { of, until } };
    let all = || vec![Awaited::Run(id("b")), Awaited::Signal("go".to_owned()), Awaited::Question(QuestionId::of(&id("a"), 1))];
    go(&store, "a", any(all(), Some(50))).await;
    assert_eq!(store.next_due(None).await.unwrap(), Some(50));
    store.send(&id("a"), "stop", &json!(1), &Actor::operator("ada")).await.unwrap();
    assert_eq!(state(&store, "a").await.as_str(), "waiting", "another signal wakes nobody");
    store.send(&id("a"), "go", &json!(1), &Actor::operator("ada")).await.unwrap();
    assert_eq!((state(&store, "a").await, store.next_due(None).await.unwrap()), (State::Queued, None));
    // What came while nobody looked is not waited for.
    assert_eq!(state_of_waiting(&store, any(all(), None)).await, State::Queued);
    store.take(&id("a"), "go", 1).await.unwrap();
    go(&store, "b", State::Running).await;
    assert_eq!(state_of_waiting(&store, any(all(), None)).await.as_str(), "waiting");
    go(&store, "b", State::Succeeded).await;
    assert_eq!(state(&store, "a").await, State::Queued);
}

async fn state_of_waiting(store: &Store, waiting: State) -> State {
    go(store, "a", waiting).await;
    state(store, "a").await
}

#[tokio::test]
async fn an_item_that_changes_wakes_a_run_that_saw_it_before() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    let project = run("a").project;
    let by = Author::Person(Actor::operator("ada"));
    store.put(&project, &[task()], &by).await.unwrap();
    let seen = store.see(&project, "1").await.unwrap();
    let waits = |revision| State::Waiting { wait: Wait::Any { of: vec![Awaited::Item { key: "1".to_owned(), revision }], until: None } };
    assert_eq!(state_of_waiting(&store, waits(seen.revision)).await.as_str(), "waiting");
    store.put(&project, &[task()], &by).await.unwrap();
    assert_eq!(state(&store, "a").await.as_str(), "waiting", "what says the same is no change");
    store.move_to(&project, "1", Status::InProgress, "", &by).await.unwrap();
    assert_eq!(state(&store, "a").await, State::Queued);
    assert_eq!(state_of_waiting(&store, waits(seen.revision)).await, State::Queued, "it came meanwhile");
    let seen = store.see(&project, "1").await.unwrap();
    assert_eq!(seen.status, Status::InProgress);
    assert_eq!(state_of_waiting(&store, waits(seen.revision)).await.as_str(), "waiting");
}

#[tokio::test]
async fn what_a_run_that_ends_holds_is_given_up() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    for (name, parent) in [("a1", "a"), ("a2", "a"), ("a11", "a1")] {
        add(&store, &Run { parent: Some((id(parent), 1)), root: id("a"), ..run(name) }).await;
    }
    go(&store, "a2", State::Succeeded).await;
    go(&store, "a", State::Succeeded).await;
    assert_eq!(store.cancel_requests().await.unwrap(), [id("a1"), id("a11")]);
    let cancelling = store.find(&id("a11")).await.unwrap().unwrap().cancelling.unwrap();
    assert_eq!(cancelling.cause, CancelCause::Ended);
    // One that would wait is queued instead, so that it can be told.
    go(&store, "a11", State::Waiting { wait: Wait::Until(50) }).await;
    assert_eq!(state(&store, "a11").await, State::Queued);
    assert_eq!(store.find(&id("a2")).await.unwrap().unwrap().cancelling, None);
}

#[tokio::test]
async fn what_a_call_started_is_cancelled_in_the_step_that_gives_the_call_up() {
    let (_folder, store) = fresh().await;
    add(&store, &run("a")).await;
    for (name, parent, seq) in [("kept", "a", 1), ("given-up", "a", 3), ("below", "given-up", 1), ("ended", "a", 4)] {
        add(&store, &Run { parent: Some((id(parent), seq)), root: id("a"), ..run(name) }).await;
    }
    go(&store, "ended", State::Succeeded).await;
    let seen = store.find(&id("a")).await.unwrap().unwrap();
    let repin = Repin { run: &seen, parent: None, version: "0.2.0", hash: "11", given_up_from: 2, reopened: &[] };
    assert!(store.repin(repin, Vec::new()).await.unwrap());
    let cause = async |name: &str| store.find(&id(name)).await.unwrap().unwrap().cancelling.map(|cancelling| cancelling.cause);
    assert_eq!((cause("given-up").await, cause("below").await), (Some(CancelCause::Run), Some(CancelCause::Ended)));
    assert_eq!((cause("kept").await, cause("ended").await, cause("a").await), (None, None, None));
}

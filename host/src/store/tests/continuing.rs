use serde_json::json;

use super::{child, draft, entry, fresh, id, open, run, write};
use crate::{
    actor::Actor,
    events::EventLog,
    interfaces::people::{Filter, Question, QuestionStatus, Questions, Severity},
    journal::{Continuation, Effect, Entry, EntryState, Journal, Wait, Write},
    kernel::run::{Added, CancelCause, Run, Runs, State},
    store::Store,
};

fn to(seq: u64) -> Continuation {
    Continuation { seq, input: json!({ "from": seq }), at: 100 + seq }
}

fn intended(seq: u64) -> Write {
    let entry = Entry { state: EntryState::Intended, effect: Effect::Write, answer: None, answered_at: None, ..entry("a", seq) };
    Write { entry, events: Vec::new() }
}

async fn executing() -> (tempfile::TempDir, Store) {
    let (folder, store) = fresh().await;
    assert_eq!(store.add(&Run { state: State::Running, ..run("a") }, 1, Vec::new()).await.unwrap(), Added::New);
    (folder, store)
}

async fn continued(store: &Store, seq: u64) -> bool {
    let event = draft("a", "continued", json!({ "seq": seq }));
    store.continue_with(&id("a"), &to(seq), State::Queued, vec![event]).await.unwrap()
}

#[tokio::test]
async fn a_run_that_begins_again_later_waits_until_then() {
    let later = State::Waiting { wait: Wait::Until(500) };
    let (_folder, store) = executing().await;
    store.write(vec![intended(2)]).await.unwrap();
    assert!(store.continue_with(&id("a"), &to(2), later.clone(), Vec::new()).await.unwrap());
    let found = store.find(&id("a")).await.unwrap().unwrap();
    assert_eq!((found.state, found.journal_from, store.next_due(None).await.unwrap()), (later.clone(), 2, Some(500)));
    assert_eq!((store.wake_due(None, 499).await.unwrap(), store.wake_due(None, 500).await.unwrap()), (0, 1));
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().state, State::Queued);

    let (_folder, store) = executing().await;
    store.write(vec![intended(2)]).await.unwrap();
    store.request_cancel(&id("a"), CancelCause::Operator, false, &Actor::operator("ada")).await.unwrap();
    assert!(store.continue_with(&id("a"), &to(2), later, Vec::new()).await.unwrap());
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().state, State::Queued, "it is told at once");
}

#[tokio::test]
async fn a_run_begins_again_in_one_step() {
    let (folder, store) = executing().await;
    store.write(vec![write("a", 1), intended(2)]).await.unwrap();
    assert!(continued(&store, 2).await);
    drop(store);
    let store = open(folder.path()).await;
    let found = store.find(&id("a")).await.unwrap().unwrap();
    let expected = Run { input: json!({ "from": 2 }), started_at: 102, journal_from: 2, updated_at: found.updated_at, ..run("a") };
    assert_eq!(found, expected, "and nothing else of it has changed");
    let last = store.entries(&id("a")).await.unwrap().pop().unwrap();
    assert_eq!((last.state, last.answer.as_deref(), last.answered_at), (EntryState::Done, Some(r#"{"ok":null}"#), Some(102)));
    assert_eq!(store.entries_after(&id("a"), 2).await.unwrap(), []);
    assert_eq!(store.after(0, Some(&id("a")), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_that_is_not_executed_does_not_begin_again() {
    for state in [State::Queued, State::Succeeded, State::Cancelled] {
        let (_folder, store) = fresh().await;
        store.add(&Run { state, ..run("a") }, 1, Vec::new()).await.unwrap();
        store.write(vec![intended(1)]).await.unwrap();
        let before = store.find(&id("a")).await.unwrap();
        assert!(!continued(&store, 1).await);
        assert_eq!(store.find(&id("a")).await.unwrap(), before);
        assert_eq!(store.entries(&id("a")).await.unwrap()[0].state, EntryState::Intended);
        assert_eq!(store.after(0, None, 9).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_a_run_asked_people_is_withdrawn_when_it_begins_again() {
    let (_folder, store) = executing().await;
    let question = Question {
        text: "Which?".to_owned(),
        options: Vec::new(),
        reasoning: String::new(),
        confidence: 0.5,
        severity: Severity::Info,
        context: json!(null),
        best: None,
        expiry: None,
    };
    store.ask(&id("a"), 1, &question).await.unwrap();
    store.write(vec![intended(2)]).await.unwrap();
    assert!(continued(&store, 2).await);
    let asked = Questions::list(&store, &Filter { all: true, ..Filter::default() }).await.unwrap();
    assert!(matches!(asked[0].status, QuestionStatus::Withdrawn(_)), "{asked:?}");
}

#[tokio::test]
async fn after_a_thousand_continuations_the_last_generation_alone_is_read() {
    let (_folder, store) = executing().await;
    for generation in 1..=1_000 {
        let base = generation * 3;
        store.write(vec![write("a", base - 2), write("a", base - 1), intended(base)]).await.unwrap();
        assert!(continued(&store, base).await);
        store.transition(&id("a"), &["queued"], State::Running, None, Vec::new()).await.unwrap();
    }
    store.write(vec![write("a", 3_001), intended(3_002)]).await.unwrap();
    let run = store.find(&id("a")).await.unwrap().unwrap();
    let replayed: Vec<_> = store.entries_after(&run.id, run.journal_from).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(replayed, [3_001, 3_002]);
    assert_eq!(store.count(&run.id, run.journal_from).await.unwrap().made, 2);
    assert_eq!(store.entries(&run.id).await.unwrap().len(), 3_002, "all of it is kept");
}

#[tokio::test]
async fn a_fork_of_a_run_that_continued_has_the_entries_that_are_replayed() {
    let (_folder, store) = executing().await;
    store.write(vec![write("a", 1), intended(2)]).await.unwrap();
    assert!(continued(&store, 2).await);
    store.write(vec![write("a", 3), write("a", 4)]).await.unwrap();
    for (name, at, expected) in [("first", 3, vec![]), ("later", 4, vec![3]), ("whole", 5, vec![3, 4])] {
        store.add(&Run { forked_from: Some((id("a"), at)), journal_from: 2, ..run(name) }, 1, Vec::new()).await.unwrap();
        let copied: Vec<_> = store.entries(&id(name)).await.unwrap().iter().map(|entry| entry.seq).collect();
        assert_eq!((copied, store.find(&id(name)).await.unwrap().unwrap().journal_from), (expected, 2));
    }
}

#[tokio::test]
async fn ended_children_of_earlier_rounds_count_towards_no_limit() {
    let (_folder, store) = executing().await;
    for (name, state) in [("a1", State::Succeeded), ("a2", State::Queued)] {
        store.add(&Run { state, ..child(name, "a", 1) }, 9, Vec::new()).await.unwrap();
    }
    assert_eq!(store.add(&child("a3", "a", 1), 3, Vec::new()).await.unwrap(), Added::Full);
    store.write(vec![intended(2)]).await.unwrap();
    assert!(continued(&store, 2).await);
    assert_eq!(store.add(&child("a3", "a", 3), 3, Vec::new()).await.unwrap(), Added::New, "a2 has not ended and counts");
    assert_eq!(store.add(&child("a4", "a", 4), 3, Vec::new()).await.unwrap(), Added::Full);
}

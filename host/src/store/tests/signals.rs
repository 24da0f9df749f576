use serde_json::json;

use super::{HOSTILE, fresh, id, open, run};
use crate::{
    actor::Actor,
    events::{Category, EventLog},
    interfaces::signals::{MOST_UNTAKEN, Signal, SignalError, Signals},
    kernel::run::{Runs, State},
    store::Store,
};

async fn with_run() -> (tempfile::TempDir, Store) {
    let (folder, store) = fresh().await;
    store.add(&run("a"), 1, Vec::new()).await.unwrap();
    (folder, store)
}

async fn taken(store: &Store, name: &str, seq: u64) -> Option<u64> {
    store.take(&id("a"), name, seq).await.unwrap().map(|signal| signal.place)
}

#[tokio::test]
async fn signals_are_taken_once_in_their_order_by_name() {
    let (_folder, store) = with_run().await;
    for (name, value) in [("go", json!(1)), ("stop", json!(null)), ("go", json!({ "n": 2 }))] {
        store.send(&id("a"), name, &value, &Actor::operator("ada")).await.unwrap();
    }
    assert!(store.untaken(&id("a")).await.unwrap().iter().any(|signal| signal.name == "stop"));
    assert_eq!((taken(&store, "go", 4).await, taken(&store, "go", 5).await, taken(&store, "go", 6).await), (Some(1), Some(3), None));
    assert!(store.untaken(&id("a")).await.unwrap().iter().all(|signal| signal.name != "go"));
    let left = store.untaken(&id("a")).await.unwrap();
    let [Signal { place: 2, name, value, sent_at, sent_by }] = &left[..] else { panic!("{left:?}") };
    assert_eq!((&**name, value, &**sent_by, *sent_at > 0), ("stop", &json!(null), "ada", true));
}

#[tokio::test]
async fn a_call_that_is_made_again_gets_the_signal_it_took() {
    let (folder, store) = with_run().await;
    store.send(&id("a"), "go", &json!({ "n": 1 }), &Actor::operator("ada")).await.unwrap();
    let first = store.take(&id("a"), "go", 7).await.unwrap().unwrap();
    drop(store);
    let store = open(folder.path()).await;
    store.send(&id("a"), "go", &json!({ "n": 2 }), &Actor::operator("ada")).await.unwrap();
    store.send(&id("a"), "other", &json!(null), &Actor::operator("ada")).await.unwrap();
    assert_eq!(store.take(&id("a"), "go", 7).await.unwrap().unwrap(), first);
    assert_eq!(store.take(&id("a"), "other", 7).await.unwrap().unwrap(), first, "a call takes one signal, whatever it asks for");
    assert_eq!((taken(&store, "go", 8).await, taken(&store, "other", 9).await), (Some(2), Some(3)));
}

#[tokio::test]
async fn calls_that_take_at_once_get_one_each() {
    let (_folder, store) = with_run().await;
    for n in 0..20 {
        store.send(&id("a"), "go", &json!(n), &Actor::operator("ada")).await.unwrap();
    }
    let takes: Vec<_> = (1..=20)
        .map(|seq| {
            let store = store.clone();
            tokio::spawn(async move { taken(&store, "go", seq).await })
        })
        .collect();
    let mut places = Vec::new();
    for take in takes {
        places.push(take.await.unwrap().unwrap());
    }
    places.sort_unstable();
    assert_eq!(places, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_no_run_would_take_is_rejected() {
    let (_folder, store) = with_run().await;
    let send = async |run: &str, name: &str, value: &serde_json::Value| store.send(&id(run), name, value, &Actor::operator("ada")).await;
    assert_eq!(send("b", "go", &json!(1)).await, Err(SignalError::NoRun(id("b"))));
    assert!(matches!(send("a", "Go", &json!(1)).await, Err(SignalError::Name(_))));
    assert!(matches!(send("a", "go", &json!("x".repeat(64 << 10))).await, Err(SignalError::TooLarge(_))));
    for state in [State::Succeeded, State::Failed { error: crate::journal::CallError::other("No.") }, State::Cancelled] {
        let word = state.as_str();
        store.add(&crate::kernel::run::Run { state, ..run(word) }, 1, Vec::new()).await.unwrap();
        assert_eq!(send(word, "go", &json!(1)).await, Err(SignalError::Ended { run: id(word), state: word.to_owned() }));
    }
    store.add(&run("told"), 1, Vec::new()).await.unwrap();
    for at_once in [false, true] {
        store.request_cancel(&id("told"), crate::kernel::run::CancelCause::Operator, at_once, &Actor::operator("ada")).await.unwrap();
        assert_eq!(send("told", "go", &json!(1)).await, Err(SignalError::Cancelling(id("told"))));
    }
    assert_eq!(store.untaken(&id("a")).await.unwrap(), []);
    assert_eq!(store.latest(Category::Audit, None, 10).await.unwrap(), [], "what was rejected is not told as sent");
}

#[tokio::test]
async fn a_flood_ends_at_the_limit_and_goes_on_once_some_are_taken() {
    let (_folder, store) = with_run().await;
    for _ in 0..MOST_UNTAKEN {
        store.send(&id("a"), "go", &json!(1), &Actor::operator("ada")).await.unwrap();
    }
    for name in ["go", "other"] {
        assert_eq!(store.send(&id("a"), name, &json!(1), &Actor::operator("ada")).await, Err(SignalError::TooMany(id("a"))));
    }
    assert_eq!(taken(&store, "go", 1).await, Some(1));
    store.send(&id("a"), "other", &json!(1), &Actor::operator("ada")).await.unwrap();
    assert_eq!(taken(&store, "other", 2).await, Some(MOST_UNTAKEN + 1));
}

#[tokio::test]
async fn a_signal_is_told_with_who_sent_it_and_comes_back_as_it_was() {
    let (_folder, store) = with_run().await;
    for (seq, text) in (1..).zip(HOSTILE) {
        store.send(&id("a"), "go", &json!({ text: [text] }), &Actor::operator(text)).await.unwrap();
        let signal = store.take(&id("a"), "go", seq).await.unwrap().unwrap();
        assert_eq!((signal.value, &*signal.sent_by), (json!({ text: [text] }), text));
    }
    let told = store.latest(Category::Audit, None, 1).await.unwrap().pop().unwrap().draft;
    let last = HOSTILE.len();
    assert_eq!((&*told.name, told.run, told.actor), ("signal_sent", Some(id("a")), Some(Actor::operator(HOSTILE[last - 1]))));
    assert_eq!(told.data, json!({ "signal": "go", "place": last, "bytes": r#"{"":[""]}"#.len() }));
}

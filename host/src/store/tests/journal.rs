use serde_json::json;

use super::{HOSTILE, draft, entry, fresh, id, open, write};
use crate::{
    events::EventLog,
    journal::{Count, Entry, EntryState, Journal, Write},
};

const MEBIBYTE: usize = 1024 * 1024;

fn large(fill: char) -> String {
    fill.to_string().repeat(MEBIBYTE)
}

#[tokio::test]
async fn an_entry_comes_back_as_it_was_written() {
    let (_folder, store) = fresh().await;
    let mut expected = Vec::new();
    for (seq, text) in (1..).zip(HOSTILE) {
        let texts =
            Entry { call: text.to_owned(), request: text.to_owned(), answer: Some(text.to_owned()), repeated: true, ..entry("it's", seq) };
        store.write(vec![Write { entry: texts.clone(), events: Vec::new() }]).await.unwrap();
        expected.push(texts);
    }
    assert_eq!(store.entries(&id("it's")).await.unwrap(), expected);
    assert_eq!(store.entries(&id("its")).await.unwrap(), []);
}

#[tokio::test]
async fn a_later_state_of_a_call_replaces_the_earlier_also_within_one_write() {
    let (_folder, store) = fresh().await;
    let intended = Entry { state: EntryState::Intended, answer: None, answered_at: None, ..entry("a", 1) };
    let intent = Write { entry: intended.clone(), events: Vec::new() };
    store.write(vec![intent.clone()]).await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap(), [intended]);
    store.write(vec![intent.clone(), write("a", 2), intent, write("a", 1)]).await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap(), [entry("a", 1), entry("a", 2)]);
}

#[tokio::test]
async fn large_texts_lie_beside_the_database_and_come_back() {
    let (folder, store) = fresh().await;
    let expected = Entry { request: large('q'), answer: Some(large('ä')), ..entry("a", 1) };
    store.write(vec![Write { entry: expected.clone(), events: Vec::new() }]).await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap(), [expected]);
    store.close().await;
    let database = std::fs::metadata(folder.path().join("baton.db")).unwrap().len();
    assert!(database < MEBIBYTE as u64, "the database has {database} bytes");
}

#[tokio::test]
async fn a_blob_that_was_changed_or_lost_is_told_of() {
    let (folder, store) = fresh().await;
    store.write(vec![Write { entry: Entry { request: large('q'), ..entry("a", 1) }, events: Vec::new() }]).await.unwrap();
    let hash = blake3::hash(large('q').as_bytes()).to_hex().to_string();
    let blob = folder.path().join("blobs").join(&hash[..2]).join(&hash);
    std::fs::write(&blob, large('x')).unwrap();
    let error = store.entries(&id("a")).await.unwrap_err().to_string();
    assert!(error.contains(&hash) && error.contains("is damaged"), "{error}");
    assert!(error.contains("call 1 of run a ") && error.contains("`baton runs fork a --at 1`"), "{error}");
    store.write(vec![write("a", 2)]).await.unwrap();
    let inspected = store.inspect(&id("a")).await.unwrap();
    assert!(inspected[0].damage.is_some() && inspected[0].entry.answer == entry("a", 1).answer);
    assert_eq!((inspected[1].damage.as_ref(), &inspected[1].entry), (None, &entry("a", 2)));
    let outline = store.outline(&id("a"), 0, 1).await.unwrap();
    assert_eq!(outline, [Entry { request: String::new(), answer: None, ..entry("a", 1) }], "no text is read for it");
    assert_eq!(store.outline(&id("a"), 1, 9).await.unwrap()[0].seq, 2);
    assert_eq!(store.find_entry(&id("a"), 1).await.unwrap().as_ref(), Some(&inspected[0]));
    assert_eq!((store.find_entry(&id("a"), 3).await.unwrap(), store.find_entry(&id("b"), 1).await.unwrap()), (None, None));
    assert_eq!(store.count(&id("a"), 0).await.unwrap(), Count { made: 2, answered: 2 });
    assert_eq!(store.count(&id("a"), 1).await.unwrap(), Count { made: 1, answered: 1 });
    std::fs::remove_file(&blob).unwrap();
    let error = store.entries(&id("a")).await.unwrap_err().to_string();
    assert!(error.contains("is missing"), "{error}");
    std::fs::write(&blob, large('x')).unwrap();
    store.write(vec![Write { entry: Entry { request: large('q'), ..entry("a", 3) }, events: Vec::new() }]).await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap().len(), 3, "writing the same text puts the file right");
}

#[tokio::test]
async fn an_entry_and_its_events_are_one() {
    let (_folder, store) = fresh().await;
    let events = vec![draft("a", "one", json!({ "x": 1 })), draft("a", "two", json!({}))];
    store.write(vec![Write { entry: entry("a", 1), events: events.clone() }]).await.unwrap();
    let kept: Vec<_> = store.after(0, None, 10).await.unwrap().into_iter().map(|event| event.draft).collect();
    assert_eq!(kept, events);
}

#[tokio::test]
async fn what_is_enqueued_is_durable_before_any_later_write() {
    let (folder, store) = fresh().await;
    for seq in 1..=700 {
        store.enqueue(write("a", seq)).await.unwrap();
    }
    store.write(vec![write("b", 1)]).await.unwrap();
    // Another connection to the same file, as after a crash: nothing was shut down.
    let after_the_crash = open(folder.path()).await;
    let seqs: Vec<_> = after_the_crash.entries(&id("a")).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (1..=700).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_keep_their_own_order_and_lose_nothing() {
    let (folder, store) = fresh().await;
    let store = std::sync::Arc::new(store);
    let mut heard = store.listen();
    let tasks = (0..100).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let run = format!("run-{task}");
            for seq in 1..=20 {
                let events = vec![draft(&run, "step", json!({ "seq": seq }))];
                store.write(vec![Write { entry: entry(&run, seq), events }]).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(tasks).await.unwrap();
    drop(store);
    let store = open(folder.path()).await;
    for task in 0..100 {
        let run = format!("run-{task}");
        assert_eq!(store.entries(&id(&run)).await.unwrap(), (1..=20).map(|seq| entry(&run, seq)).collect::<Vec<_>>());
        let events = store.after(0, Some(&id(&run)), 100).await.unwrap();
        let seqs: Vec<_> = events.iter().map(|event| event.draft.data["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
    }
    for cursor in 1..=2_000 {
        assert_eq!(heard.try_recv().unwrap().cursor, cursor);
    }
}

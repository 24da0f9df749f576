use serde_json::{Value, json};

use super::{HOSTILE, fresh, open};
use crate::interfaces::state::{DocumentScope, Documents, DocumentsError, Versioned};

fn place(key: &str) -> DocumentScope<'_> {
    DocumentScope { project: "demo", bucket: "notes", key }
}

fn conflict(expected: u64, found: u64) -> DocumentsError {
    DocumentsError::Conflict { key: "k".to_owned(), expected, found }
}

#[tokio::test]
async fn a_document_is_set_only_over_the_version_that_was_read() {
    let (_folder, store) = fresh().await;
    assert_eq!(store.get(place("k")).await.unwrap(), None);
    assert_eq!(store.set(place("k"), &json!(1), Some(4), "w:1").await.unwrap_err(), conflict(4, 0));
    assert_eq!(store.set(place("k"), &json!(1), Some(0), "w:2").await.unwrap(), 1);
    assert_eq!(store.set(place("k"), &json!(2), Some(0), "w:3").await.unwrap_err(), conflict(0, 1));
    assert_eq!(store.set(place("k"), &json!(2), Some(u64::MAX), "w:4").await.unwrap_err(), conflict(u64::MAX, 1));
    assert_eq!(store.set(place("k"), &json!(2), Some(1), "w:5").await.unwrap(), 2);
    assert_eq!(store.set(place("k"), &json!(3), None, "w:6").await.unwrap(), 3);
    assert_eq!(store.get(place("k")).await.unwrap(), Some(Versioned { value: json!(3), version: 3 }));
}

#[tokio::test]
async fn the_same_writer_again_changes_nothing() {
    let (_folder, store) = fresh().await;
    assert_eq!(store.set(place("k"), &json!("first"), Some(0), "w:1").await.unwrap(), 1);
    assert_eq!(store.set(place("k"), &json!("again"), Some(0), "w:1").await.unwrap(), 1);
    assert_eq!(store.get(place("k")).await.unwrap(), Some(Versioned { value: json!("first"), version: 1 }));
}

#[tokio::test]
async fn versions_go_on_behind_a_deletion() {
    let (folder, store) = fresh().await;
    store.delete(place("k")).await.unwrap();
    store.set(place("k"), &json!(1), None, "w:1").await.unwrap();
    store.delete(place("k")).await.unwrap();
    assert_eq!(store.get(place("k")).await.unwrap(), None);
    assert_eq!(store.keys("demo", "notes", "").await.unwrap(), [""; 0]);
    drop(store);
    let store = open(folder.path()).await;
    assert_eq!(store.set(place("k"), &json!(2), Some(1), "w:2").await.unwrap_err(), conflict(1, 0));
    assert_eq!(store.set(place("k"), &json!(2), Some(0), "w:3").await.unwrap(), 2);
}

#[tokio::test]
async fn keys_begin_with_the_prefix_and_with_nothing_that_resembles_it() {
    let (_folder, store) = fresh().await;
    for key in ["b", "a%1", "a1", "A%1", "ä2", "ä1", "", "'"] {
        store.set(place(key), &json!({}), None, "w").await.unwrap();
    }
    store.set(DocumentScope { bucket: "other", ..place("a%2") }, &json!({}), None, "w").await.unwrap();
    store.set(DocumentScope { project: "other", ..place("a%3") }, &json!({}), None, "w").await.unwrap();
    assert_eq!(store.keys("demo", "notes", "a%").await.unwrap(), ["a%1"]);
    assert_eq!(store.keys("demo", "notes", "ä").await.unwrap(), ["ä1", "ä2"]);
    assert_eq!(store.keys("demo", "notes", "").await.unwrap(), ["", "'", "A%1", "a%1", "a1", "b", "ä1", "ä2"]);
}

#[tokio::test]
async fn any_key_and_any_value_comes_back() {
    let (_folder, store) = fresh().await;
    for text in HOSTILE {
        let value = json!({ text: [text, null, 1.5, u64::MAX, "\u{0}"], "large": "x".repeat(1 << 20) });
        store.set(DocumentScope { project: text, bucket: text, key: text }, &value, None, text).await.unwrap();
        assert_eq!(store.get(DocumentScope { project: text, bucket: text, key: text }).await.unwrap().unwrap().value, value);
    }
    store.set(place("null"), &Value::Null, None, "w").await.unwrap();
    assert_eq!(store.get(place("null")).await.unwrap(), Some(Versioned { value: Value::Null, version: 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_read_the_same_version_one_writes() {
    let (_folder, store) = fresh().await;
    let store = &store;
    let writers: Vec<_> = (0..50).map(|writer| format!("w:{writer}")).collect();
    let attempts = writers.iter().map(|writer| async move { store.set(place("k"), &json!(writer), Some(0), writer).await });
    let outcomes = futures::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(DocumentsError::Conflict { found: 1, .. }))).count(), 49);
}

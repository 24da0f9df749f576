use serde_json::{Value, json};

use super::{HOSTILE, fresh, id, run};
use crate::{
    interfaces::published::{MOST_KEYS, PublishError, Published},
    kernel::run::Runs,
    store::Store,
};

async fn with_runs() -> (tempfile::TempDir, Store) {
    let (folder, store) = fresh().await;
    for name in ["a", "b"] {
        store.add(&run(name), 1, Vec::new()).await.unwrap();
    }
    (folder, store)
}

async fn shown(store: &Store, run: &str) -> Vec<(String, Value)> {
    store.published(&id(run)).await.unwrap().into_iter().map(|shown| (shown.key, shown.value)).collect()
}

#[tokio::test]
async fn the_last_value_of_a_key_is_shown_and_null_removes_it() {
    let (_folder, store) = with_runs().await;
    for (key, value) in
        [("b", json!(1)), ("a.x", json!({ "n": null })), ("b", json!([2])), ("c", json!(3)), ("c", json!(null)), ("d", json!(null))]
    {
        store.publish(&id("a"), key, &value).await.unwrap();
    }
    store.publish(&id("b"), "b", &json!(9)).await.unwrap();
    assert_eq!(shown(&store, "a").await, [("a.x".to_owned(), json!({ "n": null })), ("b".to_owned(), json!([2]))]);
    assert_eq!(shown(&store, "b").await, [("b".to_owned(), json!(9))]);
    assert_eq!(shown(&store, "none").await, []);
    let at: Vec<_> = store.published(&id("a")).await.unwrap().iter().map(|shown| shown.at).collect();
    assert!(at[1] > at[0], "the time is that of the last value: {at:?}");
}

#[tokio::test]
async fn a_run_shows_so_many_keys_and_changes_them_at_the_limit() {
    let (_folder, store) = with_runs().await;
    for key in 0..MOST_KEYS {
        store.publish(&id("a"), &format!("k{key}"), &json!(key)).await.unwrap();
    }
    assert_eq!(store.publish(&id("a"), "more", &json!(1)).await, Err(PublishError::Full));
    store.publish(&id("a"), "k0", &json!("changed")).await.unwrap();
    store.publish(&id("a"), "more", &json!(null)).await.unwrap();
    store.publish(&id("a"), "k1", &json!(null)).await.unwrap();
    store.publish(&id("a"), "more", &json!(1)).await.unwrap();
    assert_eq!(shown(&store, "a").await.len() as u64, MOST_KEYS);
    store.publish(&id("b"), "more", &json!(1)).await.unwrap();
}

#[tokio::test]
async fn values_come_back_as_they_were() {
    let (_folder, store) = with_runs().await;
    for text in HOSTILE {
        store.publish(&id("a"), "k", &json!({ text: [text, 1.5e300, -0.0] })).await.unwrap();
        assert_eq!(shown(&store, "a").await[0].1, json!({ text: [text, 1.5e300, -0.0] }));
    }
}

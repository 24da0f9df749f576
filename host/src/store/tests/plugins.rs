use super::{
    HOSTILE, fresh, open, run,
    runs::{add, go},
};
use crate::{
    events::{Category, Draft, EventLog},
    kernel::{
        run::{Run, State},
        versions::{Claim, Need, Published, Version, Versions},
    },
    store::Store,
};

fn published(file: &str, plugin: &str, hash: &str, published_at: u64) -> Published {
    Published { file: file.to_owned(), plugin: plugin.to_owned(), version: "1.0.0".to_owned(), hash: hash.to_owned(), published_at }
}

fn version(hash: &str, kept_at: u64) -> Version {
    Version { hash: hash.to_owned(), plugin: "scribe".to_owned(), version: "1.0.0".to_owned(), bundled: false, kept_at }
}

fn event(name: &str) -> Vec<Draft> {
    vec![Draft::for_test(Category::Plugin, name, None, serde_json::json!({}))]
}

async fn told(store: &Store) -> Vec<String> {
    store.after(0, None, 100).await.unwrap().into_iter().map(|event| event.draft.name).collect()
}

#[tokio::test]
async fn a_file_holds_one_plugin_and_a_plugin_lies_in_one_file() {
    let (folder, store) = fresh().await;
    store.publish(&published("b.wasm", "scribe", "1", 2), event("published")).await.unwrap();
    store.publish(&published("a.wasm", "clerk", "2", 3), Vec::new()).await.unwrap();
    // Another name, and another plugin in the file of one that was there.
    store.publish(&published("c.wasm", "scribe", "1", 4), Vec::new()).await.unwrap();
    store.publish(&published("a.wasm", "writer", "3", 1), Vec::new()).await.unwrap();
    store.close().await;
    let store = open(folder.path()).await;
    let last = [published("a.wasm", "writer", "3", 1), published("c.wasm", "scribe", "1", 4)];
    assert_eq!(store.published().await.unwrap(), last, "the oldest first");
    assert!(store.withdraw("c.wasm", event("removed")).await.unwrap());
    assert!(!store.withdraw("c.wasm", event("removed")).await.unwrap());
    assert_eq!(store.published().await.unwrap(), last[..1]);
    assert_eq!(told(&store).await, ["published", "removed"], "what was not known is not told of");
}

#[tokio::test]
async fn a_version_is_forgotten_when_nobody_needs_it() {
    let (_folder, store) = fresh().await;
    store.keep(&version("aa", 10)).await.unwrap();
    store.keep(&version("aa", 20)).await.unwrap();
    assert_eq!(store.kept().await.unwrap(), [version("aa", 20)], "kept once, and needed last then");
    let forgotten = async |before: u64| store.forget("aa", before, event("retired")).await.unwrap();
    assert!(!forgotten(20).await, "it was needed just now");
    store.publish(&published("a.wasm", "scribe", "aa", 1), Vec::new()).await.unwrap();
    assert!(!forgotten(21).await, "a file holds it");
    store.withdraw("a.wasm", Vec::new()).await.unwrap();
    add(&store, &Run { plugin: "scribe".to_owned(), plugin_hash: "aa".to_owned(), ..run("r") }).await;
    assert!(!forgotten(21).await, "a run needs it");
    let needed = store.needed().await.unwrap();
    assert_eq!(needed.iter().map(|Need { plugin, hash, runs, .. }| (&**plugin, &**hash, *runs)).collect::<Vec<_>>(), [("scribe", "aa", 1)]);
    go(&store, "r", State::Cancelled).await;
    assert_eq!(store.needed().await.unwrap(), []);
    let bound = serde_json::json!([{ "run": "r", "plugin": "scribe", "by": "grants", "hash": "aa" }]);
    add(&store, &Run { ceiling: serde_json::from_value(bound).unwrap(), ..run("below") }).await;
    assert!(!forgotten(21).await, "its grants are the ceiling of a run");
    go(&store, "below", State::Cancelled).await;
    assert!(forgotten(21).await);
    assert!(!forgotten(21).await);
    assert_eq!(store.kept().await.unwrap(), []);
    assert_eq!(told(&store).await.iter().filter(|name| *name == "retired").count(), 1);
}

#[tokio::test]
async fn whatever_a_file_is_called_comes_back_as_it_was() {
    let (_folder, store) = fresh().await;
    for text in HOSTILE {
        let kept = published(text, text, text, 1);
        store.publish(&kept, Vec::new()).await.unwrap();
        assert!(store.published().await.unwrap().contains(&kept), "{text:?}");
        store.keep(&Version { plugin: text.to_owned(), ..version(text, 1) }).await.unwrap();
        assert!(store.kept().await.unwrap().iter().any(|kept| kept.hash == text && kept.plugin == text), "{text:?}");
    }
}

#[tokio::test]
async fn a_name_belongs_to_one_file_until_somebody_says_otherwise() {
    let (_folder, store) = fresh().await;
    let holder = async || store.claims().await.unwrap().into_iter().map(|claim| (claim.file, claim.hash)).collect::<Vec<_>>();
    let is = |file: &str, hash: &str| vec![(file.to_owned(), hash.to_owned())];
    store.publish(&published("a.wasm", "scribe", "1", 1), Vec::new()).await.unwrap();
    store.withdraw("a.wasm", Vec::new()).await.unwrap();
    assert_eq!(holder().await, is("a.wasm", "1"), "also while the file is away");
    store.publish(&published("b.wasm", "scribe", "2", 2), Vec::new()).await.unwrap();
    assert_eq!(holder().await, is("a.wasm", "1"), "another file does not take it");
    store.publish(&published("a.wasm", "scribe", "3", 3), Vec::new()).await.unwrap();
    store.publish(&published("c.wasm", "scribe", "3", 4), Vec::new()).await.unwrap();
    assert_eq!(holder().await, is("c.wasm", "3"), "the same under another name does");
    let claim = Claim { plugin: "scribe".to_owned(), file: "b.wasm".to_owned(), hash: "2".to_owned() };
    store.claim(&claim).await.unwrap();
    assert_eq!(store.claims().await.unwrap(), [claim]);
    store.unclaim("scribe").await.unwrap();
    assert!(store.claims().await.unwrap().is_empty());
}

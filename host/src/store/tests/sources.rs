use super::{HOSTILE, fresh, open};
use crate::kernel::sources::{Source, Sources};

fn source(plugin: &str, reference: &str) -> Source {
    Source {
        plugin: plugin.to_owned(),
        reference: reference.to_owned(),
        digest: "sha256:aa".to_owned(),
        hash: "bb".to_owned(),
        installed_at: 0,
    }
}

#[tokio::test]
async fn the_last_source_of_a_plugin_is_remembered_until_it_is_forgotten() {
    let (folder, store) = fresh().await;
    store.remember(&source("scribe", "example.org/scribe:1.0.0")).await.unwrap();
    store.remember(&source("clerk", "example.org/clerk:1")).await.unwrap();
    store.remember(&source("scribe", "example.org/scribe:2.0.0")).await.unwrap();
    store.forget("clerk").await.unwrap();
    store.forget("nobody").await.unwrap();
    store.close().await;
    let kept = open(folder.path()).await.sources().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].installed_at > 0, "the store dates it");
    assert_eq!(Source { installed_at: 0, ..kept[0].clone() }, source("scribe", "example.org/scribe:2.0.0"));
}

#[tokio::test]
async fn whatever_a_source_is_called_comes_back_as_it_was() {
    let (_folder, store) = fresh().await;
    for text in HOSTILE {
        store.remember(&source(text, text)).await.unwrap();
        let kept = store.sources().await.unwrap().into_iter().find(|kept| kept.plugin == text).unwrap();
        assert_eq!(kept.reference, text);
    }
}

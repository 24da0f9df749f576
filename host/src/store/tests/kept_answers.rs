use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{HOSTILE, fresh, open};
use crate::{
    journal::Clock,
    kernel::kept_answers::{Claimed, KeptAnswers, RequestKey},
    store::Store,
};

fn key(caller: &str, key: &str) -> RequestKey {
    RequestKey { caller: caller.to_owned(), key: key.to_owned() }
}

#[tokio::test]
async fn a_key_belongs_to_the_first_request_that_comes_with_it() {
    let (folder, store) = fresh().await;
    let (ada, bob) = (key("user:ada", "k"), key("user:bob", "k"));
    assert_eq!(store.claim(&ada, "one", "p1").await.unwrap(), Claimed::New);
    assert_eq!(store.claim(&ada, "one", "p1").await.unwrap(), Claimed::InFlight);
    assert_eq!(store.claim(&ada, "two", "p1").await.unwrap(), Claimed::Other);
    assert_eq!(store.claim(&bob, "two", "p1").await.unwrap(), Claimed::New, "a caller's keys are their own");
    store.keep(&ada, "done").await.unwrap();
    store.close().await;
    let store = open(folder.path()).await;
    assert_eq!(store.claim(&ada, "one", "p2").await.unwrap(), Claimed::Answered("done".to_owned()));
    assert_eq!(store.claim(&bob, "two", "p2").await.unwrap(), Claimed::Interrupted);
}

#[tokio::test]
async fn a_key_is_given_back_only_where_nothing_was_answered() {
    let (_folder, store) = fresh().await;
    for text in HOSTILE {
        let key = key(text, text);
        assert_eq!(store.claim(&key, text, text).await.unwrap(), Claimed::New);
        store.release(&key).await.unwrap();
        assert_eq!(store.claim(&key, "other", text).await.unwrap(), Claimed::New);
        store.keep(&key, text).await.unwrap();
        store.release(&key).await.unwrap();
        assert_eq!(store.claim(&key, "other", text).await.unwrap(), Claimed::Answered(text.to_owned()));
    }
}

struct Set(AtomicU64);

impl Clock for Set {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    const A_DAY: u64 = 24 * 60 * 60 * 1_000;
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Set(AtomicU64::new(A_DAY)));
    let store = Store::open(folder.path(), Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
    let key = key("user:ada", "k");
    assert_eq!(store.claim(&key, "one", "p").await.unwrap(), Claimed::New);
    store.keep(&key, "done").await.unwrap();
    clock.0.store(2 * A_DAY - 1, Ordering::Relaxed);
    assert_eq!(store.claim(&key, "one", "p").await.unwrap(), Claimed::Answered("done".to_owned()));
    clock.0.store(2 * A_DAY, Ordering::Relaxed);
    assert_eq!(store.claim(&key, "two", "p").await.unwrap(), Claimed::New);
}

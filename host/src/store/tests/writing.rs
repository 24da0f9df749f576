//! The writer when the disk does not do what it should.

use sqlx::Executor;
use tempfile::TempDir;
use tokio::sync::broadcast;

use super::{clock, entry, id, open, write};
use crate::{
    errors::{FailureScope, Hint},
    journal::{Entry, Journal, Write},
    store::{
        Store, StoreError, database,
        journal::rows,
        queue::{Queue, Rows},
        writer::Writer,
    },
};

/// A writer on a database that may not grow, as on a full disk, and the store to look with.
async fn full_disk(folder: &TempDir) -> (Store, Queue) {
    let store = open(folder.path()).await;
    let mut connection = database::open_for_writing(folder.path(), &*clock()).await.unwrap();
    // SQLite takes a limit below the present size for the present size.
    connection.execute("pragma max_page_count = 1").await.unwrap();
    let writer = Writer::new(connection, clock(), broadcast::Sender::new(1)).await.unwrap();
    let (queue, receiver) = Queue::new();
    tokio::spawn(writer.work(receiver));
    (store, queue)
}

async fn prepared(store: &Store, run: &str, seq: u64, bytes: usize) -> Rows {
    let entry = Entry { request: "x".repeat(bytes), ..entry(run, seq) };
    rows(&store.blobs, vec![Write { entry, events: Vec::new() }]).await.unwrap()
}

#[tokio::test]
async fn on_a_full_disk_everyone_is_told_and_nothing_is_half_written() {
    let folder = TempDir::new().unwrap();
    let (store, queue) = full_disk(&folder).await;
    let mut both = prepared(&store, "a", 1, 10).await;
    both.journal.extend(prepared(&store, "a", 2, 60_000).await.journal);
    let (first, second) = tokio::join!(queue.write(both), queue.write(prepared(&store, "b", 1, 60_000).await));
    assert_eq!((first.unwrap_err(), second.unwrap_err()), (StoreError::Full, StoreError::Full));
    assert!(StoreError::Full.explain().contains("Free some space"));
    assert_eq!(store.entries(&id("a")).await.unwrap(), []);
    // The writer lives on, and what fits is kept.
    queue.write(prepared(&store, "c", 1, 10).await).await.unwrap();
    assert_eq!(store.entries(&id("c")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_does_not_go_on_behind_a_lost_write() {
    let folder = TempDir::new().unwrap();
    let (store, queue) = full_disk(&folder).await;
    queue.enqueue(prepared(&store, "a", 1, 60_000).await).await.unwrap();
    queue.enqueue(prepared(&store, "a", 2, 10).await).await.unwrap();
    assert_eq!(queue.write(prepared(&store, "a", 3, 10).await).await.unwrap_err(), StoreError::Full);
    assert_eq!(store.entries(&id("a")).await.unwrap(), []);
    // It was told once; resumed from its journal, it may write again.
    queue.write(prepared(&store, "a", 1, 10).await).await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_write_that_the_database_refuses_does_not_take_others_with_it() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await;
    database::open_for_writing(folder.path(), &*clock())
        .await
        .unwrap()
        .execute("create trigger refuse before insert on journal when new.run_id = 'bad' begin select raise(abort, 'no'); end")
        .await
        .unwrap();
    let (good, bad, enqueued, other) = tokio::join!(
        store.write(vec![write("good", 1)]),
        store.write(vec![write("mixed", 1), write("bad", 1)]),
        store.enqueue(write("mixed", 2)),
        store.write(vec![write("other", 1), write("other", 2)]),
    );
    good.unwrap();
    enqueued.unwrap();
    other.unwrap();
    let bad = bad.unwrap_err();
    assert!(bad.to_string().contains("The database reports an error: no.") && bad.scope == FailureScope::Run, "{bad:?}");
    store.write(vec![write("good", 2)]).await.unwrap();
    let kept = async |run: &str| store.entries(&id(run)).await.unwrap().len();
    assert_eq!((kept("good").await, kept("mixed").await, kept("bad").await, kept("other").await), (2, 1, 0, 2));
}

#[tokio::test]
async fn a_writer_that_is_told_to_close_first_writes_what_waits() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await;
    let connection = database::open_for_writing(folder.path(), &*clock()).await.unwrap();
    let writer = Writer::new(connection, clock(), broadcast::Sender::new(1)).await.unwrap();
    let (queue, receiver) = Queue::new();
    let waiting = async {
        for seq in 1..=1_000 {
            queue.enqueue(prepared(&store, "a", seq, 10).await).await.unwrap();
        }
        queue.close().await;
    };
    tokio::join!(waiting, writer.work(receiver));
    assert_eq!(store.entries(&id("a")).await.unwrap().len(), 1_000);
}

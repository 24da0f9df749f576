//! What a durable write costs on this machine. Ignored: it measures and proves nothing.
//! `cargo test -p baton --lib store::tests::speed -- --ignored --nocapture`

use std::{sync::Arc, time::Instant};

use super::{fresh, id, write};
use crate::journal::Journal;

const ALONE: u64 = 2_000;
const WRITERS: u64 = 100;
const EACH: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn durable_writes() {
    let (_folder, store) = fresh().await;
    let store = Arc::new(store);
    let mut times = Vec::new();
    for seq in 1..=ALONE {
        let begun = Instant::now();
        store.write(vec![write("alone", seq)]).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("alone: p50 {:?}, p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);

    let begun = Instant::now();
    let tasks = (0..WRITERS).map(|writer| tokio::spawn(one_writer(store.clone(), format!("writer-{writer}"))));
    futures::future::try_join_all(tasks).await.unwrap();
    println!("{WRITERS} writers: {:?} a write", begun.elapsed() / u32::try_from(WRITERS * EACH).unwrap());

    let begun = Instant::now();
    let entries = store.entries(&id("alone")).await.unwrap().len();
    println!("{entries} entries read in {:?}", begun.elapsed());
}

async fn one_writer(store: Arc<super::Store>, run: String) {
    for seq in 1..=EACH {
        store.write(vec![write(&run, seq)]).await.unwrap();
    }
}

//! A fresh sandbox, one call, and nothing left of it: everything the kernel does for an execution but the rows it keeps.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use baton::kernel::{
    Kernel, Order, Trial,
    registry::{Origin, Plugin},
};
use baton_tests::{HELLO, host::TestHost};
use serde_json::json;

use crate::table::{Samples, Table, micros, timed};

const WARM: usize = 500;
const CALLS: usize = 5_000;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    let kernel = &host.app.kernel;
    let trial = Arc::new(kernel.trial(host.order(json!({ "do": "echo", "say": "a word" })))?);
    calls(Arc::clone(kernel), Arc::clone(&trial), WARM).await?;
    let alone = tokio::spawn(calls(Arc::clone(kernel), Arc::clone(&trial), CALLS)).await??;
    table.add("fresh sandbox + call + drop", &Samples::of_times(alone), micros(25));
    let one = tokio::spawn(calls(Arc::clone(kernel), Arc::clone(&trial), CALLS));
    let other = tokio::spawn(calls(Arc::clone(kernel), trial, CALLS));
    let both = one.await??.into_iter().chain(other.await??);
    table.add("the same, on two threads at once", &Samples::of_times(both), None);
    let hello = Plugin::read(HELLO.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone())?;
    let order = Order { plugin: hello.package.manifest.name.clone(), ..host.order(json!({ "name": "Mary" })) };
    kernel.registry().add(hello)?;
    let trial = Arc::new(kernel.trial(order)?);
    calls(Arc::clone(kernel), Arc::clone(&trial), WARM).await?;
    let small = tokio::spawn(calls(Arc::clone(kernel), trial, CALLS)).await??;
    table.add("the same of `hello-rust`, which imports what it uses", &Samples::of_times(small), None);
    Ok(())
}

async fn calls(kernel: Arc<Kernel>, trial: Arc<Trial>, count: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let (time, answer) = timed(kernel.try_out(&trial)).await;
        answer?;
        times.push(time);
    }
    Ok(times)
}

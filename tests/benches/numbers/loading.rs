//! From the bytes of a plugin to something that can be called: compiled for the first time, and found in the cache.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use baton::kernel::{
    compiler::InProcess,
    engine::Engine,
    registry::{Origin, Plugin},
};
use baton_tests::{HELLO, PROBE, host::TestHost};

use crate::table::{Quantity, Samples, Table, millis, timed};

const ROUNDS: usize = 15;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    let plan = host.app.kernel.registry().find("plan").context("the bundled workflow is not there")?;
    load(table, "hello-rust", HELLO, (millis(150), millis(5))).await?;
    load(table, "probe", PROBE, (None, millis(5))).await?;
    load(table, "plan", &plan.package.wasm, (None, millis(5))).await
}

async fn load(table: &mut Table, name: &str, wasm: &[u8], targets: (Option<Quantity>, Option<Quantity>)) -> Result<()> {
    let (mut cold, mut cached) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        cold.push(callable(folder.path(), wasm).await?);
        cached.push(callable(folder.path(), wasm).await?);
    }
    let size = wasm.len() >> 10;
    table.add(format!("`{name}` ({size} KiB) callable, never seen"), &Samples::of_times(cold), targets.0);
    table.add(format!("`{name}` ({size} KiB) callable, from the cache"), &Samples::of_times(cached), targets.1);
    Ok(())
}

/// In an engine of its own, as after a restart.
async fn callable(cache: &Path, wasm: &[u8]) -> Result<Duration> {
    let (engine, wasm) = (Engine::new(cache, &cache.join("key"), Arc::new(InProcess))?, wasm.to_vec());
    let (time, loaded) = timed(async {
        Plugin::read(wasm, Origin::Bundled, |package| package.manifest.needs.clone())?.exports(&engine).map_err(anyhow::Error::from)
    })
    .await;
    loaded?;
    Ok(time)
}

//! How soon a guest that never ends is ended, measured against what it may compute.

use std::time::Duration;

use anyhow::{Context, Result};
use baton::{journal::Halt, kernel::Drive};
use baton_tests::host::TestHost;
use serde_json::json;

use crate::table::{Quantity, Samples, Table};

const LIMIT: Duration = Duration::from_millis(100);
const ROUNDS: usize = 10;
const MANY: usize = 4;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::with_settings(json!({ "limits": { "guest-time-ms": LIMIT.as_millis() } })).await;
    host.run(json!({ "do": "echo" })).await;
    let target = Some(Quantity::Ratio(1.2));
    let alone = ratios(&host, 1).await?;
    table.add("a guest that spins: time to its end, to its limit", &Samples::new(alone.into_iter().map(Quantity::Ratio)), target);
    // Four on fewer cores take turns, and what a guest waits for its turn is not its own.
    let turns = (MANY as f64 / std::thread::available_parallelism()?.get() as f64).max(1.0);
    let many = ratios(&host, MANY).await?;
    table.add(
        "four that spin: the same, by their share of the cores",
        &Samples::new(many.into_iter().map(|ratio| Quantity::Ratio(ratio / turns))),
        target,
    );
    Ok(())
}

async fn ratios(host: &TestHost, guests: usize) -> Result<Vec<f64>> {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let mut runs = Vec::new();
        for _ in 0..guests {
            runs.push(host.start(json!({ "do": "spin" })).await.id);
        }
        host.app.kernel.drive(&Drive { root: None, until_idle: true }, &Halt::default()).await?;
        for run in runs {
            let events = host.events(&run).await;
            let at = |name: &str| events.iter().find(|event| event.draft.name == name).map(|event| event.at);
            let took = at("paused").context("the guest was not stopped")? - at("executing").context("the guest was not executed")?;
            ratios.push(Duration::from_millis(took).as_secs_f64() / LIMIT.as_secs_f64());
        }
    }
    Ok(ratios)
}

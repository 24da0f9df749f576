//! What the gate adds to a call: check, record, a durable write. The call itself does nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use baton::{
    journal::{Authority, Call, Capability, Clock, Denial, Effect, Halt, Journal, Limits, Performed, Ports, Recorder, RunId},
    store::Store,
};
use serde_json::json;

use crate::table::{Samples, Table, micros, timed};

const CALLS: u64 = 2_000;
const RUNS: u64 = 100;
const CALLS_EACH: u64 = 200;
const ROUNDS: usize = 5;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn Journal> = Arc::new(Store::open(folder.path(), Arc::new(Now)).await?);
    let alone = tokio::spawn(calls(recorder(&store, "alone".to_owned()).await?, CALLS)).await??;
    table.add("journal: a call alone, durable", &Samples::of_times(alone), micros(300));
    let mut together = Vec::new();
    for round in 0..ROUNDS {
        together.push(many(&store, round).await?);
    }
    table.add("journal: a call of 100 runs at once", &Samples::of_times(together), micros(50));
    let replay = tokio::spawn(calls(recorder(&store, "alone".to_owned()).await?, CALLS)).await??;
    table.add("journal: a call replayed", &Samples::of_times(replay), None);
    Ok(())
}

/// The time all take, by call.
async fn many(store: &Arc<dyn Journal>, round: usize) -> Result<Duration> {
    let mut runs = Vec::new();
    for run in 0..RUNS {
        runs.push(recorder(store, format!("{round}-{run}")).await?);
    }
    let begun = Instant::now();
    let runs: Vec<_> = runs.into_iter().map(|run| tokio::spawn(calls(run, CALLS_EACH))).collect();
    for run in runs {
        run.await??;
    }
    Ok(begun.elapsed() / u32::try_from(RUNS * CALLS_EACH)?)
}

async fn calls(mut recorder: Recorder, count: u64) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for number in 0..count {
        let (time, answer) = timed(call(&mut recorder, number)).await;
        answer?;
        times.push(time);
    }
    Ok(times)
}

async fn call(recorder: &mut Recorder, number: u64) -> Result<u64> {
    let request = json!({ "bucket": "bench", "key": number.to_string() });
    let call = Call::new("state.get", Effect::Read, &request)?.needing(Capability::new("state", "bench"));
    recorder.call(call, |_| async { Performed::answer(Ok(number)) }).await?.context("the call was refused")
}

async fn recorder(store: &Arc<dyn Journal>, run: String) -> Result<Recorder> {
    let run = RunId::from_text(run);
    let history = store.entries(&run).await?;
    let limits = Limits { payload: 8 << 20, calls: u64::MAX };
    let ports = Ports { journal: Arc::clone(store), clock: Arc::new(Now), authority: Arc::new(Everything) };
    Ok(Recorder::new(run, history, 0, limits, Halt::default(), ports))
}

struct Now;

impl Clock for Now {
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

struct Everything;

impl Authority for Everything {
    fn decide(&self, _capability: &Capability<'_>) -> Result<(), Denial> {
        Ok(())
    }
}

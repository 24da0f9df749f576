//! A plugin folder that is watched: from a file to something callable, from a decision to a denied call, and an update
//! while runs are in flight, of which none may be lost.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use baton::{
    app::App,
    events::Event,
    interfaces::RunOptions,
    journal::Halt,
    kernel::{Drive, Order, granting::Change, package::Kind, run::State, watch::SETTLED},
};
use baton_tests::{
    changed_probe,
    host::{TestHost, tester},
};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use crate::table::{Quantity, Samples, Table, timed};

const ROUNDS: usize = 8;
const IN_FLIGHT: usize = 50;
const NAME: &str = "other";

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::with_own_cache().await;
    fs::create_dir_all(host.app.folder().root())?;
    let stop = Halt::default();
    let drive = Drive { root: None, until_idle: false };
    let measured = async {
        let outcome = tokio::select! {
            watched = host.app.watch_folder() => watched.context("the watch ended"),
            measured = measure_watched(&host, table) => measured,
        };
        // Also where it failed: the kernel would be waited for otherwise.
        stop.stop();
        outcome
    };
    let (driven, measured) = tokio::join!(host.app.kernel.drive(&drive, &stop), measured);
    driven?;
    measured
}

async fn measure_watched(host: &TestHost, table: &mut Table) -> Result<()> {
    let (mut cold, mut cached) = (Vec::new(), Vec::new());
    published(&host.app, &version(0)).await?;
    for round in 1..=ROUNDS {
        let before = compiled(&host.app)?;
        cold.push(published(&host.app, &version(round)).await?);
        ensure!(compiled(&host.app)? == before + 1, "what was to be new was in the cache");
        // The version before comes back: its file is another than the one that lies there, and its code is kept.
        cached.push(published(&host.app, &version(round - 1)).await?);
        ensure!(compiled(&host.app)? == before + 1, "what was to be in the cache was compiled");
    }
    table.add("dropped into the folder: published, never seen", &Samples::of_times(cold), None);
    table.add("dropped into the folder: published, code in the cache", &Samples::of_times(cached), None);
    let mut denied = Vec::new();
    for _ in 0..ROUNDS {
        denied.push(revoked(host).await?);
    }
    table.add("revoked: the next call is denied", &Samples::of_times(denied), None);
    let (time, lost) = updated_under_load(host).await?;
    table.add("update with 50 runs in flight: published", &Samples::of_times([time]), None);
    table.add("update with 50 runs in flight: runs lost", &Samples::new([Quantity::Count(lost)]), Some(Quantity::Count(0.0)));
    Ok(())
}

/// A version of the probe under another name. Its manifest lies inside its module, so its code is its own.
fn version(number: usize) -> Vec<u8> {
    let number = format!("\"{number}.1.0\"");
    changed_probe(|manifest| manifest.replacen("\"probe\"", "\"other\"", 1).replacen("\"0.1.0\"", &number, 1))
}

/// How many components there is code of in the cache, which a host of its own begins without any.
fn compiled(app: &App) -> Result<usize> {
    let mut count = 0;
    for engine in fs::read_dir(&app.config.cache_dir).into_iter().flatten() {
        let files = fs::read_dir(engine?.path())?.collect::<Result<Vec<_>, _>>()?;
        count += files.iter().filter(|file| file.path().extension().is_some_and(|extension| extension == "cwasm")).count();
    }
    Ok(count)
}

/// How long after it lay in the folder, and had settled, a file was published.
async fn published(app: &App, wasm: &[u8]) -> Result<Duration> {
    let mut events = app.kernel.events().listen();
    let (part, path) = (app.folder().root().join("part"), app.folder().root().join("other.wasm"));
    fs::write(&part, wasm)?;
    let begun = Instant::now();
    fs::rename(part, path)?;
    told(&mut events, |event| event.draft.name == "published").await?;
    Ok(begun.elapsed().saturating_sub(SETTLED))
}

/// How long after the decision the next call of a run in flight was denied.
async fn revoked(host: &TestHost) -> Result<Duration> {
    let kernel = &host.app.kernel;
    kernel.decide(NAME, &Change::Grant(Vec::new()), &tester()).await?;
    let tools = json!({ "do": "write", "path": "out/a", "content": "x" });
    // It goes on writing until it may not.
    let run = kernel.start(order(host, json!({ "do": "in-turn", "inputs": vec![tools; 20_000] }))).await?;
    let mut events = kernel.events().listen();
    told(&mut events, |event| event.draft.name == "executing" && event.draft.run.as_ref() == Some(&run.id)).await?;
    while kernel.journal().count(&run.id, 0).await?.answered < 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (time, ended) = timed(async {
        kernel.decide(NAME, &Change::Revoke(Vec::new()), &tester()).await?;
        told(&mut events, |event| event.draft.name == "denied").await
    })
    .await;
    ended?;
    told(&mut events, |event| event.draft.name == "failed" && event.draft.run.as_ref() == Some(&run.id)).await?;
    kernel.decide(NAME, &Change::Grant(Vec::new()), &tester()).await?;
    Ok(time)
}

/// How long it took to publish another version, and how many of the runs in flight did not end with theirs.
async fn updated_under_load(host: &TestHost) -> Result<(Duration, f64)> {
    let kernel = &host.app.kernel;
    let write = |name: usize| json!({ "do": "write", "path": format!("out/{name}"), "content": "x" });
    let mut runs = Vec::new();
    for number in 0..IN_FLIGHT {
        let deeds = json!([write(number), { "do": "sleep", "milliseconds": 1_500 }, write(number)]);
        runs.push(kernel.start(order(host, json!({ "do": "in-turn", "inputs": deeds }))).await?);
    }
    let time = published(&host.app, &version(ROUNDS + 1)).await?;
    let mut lost = 0.0;
    for run in &runs {
        let ended = loop {
            let now = host.find(&run.id).await;
            if now.state.is_final() || matches!(now.state, State::Paused { .. }) {
                break now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        if ended.state != State::Succeeded || ended.plugin_hash != run.plugin_hash {
            lost += 1.0;
        }
    }
    Ok((time, lost))
}

fn order(host: &TestHost, input: Value) -> Order {
    let workspace: PathBuf = host.workspace();
    Order { plugin: NAME.to_owned(), kind: Kind::Workflow, input, workspace, options: RunOptions::default(), by: tester() }
}

async fn told(events: &mut Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if wanted(&events.recv().await?) {
            return Ok(());
        }
    }
    bail!("nothing of it was told for a minute")
}

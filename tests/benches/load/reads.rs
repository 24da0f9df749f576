//! Requests of many connections at a fixed rate, and as fast as they are answered.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::{
    bare::Bare,
    client::{Connection, Target},
    host::Served,
    report::{Reach, Report, Times},
};

/// Connections that are open at once.
const CONNECTIONS: usize = 100;
/// Requests of all connections in a second.
const RATE: u32 = 500;
/// Requests of a search, which reads the backlog: as many as a few dozen people type.
const SEARCH_RATE: u32 = 50;
/// Requests that change the labels of an item, and the two changes that they take turns with.
const CHANGE_RATE: u32 = 25;
const CHANGES: &[&str] = &[r#"{"labels":["a"]}"#, r#"{"labels":["b"]}"#];
/// A run that ends at once.
const STARTS: &[&str] = &[r#"{"workflow":"probe","project":"load","input":{"do":"echo","say":"load"}}"#];
/// How long each route is asked.
const SECONDS: u32 = 4;
/// What reads have to reach.
const REACH: Reach = Reach::P95(Duration::from_millis(10));
/// Guests that spin.
const GUESTS: usize = 4;

/// Paths that are read, each with what it is called in the table.
fn paths(run: &str) -> Vec<(&'static str, String)> {
    vec![
        ("GET /projects", "/projects".to_owned()),
        ("GET /projects/{project}", "/projects/load".to_owned()),
        ("GET …/items?limit=50", "/projects/load/items?limit=50".to_owned()),
        ("GET …/items/{item}", "/projects/load/items/s-42".to_owned()),
        ("GET …/items/{item}/history", "/projects/load/items/s-42/history".to_owned()),
        ("GET …/board", "/projects/load/board".to_owned()),
        ("GET …/status", "/projects/load/status".to_owned()),
        ("GET /runs?limit=50", "/runs?limit=50".to_owned()),
        ("GET /runs/{run}", format!("/runs/{run}")),
        ("GET /runs/{run}/journal", format!("/runs/{run}/journal")),
        ("GET /events?limit=50", "/events?limit=50".to_owned()),
        ("GET /questions", "/questions".to_owned()),
        ("GET /plugins", "/plugins".to_owned()),
        ("GET /costs", "/costs".to_owned()),
        ("GET /health/ready", "/health/ready".to_owned()),
    ]
}

pub(crate) async fn measure(served: &Served, bare: &Bare, report: &mut Report) -> Result<()> {
    let floor = at_rate(&bare.target, "GET", "/answer", &[], RATE).await?;
    report.add(format!("bare axum, {RATE} requests a second"), &floor, Some(&floor), &Reach::Nothing);
    for (what, path) in paths(&served.run) {
        let times = at_rate(&served.target, "GET", &path, &[], RATE).await?;
        report.add(what, &times, Some(&floor), &REACH);
    }
    let search = at_rate(&served.target, "GET", "/projects/load/items?limit=50&search=999", &[], SEARCH_RATE).await?;
    report.add(format!("GET …/items?search=…, {SEARCH_RATE} a second"), &search, Some(&floor), &REACH);
    let change = at_rate(&served.target, "PATCH", "/projects/load/items/s-7", CHANGES, CHANGE_RATE).await?;
    report.add(format!("PATCH …/items/{{item}}, {CHANGE_RATE} a second"), &change, Some(&floor), &Reach::Nothing);
    let started = at_rate(&served.target, "POST", "/runs", STARTS, RATE / 10).await?;
    report.add(format!("POST /runs, {} a second", RATE / 10), &started, Some(&floor), &Reach::Nothing);
    let most = at_most(&bare.target, "/answer").await?;
    report.count("bare axum, as fast as it answers: requests a second", format!("{most:.0}"));
    for (what, path) in paths(&served.run).into_iter().filter(|(what, _)| matches!(*what, "GET /runs/{run}" | "GET …/items?limit=50")) {
        let rate = at_most(&served.target, &path).await?;
        report.count(format!("{what}, as fast as it answers: requests a second"), format!("{rate:.0} ({:.2} ×)", rate / most));
    }
    Ok(())
}

/// The same reads while guests use all cores.
pub(crate) async fn measure_beside_spinning_guests(served: &Served, report: &mut Report) -> Result<()> {
    let runs = served.spin(GUESTS)?;
    for (what, path) in paths(&served.run).into_iter().filter(|(what, _)| matches!(*what, "GET /runs/{run}" | "GET …/items?limit=50")) {
        let times = at_rate(&served.target, "GET", &path, &[], RATE).await?;
        report.add(format!("{what}, beside {GUESTS} guests that spin"), &times, None, &Reach::Nothing);
    }
    served.stop(&runs);
    Ok(())
}

/// Times from when each request was to be sent: one that waits for the one before it has waited.
async fn at_rate(target: &Target, method: &'static str, path: &str, bodies: &'static [&'static str], rate: u32) -> Result<Times> {
    let every = Duration::from_secs(1) * u32::try_from(CONNECTIONS)? / rate;
    let count = (rate * SECONDS / u32::try_from(CONNECTIONS)?).max(1);
    let begin = tokio::time::Instant::now() + Duration::from_millis(200);
    let mut tasks = JoinSet::new();
    for number in 0..u32::try_from(CONNECTIONS)? {
        let (target, path) = (target.clone(), path.to_owned());
        let first = begin + Duration::from_secs(1) * number / rate;
        tasks.spawn(async move {
            let mut connection = Connection::open(&target).await?;
            let mut times = Vec::new();
            for turn in 0..count {
                let due = first + every * turn;
                tokio::time::sleep_until(due).await;
                let body = bodies.get(usize::try_from(number + turn)? % bodies.len().max(1)).unwrap_or(&"");
                connection.send(method, &path, body).await?;
                times.push(due.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    Ok(Times::new(times))
}

/// Requests a second when each connection sends its next as soon as it has its answer.
async fn at_most(target: &Target, path: &str) -> Result<f64> {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(u64::from(SECONDS));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (target, path) = (target.clone(), path.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(&target).await?;
            let mut count = 0_u32;
            while Instant::now() < until {
                connection.send("GET", &path, "").await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(done) = tasks.join_next().await {
        count += done??;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}

//! One event to many streams: from the request that causes it to the last client that has it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    bare::Bare,
    client::{Connection, Stream, Target},
    host::Served,
    memory,
    report::{Reach, Report, Times},
};

/// Streams that are open at once.
const STREAMS: usize = 1_000;
/// Events that are sent to all of them.
const ROUNDS: usize = 60;
/// What is in each message, and in none that opens a stream.
const MARK: &str = "status.changed";
/// An item that others wait for, and that waits for others.
const ITEM: &str = "/projects/load/items/s-5000";

/// Streams that all tell when they have had an event.
struct Crowd {
    tasks: JoinSet<Result<()>>,
    had: mpsc::UnboundedReceiver<Instant>,
}

pub(crate) async fn measure(served: &Served, bare: &Bare, report: &mut Report) -> Result<()> {
    let mut of_bare = Crowd::gather(&bare.target, "/stream").await?;
    let mut of_host = Crowd::gather(&served.target, "/events/stream?project=load&item=s-5000").await?;
    let (mut teller, mut mover) = (Connection::open(&bare.target).await?, Connection::open(&served.target).await?);
    let (mut floor, mut times) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let text = format!("{{\"type\":\"item.{MARK}\",\"text\":\"{}\"}}", "x".repeat(400));
        floor.push(of_bare.time(teller.send("POST", "/tell", &text)).await?);
        let status = if round.is_multiple_of(2) { "blocked" } else { "todo" };
        let body = format!("{{\"status\":\"{status}\"}}");
        times.push(of_host.time(mover.send("POST", &format!("{ITEM}/move"), &body)).await?);
    }
    let (floor, times) = (Times::new(floor), Times::new(times));
    report.add(format!("bare axum: from a request to the last of {STREAMS} streams"), &floor, Some(&floor), &Reach::Nothing);
    let reach = Reach::P99More(Duration::from_millis(30));
    report.add(format!("from a request, committed, to the last of {STREAMS} streams"), &times, Some(&floor), &reach);
    memory::add(report, &format!("memory: with {STREAMS} streams"), served.process())?;
    memory::add(report, &format!("memory: the bare axum with {STREAMS} streams"), bare.process())?;
    of_host.tasks.shutdown().await;
    of_bare.tasks.shutdown().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    memory::add(report, "memory: after the streams", served.process())
}

impl Crowd {
    async fn gather(target: &Target, path: &str) -> Result<Self> {
        let (sender, had) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for _ in 0..STREAMS {
            let mut stream = Stream::open(target, path).await?;
            let sender = sender.clone();
            tasks.spawn(async move {
                loop {
                    stream.wait_for(MARK).await?;
                    sender.send(Instant::now())?;
                }
            });
        }
        Ok(Self { tasks, had })
    }

    /// How long it takes from a request until all have had its event.
    async fn time(&mut self, request: impl Future<Output = Result<Vec<u8>>>) -> Result<Duration> {
        let begun = Instant::now();
        request.await?;
        let mut last = begun;
        for _ in 0..STREAMS {
            let had = tokio::time::timeout(Duration::from_secs(30), self.had.recv()).await.context("a stream has no event")?;
            last = last.max(had.context("all streams have ended")?);
        }
        Ok(last - begun)
    }
}

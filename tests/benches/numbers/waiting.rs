//! Ten thousand runs that wait, for a time or for people: what they hold, and how late one among them goes on.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use baton::{
    interfaces::people::{Asked, Filter as Questions, Given, Source},
    journal::{Halt, RunId},
    kernel::{Drive, run::Filter},
    moment::Moment,
};
use baton_tests::host::{TestHost, tester};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::table::{Quantity, Samples, Table, timed};

const RUNS: usize = 10_000;
const WARM: usize = 1_000;
const STARTED_AT_ONCE: usize = 200;
const WOKEN: usize = 20;
const WARM_TICKETS: usize = 5;
const SIGNALS: usize = 50;
const AN_HOUR: u64 = 3_600_000;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    let stop = Halt::default();
    let drive = Drive { root: None, until_idle: false };
    let measured = async {
        // What it takes to execute many is not what it takes to wait, so it is taken before.
        put_away(&host, WARM, &asleep()).await?;
        let before = resident()?;
        let (time, put) = timed(put_away(&host, RUNS, &asleep())).await;
        put?;
        table.add(
            "10,000 waiting runs: memory more than none",
            &Samples::new([Quantity::Mebibytes(resident()? - before)]),
            Some(Quantity::Mebibytes(50.0)),
        );
        table.add("10,000 waiting runs: started and suspended, each", &Samples::of_times([time / u32::try_from(RUNS)?]), None);
        let mut late = Vec::new();
        for _ in 0..WOKEN {
            late.push(woken(&host).await?);
        }
        table.add("10,000 waiting runs: from due to ended, one of them", &Samples::of_times(late), None);
        stop.stop();
        anyhow::Ok(())
    };
    let (driven, measured) = tokio::join!(host.app.kernel.drive(&drive, &stop), measured);
    driven?;
    measured
}

/// The same of runs that ask people.
pub(crate) async fn measure_questions(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    let stop = Halt::default();
    let drive = Drive { root: None, until_idle: false };
    let asks = json!({ "do": "ask-person", "say": "Which currency?", "options": ["EUR", "USD"] });
    let measured = async {
        put_away(&host, WARM, &asks).await?;
        let before = resident()?;
        let (time, put) = timed(put_away(&host, RUNS, &asks)).await;
        put?;
        table.add(
            "10,000 open questions: memory more than none",
            &Samples::new([Quantity::Mebibytes(resident()? - before)]),
            Some(Quantity::Mebibytes(50.0)),
        );
        table.add("10,000 open questions: asked and suspended, each", &Samples::of_times([time / u32::try_from(RUNS)?]), None);
        let mut took = Vec::new();
        for asked in host.app.questions.list(&Questions::default()).await?.iter().take(WOKEN) {
            took.push(answered(&host, asked).await?);
        }
        table.add("10,000 open questions: from answer to ended, one of them", &Samples::of_times(took), None);
        stop.stop();
        anyhow::Ok(())
    };
    let (driven, measured) = tokio::join!(host.app.kernel.drive(&drive, &stop), measured);
    driven?;
    measured
}

/// The first of a hundred tickets, beside one alone: what a run does to be told that something came.
pub(crate) async fn measure_tickets(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    let stop = Halt::default();
    let drive = Drive { root: None, until_idle: false };
    let measured = async {
        for (tickets, what) in [(1, "the first of 1 ticket"), (100, "the first of 100 tickets")] {
            let (mut suspended, mut took) = (Vec::new(), Vec::new());
            for number in 0..WARM_TICKETS + SIGNALS {
                let (put, arrived) = signalled(&host, tickets).await?;
                if number >= WARM_TICKETS {
                    suspended.push(put);
                    took.push(arrived);
                }
            }
            table.add(format!("{what}: started and suspended"), &Samples::of_times(suspended), None);
            table.add(format!("{what}: from signal to ended"), &Samples::of_times(took), None);
        }
        stop.stop();
        anyhow::Ok(())
    };
    let (driven, measured) = tokio::join!(host.app.kernel.drive(&drive, &stop), measured);
    driven?;
    measured
}

/// How long a run took until it was suspended over so many tickets, and how long after a signal for the last of them it has
/// ended.
async fn signalled(host: &TestHost, tickets: u64) -> Result<(Duration, Duration)> {
    let begun = Instant::now();
    let mut events = host.app.kernel.events().listen();
    let run = host.start(json!({ "do": "first-signal", "of": tickets })).await;
    loop {
        let event = events.recv().await?;
        if event.draft.run.as_ref() == Some(&run.id) && event.draft.name == "waiting" {
            break;
        }
    }
    let (suspended, began) = (begun.elapsed(), SystemTime::now().duration_since(UNIX_EPOCH)?);
    let sending = async {
        host.app.kernel.signals().send(&run.id, &format!("signal-{}", tickets - 1), &Value::Null, &tester()).await?;
        host.app.kernel.changed();
        anyhow::Ok(())
    };
    let (ended, sent) = tokio::join!(ended(host, &run.id), sending);
    sent?;
    Ok((suspended, ended?.saturating_sub(began)))
}

/// How long after its answer was given a run that asked has ended.
async fn answered(host: &TestHost, asked: &Asked) -> Result<Duration> {
    let given = Given { answer: "EUR".to_owned(), by: tester(), source: Source::Person };
    let began = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let answering = async {
        host.app.questions.answer(&asked.id, &given).await?;
        host.app.kernel.changed();
        anyhow::Ok(())
    };
    let (ended, answered) = tokio::join!(ended(host, &asked.run), answering);
    answered?;
    Ok(ended?.saturating_sub(began))
}

/// What a run is given that sleeps for an hour.
fn asleep() -> Value {
    json!({ "do": "sleep", "milliseconds": AN_HOUR })
}

/// Starts so many runs that are suspended and returns once all of them are.
async fn put_away(host: &TestHost, count: usize, input: &Value) -> Result<()> {
    let mut left = count;
    while left > 0 {
        let some = left.min(STARTED_AT_ONCE);
        left -= some;
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..some {
            let (kernel, order) = (host.app.kernel.clone(), host.order(input.clone()));
            starting.spawn(async move { kernel.start(order).await });
        }
        while let Some(started) = starting.join_next().await {
            started??;
        }
    }
    let busy = Filter { states: vec!["queued".to_owned(), "running".to_owned()], limit: 1, ..Filter::default() };
    while !host.app.kernel.runs().list(&busy).await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// How long after its time a run that slept has ended.
async fn woken(host: &TestHost) -> Result<Duration> {
    let run = host.start(json!({ "do": "sleep", "milliseconds": 150 })).await;
    let ended = ended(host, &run.id).await?;
    let waited = host.events(&run.id).await.into_iter().find(|event| event.draft.name == "waiting").context("the run did not wait")?;
    let due = Moment::deserialize(&waited.draft.data["for"]["until"]).context("the run did not wait for a time")?.0;
    Ok(ended.saturating_sub(Duration::from_millis(due)))
}

/// When the run ended, since 1970.
async fn ended(host: &TestHost, id: &RunId) -> Result<Duration> {
    let mut events = host.app.kernel.events().listen();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let event = events.recv().await?;
        if event.draft.run.as_ref() == Some(id) && event.draft.name == "succeeded" {
            return Ok(SystemTime::now().duration_since(UNIX_EPOCH)?);
        }
    }
    anyhow::bail!("the run did not wake for a minute")
}

/// What this process keeps in memory, in MiB.
fn resident() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the system does not tell")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

//! A command in a container: started for it, and in one that waited. Both against a bare `docker run` of the same image,
//! taken in turns so that all meet the same machine. Without an engine there are no rows.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use baton::{
    interfaces::sandbox::{CommandContext, Job, Key, SetupRequest},
    journal::{Attempt, Halt, Performed, RunId},
};
use baton_tests::{
    docker::{self, IMAGE},
    host::TestHost,
};
use serde_json::json;

use crate::table::{Quantity, Samples, Table, timed};

const ROUNDS: u64 = 20;
/// What is done after a command does not lengthen the next.
const REST: Duration = Duration::from_millis(700);

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    if !docker::ready() {
        return Ok(());
    }
    let images = json!({ "cold": { "image": IMAGE, "ready": false }, "warm": { "image": IMAGE } });
    let host = TestHost::with_settings(json!({ "sandbox": { "images": images } })).await;
    let (mut bare, mut cold, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    execute(&host, "warm", 1).await?;
    for round in 1..=ROUNDS {
        tokio::time::sleep(REST).await;
        bare.push(docker_run()?);
        tokio::time::sleep(REST).await;
        cold.push(execute(&host, "cold", 2 * round).await?);
        tokio::time::sleep(REST).await;
        warm.push(execute(&host, "warm", 2 * round + 1).await?);
    }
    let Some(base) = middle(&bare) else { return Ok(()) };
    let ratios = |times: &[Duration]| Samples::new(times.iter().map(|time| Quantity::Ratio(time.as_secs_f64() / base.as_secs_f64())));
    table.add("`docker run --network=none … true`, removed afterwards", &Samples::of_times(bare.clone()), None);
    table.add("the same command through the sandbox, cold", &Samples::of_times(cold.clone()), None);
    table.add("cold, to the bare `docker run`", &ratios(&cold), Some(Quantity::Ratio(1.1)));
    table.add("the same in a container that waited", &Samples::of_times(warm.clone()), None);
    table.add("waited, to the bare `docker run`", &ratios(&warm), Some(Quantity::Ratio(0.2)));
    host.app.close().await;
    Ok(())
}

/// From the call to its outcome.
async fn execute(host: &TestHost, image: &str, seq: u64) -> Result<Duration> {
    let job = Job::new(Some(image.to_owned()), vec!["true".to_owned()], Vec::new(), Some(60_000))?;
    let run = RunId::from_text("00000000-0000-7000-8000-000000000000");
    let attempt = Attempt { seq, key: format!("{run}:{seq}"), again: false, asked_at: host.app.kernel.now() };
    let place = CommandContext { run: run.clone(), workspace: host.workspace(), halt: Halt::default() };
    let wanted = SetupRequest::new("numbers".to_owned(), None, json!({}));
    let (time, performed) = timed(host.app.sandbox.execute(place, job, &wanted, &attempt)).await;
    host.app.sandbox.forget(Key { run, seq });
    match performed {
        Performed::Answered(Ok(outcome), _) if outcome.exit_code == 0 => Ok(time),
        other => bail!("the command did not end well: {other:?}"),
    }
}

fn docker_run() -> Result<Duration> {
    let name = format!("baton-bench-{}", std::process::id());
    let mut command = Command::new("docker");
    command
        .args(["run", "--network=none", "--name", &name, IMAGE, "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let ended = command.status()?;
    let time = begun.elapsed();
    if docker::docker(&["rm", &name]).is_none() || !ended.success() {
        bail!("`docker run` fails here");
    }
    Ok(time)
}

fn middle(times: &[Duration]) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied()
}

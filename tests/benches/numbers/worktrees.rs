//! How long a run waits for a worktree of 5,000 files, compared with `git worktree add` in the same repository.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use baton_tests::host::TestHost;
use serde_json::{Value, json};

use crate::table::{Quantity, Samples, Table};

const FILES: usize = 5_000;
const FOLDERS: usize = 350;
/// Worktrees of each kind, added by turns, so that what else the machine does falls on all of them.
const ROUNDS: usize = 8;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    lay_out(&host.workspace())?;
    let (mut bare, mut fresh, mut pooled) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        bare.push(by_git(&host.workspace(), round)?);
        // One worktree more than there are: the others come from the pool.
        let times = by_runs(&host, round).await?;
        fresh.extend(times.last());
        pooled.extend(&times[..round]);
    }
    let usual = median(&mut bare.clone());
    for (what, times, target) in [("fresh", &fresh, 0.6), ("from the pool", &pooled, 0.15)] {
        table.add(format!("a worktree of 5,000 files, {what}"), &Samples::of_times(times.iter().copied()), None);
        let ratios = times.iter().map(|time| Quantity::Ratio(time.as_secs_f64() / usual.as_secs_f64()));
        table.add(format!("the same, to `git worktree add`: {what}"), &Samples::new(ratios), Some(Quantity::Ratio(target)));
    }
    table.add("`git worktree add` of the same", &Samples::of_times(bare), None);
    Ok(())
}

fn lay_out(repository: &Path) -> Result<()> {
    for number in 0..FILES {
        let folder = repository.join(format!("src/part{}", number % FOLDERS));
        std::fs::create_dir_all(&folder)?;
        let lines: String = (0..40).map(|line| format!("let line_{line} = {number} * {line};\n")).collect();
        std::fs::write(folder.join(format!("file{number}.rs")), lines)?;
    }
    git(repository, &["init", "-q", "-b", "main"])?;
    git(repository, &["add", "-A"])?;
    git(repository, &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "Begin"])?;
    git(repository, &["gc", "-q"])
}

fn by_git(repository: &Path, round: usize) -> Result<Duration> {
    let (branch, folder) = (format!("bare-{round}"), repository.with_file_name(format!("bare-{round}")));
    let begun = Instant::now();
    git(repository, &["worktree", "add", "-q", "-b", &branch, &folder.to_string_lossy(), "main"])?;
    Ok(begun.elapsed())
}

/// A run adds one worktree more than the one before it gave back; how long each call took.
async fn by_runs(host: &TestHost, round: usize) -> Result<Vec<Duration>> {
    let inputs: Vec<Value> = (0..=round).map(|number| json!({ "do": "worktree", "say": format!("story/{round}-{number}") })).collect();
    let run = host.run(json!({ "do": "in-turn", "inputs": inputs })).await;
    ensure!(run.output.is_some(), "no worktree was added: {:?}", run.state);
    let calls = host.journal(&run.id).await.into_iter().filter(|entry| entry.call == "git.worktree-add");
    Ok(calls.filter_map(|entry| Some(Duration::from_millis(entry.answered_at? - entry.asked_at))).collect())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    ensure!(Command::new("git").args(arguments).current_dir(folder).status()?.success(), "git {arguments:?} failed");
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

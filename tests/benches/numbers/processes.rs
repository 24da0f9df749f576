//! What a host would start instead of a sandbox, on the same machine: processes and containers. What is not installed
//! has no row.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::table::{Samples, Table};

pub(crate) fn measure(table: &mut Table) {
    add(table, "the process `/bin/true`", &["/bin/true"], 300);
    add(table, "the process `python3 -c 0`", &["python3", "-c", "0"], 30);
    add(table, "the process `node -e 0`", &["node", "-e", "0"], 30);
    if let Some(image) = image() {
        add(table, "`docker run --rm --network=none … true`", &["docker", "run", "--rm", "--network=none", &image, "true"], 20);
    }
}

fn add(table: &mut Table, what: &str, command: &[&str], count: usize) {
    if run(command).is_none() {
        return;
    }
    let times = (0..count).filter_map(|_| run(command));
    table.add(what, &Samples::of_times(times), None);
}

/// The time until it has ended well.
fn run(command: &[&str]) -> Option<Duration> {
    let (program, arguments) = command.split_first()?;
    let begun = Instant::now();
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.ok()?.success().then(|| begun.elapsed())
}

/// The image that `BATON_BENCH_IMAGE` names, or any that is there already; none without an engine.
fn image() -> Option<String> {
    if let Ok(image) = std::env::var("BATON_BENCH_IMAGE") {
        return Some(image);
    }
    let output = Command::new("docker").args(["images", "--quiet"]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}

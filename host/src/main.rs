//! Parses, dispatches, and prints what went wrong.

use std::process::ExitCode;

use baton::{cli::Cli, config, telemetry};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start(config::log_filter().as_deref());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli.report(&anyhow::Error::new(error).context("The program could not start its threads")).into(),
    };
    let exit = match runtime.block_on(cli.execute()) {
        Ok(exit) => exit,
        Err(error) => cli.report(&error),
    };
    // What still computes is not waited for: all that counts is in the journal.
    runtime.shutdown_background();
    exit.into()
}

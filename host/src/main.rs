//! Parses, dispatches, and prints what went wrong.

use std::process::ExitCode;

use baton::{api::Http, cli::Cli, config, handles, journal::Redactor, telemetry};

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    // It learns the secrets once they are read.
    let redactor = Redactor::default();
    telemetry::start(config::log_filter().as_deref(), &redactor);
    if let Err(reason) = handles::raise() {
        return cli.report(&anyhow::Error::msg(reason)).into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli.report(&anyhow::Error::new(error).context("The program could not start its threads")).into(),
    };
    let exit = match runtime.block_on(cli.execute(&redactor, &Http)) {
        Ok(exit) => exit,
        Err(error) => cli.report(&error),
    };
    // What still computes is not waited for: all that counts is in the journal.
    runtime.shutdown_background();
    exit.into()
}

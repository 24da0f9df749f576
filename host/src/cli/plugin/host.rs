//! `baton plugin host`: the host in memory of the Rust SDK, for tests in other languages. Opens no data, and changes nothing.

use std::io;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::cli::exit::Exit;

/// Run an in-memory test host for a plugin's own tests, over standard input and output
///
/// The SDKs for Python and JavaScript start this host. Each line is one JSON document; the documentation of
/// `baton_sdk::testing::serve` describes them.
#[derive(Debug, Args)]
pub(in crate::cli) struct Host {}

impl Host {
    pub(in crate::cli) fn execute(&self) -> Result<Exit> {
        // A test that fails ends by a panic whose words go to the test.
        std::panic::set_hook(Box::new(|_| {}));
        baton_sdk::testing::serve(io::stdin().lock(), io::stdout()).context("The test's side of the host in memory is wrong")?;
        Ok(Exit::Done)
    }
}

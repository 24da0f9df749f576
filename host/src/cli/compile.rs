//! `baton compile-component`: what the host starts to compile a plugin within limits. For the host alone.

use std::{
    io::{self, Write},
    time::Duration,
};

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use crate::operations::compiling::{CompileError, CompileLimits, compile_confined};

/// Compile the component on standard input within limits, to standard output
#[derive(Debug, Args)]
pub(super) struct CompileComponent {
    /// Bytes of memory it may take
    #[arg(long, value_name = "BYTES")]
    memory: u64,
    /// Milliseconds it may take
    #[arg(long, value_name = "MS")]
    time_ms: u64,
}

impl CompileComponent {
    pub(super) fn execute(&self) -> Result<Exit> {
        let limits = CompileLimits { time: Duration::from_millis(self.time_ms), memory: self.memory };
        match compile_confined(limits, io::stdin().lock()) {
            Ok(code) => {
                io::stdout().lock().write_all(&code)?;
                Ok(Exit::Done)
            }
            // The host that started this reads it, and says it with what it knows.
            Err(CompileError::Invalid(reason)) => {
                writeln!(io::stderr(), "{reason}")?;
                Ok(Exit::Failed)
            }
            Err(error) => {
                writeln!(io::stderr(), "{error}")?;
                Ok(Exit::Usage)
            }
        }
    }
}

//! Other people's programs: compilers and test runners. A program that is missing is a sentence that says how to get it.
//! Hands none of them a key of the caller's.

use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
};

use tokio::process::Command;

use super::failure;
use crate::{config, operations::Problem};

/// A program about to be run in a plugin's folder.
pub(in crate::cli) struct Program {
    name: String,
    missing: String,
    command: Command,
}

impl Program {
    /// A program, by its name or path. `missing` is the sentence that says how to get it.
    pub(in crate::cli) fn new(program: impl AsRef<Path>, folder: &Path, missing: impl Into<String>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        // Whoever ends the build ends what it has started.
        command.env_clear().envs(config::tool_environment()).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, missing: missing.into(), command }
    }

    /// With these arguments more.
    pub(in crate::cli) fn with(mut self, arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With a variable set.
    pub(in crate::cli) fn variable(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end. What it prints goes to standard error, since standard output is for the answer.
    pub(in crate::cli) async fn run(mut self) -> Result<(), Problem> {
        self.command.stdout(io::stderr());
        let status = self.command.status().await;
        self.judged(status).map(drop)
    }

    /// Runs it to its end; gives what it wrote to standard output.
    pub(in crate::cli) async fn output(mut self) -> Result<String, Problem> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let output = match self.command.spawn() {
            Ok(child) => child.wait_with_output().await,
            Err(error) => Err(error),
        };
        let (status, text) = match output {
            Ok(output) => (Ok(output.status), String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(error) => (Err(error), String::new()),
        };
        self.judged(status).map(|()| text)
    }

    fn judged(self, status: io::Result<ExitStatus>) -> Result<(), Problem> {
        let Self { name, missing, .. } = self;
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failure::program_failed(&name, status)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(failure::no_program(&name, &missing)),
            Err(error) => Err(failure::not_started(&name, &missing, &error)),
        }
    }
}

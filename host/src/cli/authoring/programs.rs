//! Other people's programs: compilers and test runners. A program that is missing is a sentence that says how to get it.
//! Hands none of them a key of the caller's.

use std::{
    io,
    path::Path,
    process::{ExitStatus, Stdio},
};

use tokio::process::Command;

use crate::config;

/// A program about to be run in a plugin's folder.
pub(in crate::cli) struct Program {
    name: String,
    missing: String,
    command: Command,
}

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ProgramError {
    /// It is not there.
    #[error("`{name}` is not installed. {missing}")]
    Missing {
        /// The program.
        name: String,
        /// How to get it.
        missing: String,
    },
    /// It does not start.
    #[error("`{name}` does not start: {source}. {missing}")]
    Start {
        /// The program.
        name: String,
        /// How to install it again.
        missing: String,
        /// What the system says.
        source: io::Error,
    },
    /// It ended with a failure, of which it has told itself.
    #[error("`{name}` has failed ({status}). Its last words above say why.")]
    Failed {
        /// The program.
        name: String,
        /// How it ended.
        status: ExitStatus,
    },
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
    pub(in crate::cli) async fn run(mut self) -> Result<(), ProgramError> {
        self.command.stdout(io::stderr());
        let status = self.command.status().await;
        self.judged(status).map(drop)
    }

    /// Runs it to its end; gives what it wrote to standard output.
    pub(in crate::cli) async fn output(mut self) -> Result<String, ProgramError> {
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

    fn judged(self, status: io::Result<ExitStatus>) -> Result<(), ProgramError> {
        let Self { name, missing, .. } = self;
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(ProgramError::Failed { name, status }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ProgramError::Missing { name, missing }),
            Err(source) => Err(ProgramError::Start { name, missing, source }),
        }
    }
}

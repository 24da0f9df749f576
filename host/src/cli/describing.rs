//! What the program says of itself: its version, completions for shells and pages for `man`. Opens no data.

use std::{io, path::PathBuf};

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Context, exit::Exit, text};
use crate::operations::{host, named_files};

/// Show the version of Baton and of the plugin contract
#[derive(Debug, Args)]
pub(super) struct Version {}

impl Version {
    pub(super) fn execute(context: &Context) -> Result<Exit> {
        let versions = host::versions()?;
        if context.screen.is_json() {
            context.screen.document(&versions)?;
        } else {
            context.screen.answer(format!("baton {}, contract {}", versions.version, versions.contract))?;
        }
        Ok(Exit::Done)
    }
}

/// Print completions for a shell
///
/// For bash: `baton completions bash > ~/.local/share/bash-completion/completions/baton`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Shell to print completions for
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(&self) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "baton", &mut script);
        io::Write::write_all(&mut io::stdout().lock(), &script)?;
        Ok(Exit::Done)
    }
}

/// Write man pages, one for each command
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Directory for the man pages; created if missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub(super) fn execute(&self, context: &Context) -> Result<Exit> {
        let shown = text::path(&self.folder);
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| clap_mangen::generate_to(Cli::command(), &self.folder));
        written.map_err(|error| named_files::unwritable("folder", &self.folder, &error))?;
        context.screen.tell(format!("The pages are in {shown}; `man -l {shown}/baton.1` shows the first."));
        Ok(Exit::Done)
    }
}

//! `baton plugin key`. Shows the private key to nobody, and writes it once.

use std::{io::Write as _, path::PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use super::output;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::{
        Problem, named_files,
        plugins::{self, CreatedKey},
    },
};

/// Manage keys for signing plugins
#[derive(Debug, Args)]
pub(in crate::cli) struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
}

/// Create a key pair: a private key in a file that only you can read, and a public key for those who trust you
#[derive(Debug, Args)]
struct New {
    /// File for the private key; an existing file is not overwritten
    #[arg(long = "to", short = 't', value_name = "FILE", default_value = "baton-signing.key")]
    file: PathBuf,
}

impl Key {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::New(command) => command.execute(context),
        }
    }
}

impl New {
    fn execute(&self, context: &Context) -> Result<Exit> {
        let key = plugins::create_key()?;
        let shown = text::path(&self.file);
        self.write(&key.pem)?;
        let created = CreatedKey { private_key: output::path_text(&self.file), public_key: key.public };
        if context.screen.is_json() {
            context.screen.document(&created)?;
            return Ok(Exit::Done);
        }
        context.screen.tell(format!("{} The private key is in {shown}: keep it to yourself, and keep a copy.", painted(GOOD, "✓")));
        context
            .screen
            .tell("  Users who trust you put this into the baton.toml of their own settings, under a name they choose:".to_owned());
        context.screen.answer(format!("[signatures.keys]\nyour-name = \"{}\"", created.public_key))?;
        Ok(Exit::Done)
    }

    fn write(&self, pem: &str) -> Result<(), Problem> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || {
            let mut file = options.open(&self.file)?;
            file.write_all(pem.as_bytes()).and_then(|()| file.sync_all())
        };
        write().map_err(|error| named_files::unwritable("to", &self.file, &error).advise(output::ANOTHER))
    }
}

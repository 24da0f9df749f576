//! `baton secret`: keys and passwords, kept sealed. A value comes from standard input or the keyboard, never from the
//! command line, where others could read it; and none is ever shown.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Context, exit::Exit, exit::Misuse, text};
use crate::config::Config;

/// More than this is no secret but a mistake.
const LARGEST: u64 = 64 << 10;

/// Manage the keys of model providers, sealed on this machine
#[derive(Debug, Args)]
pub(super) struct Secret {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store a secret; asks for it without showing it
    Set {
        /// Its name, such as ANTHROPIC_API_KEY
        name: String,
        /// Read it from standard input
        #[arg(long)]
        stdin: bool,
    },
    /// List the names of the secrets
    List,
    /// Remove a secret
    Remove {
        /// Its name
        name: String,
    },
}

impl Secret {
    pub(super) fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config_at(context.data_dir.clone())?;
        match &self.command {
            Command::Set { name, stdin } => set(context, &config, name, *stdin),
            Command::List => list(context, &config),
            Command::Remove { name } => remove(context, &config, name),
        }
    }
}

fn set(context: &Context, config: &Config, name: &str, from_stdin: bool) -> Result<Exit> {
    let value = if from_stdin { from_input(io::stdin().lock())? } else { from_keyboard(context, name)? };
    context.redactor.learn(&value);
    config.secrets.set(name, &value)?;
    context.screen.tell(format!("`{}` is kept. Runs that wait for it continue.", text::escaped(name)));
    Ok(Exit::Done)
}

fn list(context: &Context, config: &Config) -> Result<Exit> {
    let names = config.secrets.names()?;
    // The names can be read by anyone with the file; that the values can be opened is worth knowing.
    let sealed: Vec<_> = names.iter().filter_map(|name| config.secrets.find(name).err()).collect();
    if context.screen.is_json() {
        context.screen.document(&json!(names))?;
    } else if names.is_empty() {
        context.screen.tell("There are no secrets. Keep one with `baton secret set NAME`.");
    } else {
        names.iter().try_for_each(|name| context.screen.answer(text::escaped(name)))?;
    }
    sealed.iter().for_each(|error| context.screen.warn(error));
    Ok(if sealed.is_empty() { Exit::Done } else { Exit::Failed })
}

fn remove(context: &Context, config: &Config, name: &str) -> Result<Exit> {
    if !config.secrets.remove(name)? {
        return Err(Misuse(format!("There is no secret `{}`. `baton secret list` lists all of them.", text::escaped(name))).into());
    }
    context.screen.tell(format!("`{}` is forgotten.", text::escaped(name)));
    Ok(Exit::Done)
}

fn from_input(input: impl Read) -> Result<String> {
    let mut value = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut value).context("Standard input cannot be read")?;
    if value.len() as u64 > LARGEST {
        return Err(
            Misuse(format!("Standard input holds more than {LARGEST} bytes, which is too much for a secret. Nothing was stored.")).into()
        );
    }
    String::from_utf8(value).map_err(|_| Misuse("The secret is not UTF-8 text.".to_owned()).into())
}

fn from_keyboard(context: &Context, name: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        return Err(Misuse("Standard input is not a terminal. Give the secret on standard input, with --stdin.".to_owned()).into());
    }
    let hidden = Unseen::begin()?;
    context.screen.warn(format!("The secret {} (it is not shown):", text::escaped(name)));
    let mut line = String::new();
    io::stdin().lock().take(LARGEST).read_line(&mut line).context("The keyboard cannot be read")?;
    drop(hidden);
    Ok(line)
}

/// What is typed is not shown until this is dropped.
struct Unseen {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl Unseen {
    #[cfg(unix)]
    fn begin() -> Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).context("The terminal does not say how it is set")?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &modes).context("The terminal cannot be kept from showing the secret")?;
        Ok(Self { before })
    }

    #[cfg(not(unix))]
    fn begin() -> Result<Self> {
        Err(Misuse("Here the secret cannot be hidden while it is typed; give it on standard input, with --stdin.".to_owned()).into())
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        // Where it cannot be set back, the shell does it.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_is_taken_whole_or_not_at_all() {
        assert_eq!(from_input("sk-12345678\n".as_bytes()).unwrap(), "sk-12345678\n");
        assert_eq!(from_input("é".repeat(32 << 10).as_bytes()).unwrap().len(), 64 << 10);
        let refused = |input: &[u8]| from_input(input).unwrap_err().to_string();
        assert!(refused("é".repeat(50_000).as_bytes()).contains("more than 65536 bytes"));
        assert!(from_input(io::repeat(b'x')).unwrap_err().to_string().contains("more than 65536 bytes"));
        assert!(refused(b"\xff\xff").contains("not UTF-8"));
    }
}

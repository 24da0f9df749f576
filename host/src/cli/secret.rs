//! `baton secret`: keys and passwords, kept sealed. A value comes from standard input or the keyboard, never from the
//! command line, where others could read it; and none is ever shown.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use super::{Context, exit::Exit, text};
use crate::{
    config::Config,
    operations::{
        Problem, code,
        secrets::{self, RemoveSecret, Secret as View, SetSecret},
    },
};

/// Bytes that are read of a secret. More is a mistake.
const LARGEST: u64 = 64 << 10;

/// Manage the keys of model providers, encrypted on this machine
#[derive(Debug, Args)]
pub(super) struct Secret {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Store a secret that you enter at a hidden prompt
    Set {
        /// Name of the secret, such as ANTHROPIC_API_KEY
        name: String,
        /// Read the secret from standard input instead
        #[arg(long)]
        stdin: bool,
    },
    /// List the names of the secrets
    List,
    /// Remove a secret
    Remove {
        /// Name of the secret
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
    let stored = secrets::set(config, &SetSecret { name: name.to_owned(), value })?;
    show(context, &stored, "is stored. Runs that wait for it continue.")
}

fn list(context: &Context, config: &Config) -> Result<Exit> {
    let listed = secrets::list(config)?;
    // Anyone with the file can read the names; that the values can be read is worth knowing.
    let problems: Vec<_> = listed.items.iter().filter_map(|secret| secret.problem.as_deref()).collect();
    if context.screen.is_json() {
        context.screen.document(&listed)?;
    } else if listed.items.is_empty() {
        context.screen.tell("There are no secrets. Store one with `baton secret set NAME`.");
    } else {
        listed.items.iter().try_for_each(|secret| context.screen.answer(text::escaped(&secret.name)))?;
    }
    problems.iter().for_each(|problem| context.screen.warn(text::plain(problem)));
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn remove(context: &Context, config: &Config, name: &str) -> Result<Exit> {
    let removed = secrets::remove(config, &RemoveSecret { name: name.to_owned() })?;
    show(context, &removed, "is removed.")
}

fn show(context: &Context, secret: &View, outcome: &str) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(secret)?;
    } else {
        context.screen.tell(format!("`{}` {outcome}", text::escaped(&secret.name)));
    }
    Ok(Exit::Done)
}

fn from_input(input: impl Read) -> Result<String> {
    let mut value = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut value).context("Standard input cannot be read")?;
    if value.len() as u64 > LARGEST {
        let message = format!("Standard input holds more than {LARGEST} bytes, which is too much for a secret. Nothing was stored.");
        return Err(Problem::invalid("secret_invalid", "stdin", message).into());
    }
    String::from_utf8(value).map_err(|_| Problem::invalid("secret_invalid", "stdin", "The secret is not UTF-8 text.").into())
}

fn from_keyboard(context: &Context, name: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        let problem = Problem::invalid(code::USAGE, "stdin", "Standard input is not a terminal.");
        return Err(problem.advise("Give the secret on standard input, with --stdin.").into());
    }
    let hidden = HiddenInput::begin()?;
    context.screen.warn(format!("The secret {} (it is not shown):", text::escaped(name)));
    let mut line = String::new();
    io::stdin().lock().take(LARGEST).read_line(&mut line).context("The keyboard cannot be read")?;
    drop(hidden);
    Ok(line)
}

/// Hides what is typed until it is dropped.
struct HiddenInput {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl HiddenInput {
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
        let problem = Problem::invalid(code::USAGE, "stdin", "The secret cannot be hidden here while you type it.");
        Err(problem.advise("Give the secret on standard input, with --stdin.").into())
    }
}

#[cfg(unix)]
impl Drop for HiddenInput {
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

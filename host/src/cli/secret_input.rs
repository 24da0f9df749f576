//! Secrets that people type: from standard input or the keyboard, never from the command line, where others could read them. Shows
//! none.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context as _, Result};
use clap::Args;

use super::Context;
use crate::operations::{Problem, code};

/// Bytes that are read of a secret. More is a mistake.
const LARGEST: u64 = 64 << 10;

/// Where a secret comes from.
#[derive(Debug, Args)]
pub(super) struct SecretInput {
    /// Read the secret from standard input instead
    #[arg(long)]
    stdin: bool,
}

impl SecretInput {
    /// The secret, with the white space around it. `what` is what the prompt calls it; the log never shows it.
    pub(super) fn read(&self, context: &Context, what: &str) -> Result<String> {
        let value = if self.stdin { from_input(io::stdin().lock())? } else { from_keyboard(context, what)? };
        context.redactor.learn(&value);
        Ok(value)
    }
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

fn from_keyboard(context: &Context, what: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        let problem = Problem::invalid(code::USAGE, "stdin", "Standard input is not a terminal.");
        return Err(problem.advise("Give the secret on standard input, with --stdin.").into());
    }
    let hidden = HiddenInput::begin()?;
    context.screen.warn(format!("{what} (it is not shown):"));
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

//! `baton login` and `baton logout`: what signs in to a server is kept for later commands. The password comes from the keyboard or
//! standard input, never from the command line.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use anyhow::{Context as _, Result};
use clap::Args;

use super::{
    Context, client,
    context::NamedServer,
    exit::Exit,
    screen::{GOOD, painted},
    secret_input::SecretInput,
    text,
};
use crate::operations::{
    Problem,
    accounts::sessions::{self, Me},
    code,
};

/// Bytes of the longest name that is read.
const LONGEST_NAME: u64 = 1 << 10;

/// Log in to a server, for all commands with this --server
///
/// Baton keeps the session in a file that only you can read, and continues it as long as you use it at least once in 30
/// days. BATON_TOKEN, where it is set, is used instead.
#[derive(Debug, Args)]
pub(super) struct Login {
    /// Name of the user [default: asked for]
    name: Option<String>,
    /// Store a token from `baton token create`, instead of a session
    #[arg(long, conflicts_with = "name")]
    token: bool,
    #[command(flatten)]
    input: SecretInput,
}

/// Log out of a server: end the session and forget it
#[derive(Debug, Args)]
pub(super) struct Logout {}

impl Login {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let server = server(context)?;
        client::check_url(&server.url)?;
        let me = if self.token {
            let token = self.input.read(context, "Token")?;
            client::keep_token(context, server, token.trim().to_owned()).await?
        } else {
            let name = self.name.clone().map_or_else(|| ask_name(context), Ok)?;
            let password = self.input.read(context, &format!("Password of {}", text::escaped(&name)))?;
            let password = password.trim_end_matches(['\n', '\r']).to_owned();
            client::keep_session(context, server, sessions::Login { name, password }).await?
        };
        show(context, server, &me)
    }
}

impl Logout {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let server = server(context)?;
        client::forget(context, server).await?;
        context.screen.tell(format!("{} Logged out of {}.", painted(GOOD, "✓"), text::escaped(&server.url)));
        Ok(Exit::Done)
    }
}

fn server(context: &Context) -> Result<&NamedServer, Problem> {
    context.server.as_ref().ok_or_else(|| {
        let problem = Problem::invalid("server_not_named", "server", "No server is named.");
        problem.advise("Name it with --server URL, or set BATON_SERVER.")
    })
}

fn ask_name(context: &Context) -> Result<String> {
    if !io::stdin().is_terminal() {
        let problem = Problem::invalid(code::USAGE, "name", "Standard input is not a terminal.");
        return Err(problem.advise("Give the name as an argument, and the password on standard input with --stdin.").into());
    }
    context.screen.prompt("Name: ");
    let mut line = String::new();
    io::stdin().lock().take(LONGEST_NAME).read_line(&mut line).context("The keyboard cannot be read")?;
    Ok(line.trim().to_owned())
}

fn show(context: &Context, server: &NamedServer, me: &Me) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(me)?;
    } else {
        let (url, name) = (text::escaped(&server.url), text::escaped(&me.actor.name));
        context.screen.tell(format!("{} Logged in to {url} as {name} ({}).", painted(GOOD, "✓"), me.role.as_str()));
    }
    Ok(Exit::Done)
}

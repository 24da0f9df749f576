//! `baton token`: what programs use the API with. Prints a secret once, when its token is made.

mod create;
mod list;
mod revoke;
mod rotate_keys;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Context, exit::Exit};

/// Manage the API tokens of users
///
/// A program sends a token as `Authorization: Bearer TOKEN`. It may do what its user may, or less. The commands work with and
/// without a running host.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Create),
    List(list::List),
    Revoke(revoke::Revoke),
    RotateKeys(rotate_keys::RotateKeys),
}

impl Token {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Create(command) => command.execute(context).await,
            Command::List(command) => command.execute(context).await,
            Command::Revoke(command) => command.execute(context).await,
            Command::RotateKeys(command) => command.execute(context).await,
        }
    }
}

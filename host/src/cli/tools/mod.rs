//! `baton tools`: the tools that plugins can be granted.

mod approve;
mod list;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Context, exit::Exit};

/// List tools and approve tools that changed
#[derive(Debug, Args)]
pub(super) struct Tools {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Approve(approve::Approve),
}

impl Tools {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Approve(command) => command.execute(context).await,
        }
    }
}

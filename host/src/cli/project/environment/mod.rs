//! `baton project environment`: what a project's commands run in, as its files propose it and the operator approves it.

mod build;
mod detect;
mod proposal;
mod remove;
mod show;
mod state;
mod test;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(in crate::cli) use state::unapproved;

use crate::cli::{Context, exit::Exit};

/// Manage the environment in which a project's commands run
///
/// The project's files propose an image: its devcontainer.json, the manifests of its languages, or its Dockerfile. Baton
/// does not use the image until you approve it with `build`. From then on, tests and the commands of agents run in it,
/// unless `test.image` names another.
#[derive(Debug, Args)]
pub(in crate::cli) struct Environments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Detect(detect::Detect),
    Show(show::Show),
    Build(build::Build),
    Test(test::Test),
    Remove(remove::Remove),
}

impl Environments {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Detect(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Build(command) => command.execute(context).await,
            Command::Test(command) => command.execute(context).await,
            Command::Remove(command) => command.execute(context).await,
        }
    }
}

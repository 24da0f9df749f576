//! `baton questions`: what runs ask people, and how to answer. A question is named by any beginning or end of its id.

pub(super) mod answer;
pub(super) mod card;
mod list;
mod show;
mod watch;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Context, exit::Exit, text};
use crate::operations::questions::QuestionId;

/// List and answer questions from runs
#[derive(Debug, Args)]
pub(super) struct Questions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Answer(answer::Answer),
    Watch(watch::Watch),
}

impl Questions {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Answer(command) => command.execute(context).await,
            Command::Watch(command) => command.execute(context).await,
        }
    }
}

/// The end of a question's id, which tells it from others and is enough to name it by.
pub(super) fn short(id: &QuestionId) -> String {
    text::ending(id.as_str())
}

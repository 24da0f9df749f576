//! `baton backlog`: the items of a project, what waits for what, and how it went.

mod add;
mod edit;
mod graph;
mod import;
mod list;
mod move_to;
mod show;
mod write;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{
    Context,
    exit::Exit,
    place::{ProjectArguments, ProjectChoice},
    screen::{BAD, FAINT, GOOD, WARNING},
    table::Cell,
};
use crate::operations::items::{ItemStatus, check_key, check_label};

/// Manage a project's backlog
#[derive(Debug, Args)]
pub(super) struct Backlog {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Add(add::Add),
    Edit(edit::Edit),
    Move(move_to::Move),
    Graph(graph::Drawing),
    Import(import::Import),
    Write(write::Write),
}

impl Backlog {
    /// What the command is called, where it is not done on a server.
    pub(super) fn on_this_machine(&self) -> Option<&'static str> {
        match &self.command {
            Command::Import(_) => Some("backlog import"),
            Command::Write(_) => Some("backlog write"),
            _ => None,
        }
    }

    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice_for(context)?;
        match &self.command {
            Command::List(command) => command.execute(context, &choice).await,
            Command::Show(command) => command.execute(context, &choice).await,
            Command::Add(command) => command.execute(context, &choice).await,
            Command::Edit(command) => command.execute(context, &choice).await,
            Command::Move(command) => command.execute(context, &choice).await,
            Command::Graph(command) => command.execute(context, &choice).await,
            Command::Import(command) => command.execute(context, &choice).await,
            Command::Write(command) => command.execute(context, &choice).await,
        }
    }
}

/// A key as the command line takes it.
fn key(text: &str) -> Result<String, String> {
    check_key(text).map(|()| text.to_owned()).map_err(|problem| problem.to_string())
}

/// A label as the command line takes it.
fn label(text: &str) -> Result<String, String> {
    check_label(text).map(|()| text.to_owned()).map_err(|problem| problem.to_string())
}

/// A status as the command line takes it.
fn status(text: &str) -> Result<ItemStatus, String> {
    let words = || ItemStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ");
    ItemStatus::from_word(text).ok_or_else(|| format!("a status is one of {}", words()))
}

/// A status in its colour.
fn coloured(status: ItemStatus) -> Cell {
    match status {
        ItemStatus::Done => Cell::styled(status.as_str(), GOOD),
        ItemStatus::InProgress | ItemStatus::Review => Cell::styled(status.as_str(), WARNING),
        ItemStatus::Blocked | ItemStatus::Failed => Cell::styled(status.as_str(), BAD),
        ItemStatus::Cancelled => Cell::styled(status.as_str(), FAINT),
        ItemStatus::Todo => status.as_str().into(),
    }
}

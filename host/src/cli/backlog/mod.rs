//! `baton backlog`: what is to be done in a project, what waits for what, and how it went.

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
use serde_json::{Value, json};

use super::{
    Context,
    exit::Exit,
    place::{ProjectArguments, ProjectChoice, ProjectFolder},
    screen::{BAD, FAINT, GOOD, WARNING},
    table::Cell,
};
use crate::{
    interfaces::backlog::{Author, Graph, Item, Status, check_key, check_label},
    operations::Host,
};

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
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice()?;
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

/// Whoever sits here.
fn person(app: &Host) -> Author {
    Author::Person(app.config.operator.clone())
}

/// A key as the command line takes it.
fn key(text: &str) -> Result<String, String> {
    check_key(text).map(|()| text.to_owned()).map_err(|refusal| refusal.to_string())
}

/// A label as the command line takes it.
fn label(text: &str) -> Result<String, String> {
    check_label(text).map(|()| text.to_owned()).map_err(|refusal| refusal.to_string())
}

/// A status as the command line takes it.
fn status(text: &str) -> Result<Status, String> {
    let words = || Status::ALL.map(Status::as_str).join(", ");
    Status::from_word(text).ok_or_else(|| format!("a status is one of {}", words()))
}

/// A status in its colour.
fn coloured(status: Status) -> Cell {
    match status {
        Status::Done => Cell::styled(status.as_str(), GOOD),
        Status::InProgress | Status::Review => Cell::styled(status.as_str(), WARNING),
        Status::Blocked | Status::Failed => Cell::styled(status.as_str(), BAD),
        Status::Cancelled => Cell::styled(status.as_str(), FAINT),
        Status::Todo => status.as_str().into(),
    }
}

/// An item as programs see it, without its body.
fn document(place: usize, items: &[Item], graph: &Graph<'_>, ready: &[usize]) -> Value {
    let Item { draft, assignee, branch, .. } = &items[place];
    json!({
        "key": draft.key,
        "kind": draft.kind,
        "title": draft.title,
        "status": graph.status(place),
        "parent": draft.parent,
        "after": draft.after,
        "waits-for": graph.waits_for(place),
        "ready": ready.contains(&place),
        "priority": draft.priority,
        "labels": draft.labels,
        "assignee": assignee,
        "branch": branch,
    })
}

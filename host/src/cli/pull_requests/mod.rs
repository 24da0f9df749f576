//! `baton pull-requests`: what waits to be merged in a project, and what becomes of it.

mod close;
mod landing;
mod list;
mod merge;
mod show;

use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{
    Context,
    exit::Exit,
    figures,
    number::number,
    place::{ProjectArguments, ProjectChoice, ProjectFolder},
    text,
};
use crate::{
    interfaces::forge::{Forge, Place, State},
    operations::Host,
};

/// List, merge and close pull requests
#[derive(Debug, Args)]
pub(super) struct PullRequests {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Merge(merge::Merge),
    Close(close::Close),
}

impl PullRequests {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let choice = self.project.choice()?;
        match &self.command {
            Command::List(command) => command.execute(context, &choice).await,
            Command::Show(command) => command.execute(context, &choice).await,
            Command::Merge(command) => command.execute(context, &choice).await,
            Command::Close(command) => command.execute(context, &choice).await,
        }
    }
}

impl ProjectFolder {
    fn forge(&self, app: &Host) -> Result<Arc<dyn Forge>> {
        Ok(app.forges.of(&self.project)?)
    }

    /// On behalf of whoever sits here. No two commands have the same `key`.
    fn place<'a>(&'a self, app: &'a Host, key: &'a str) -> Result<Place<'a>> {
        Ok(Place { project: self.id(), folder: self.folder()?, author: &app.config.operator.name, key, again: false })
    }
}

/// The number of a pull request as the command line takes it.
fn numbers() -> impl Fn(&str) -> Result<u64, String> + Clone + Send + Sync + 'static {
    number(0..=u64::MAX, "give the number of a pull request, as `baton pull-requests list --all` shows it")
}

fn key() -> String {
    format!("person:{}", uuid::Uuid::now_v7())
}

fn painted_state(state: State) -> super::table::Cell {
    use super::screen::{BAD, GOOD};
    match state {
        State::Open => state.as_str().into(),
        State::Merged => super::table::Cell::styled(state.as_str(), GOOD),
        State::Closed => super::table::Cell::styled(state.as_str(), BAD),
    }
}

/// The first characters of a commit, enough to name it by.
fn short(commit: &str) -> String {
    text::escaped(&commit.chars().take(12).collect::<String>())
}

/// When something was written.
fn at(milliseconds: u64) -> String {
    figures::moment(milliseconds, &jiff::tz::TimeZone::system())
}

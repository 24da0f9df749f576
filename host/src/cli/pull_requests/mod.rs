//! `baton pull-requests`: the pull requests of a project, and what becomes of them.

mod close;
mod list;
mod merge;
mod show;

pub(super) use show::check;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{
    Context,
    exit::Exit,
    number::number,
    place::{ProjectArguments, ProjectChoice},
    screen::{BAD, GOOD},
    table::Cell,
    text,
};
use crate::operations::pull_requests::PullRequestState;

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
        let choice = self.project.choice_for(context)?;
        match &self.command {
            Command::List(command) => command.execute(context, &choice).await,
            Command::Show(command) => command.execute(context, &choice).await,
            Command::Merge(command) => command.execute(context, &choice).await,
            Command::Close(command) => command.execute(context, &choice).await,
        }
    }
}

/// The number of a pull request as the command line takes it.
fn numbers() -> impl Fn(&str) -> Result<u64, String> + Clone + Send + Sync + 'static {
    number(0..=u64::MAX, "give the number of a pull request, as `baton pull-requests list --all` shows it")
}

fn painted_state(state: PullRequestState) -> Cell {
    match state {
        PullRequestState::Open => state.as_str().into(),
        PullRequestState::Merged => Cell::styled(state.as_str(), GOOD),
        PullRequestState::Closed => Cell::styled(state.as_str(), BAD),
    }
}

/// The first characters of a commit, enough to name it by.
pub(super) fn short(commit: &str) -> String {
    text::escaped(&commit.chars().take(12).collect::<String>())
}

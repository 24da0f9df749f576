//! `baton project`: projects, their folders and their states. What a project is kept under does not change with them.

mod add;
mod approvals;
mod autopilot;
mod environment;
mod list;
mod move_to;
mod remove;
mod rename;
mod services;
mod setup;
mod show;
mod states;

pub(super) use autopilot::share;

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

pub(super) use environment::unapproved;

use super::{
    Context,
    exit::Exit,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    table::Cell,
    text,
};
use crate::operations::{
    Problem, code,
    projects::{Project, ProjectState},
};

/// Manage projects
///
/// A directory becomes a project when a run starts in it. Its runs, backlog, knowledge, costs and worktrees belong to the
/// project, and stay with it when you rename it or move its directory.
#[derive(Debug, Args)]
pub(super) struct Projects {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Add(add::Add),
    Rename(rename::Rename),
    Move(move_to::Move),
    Pause(states::Pause),
    Resume(states::Resume),
    Complete(states::Complete),
    Autopilot(autopilot::Autopilot),
    Setup(setup::Setup),
    Services(services::Services),
    Remove(remove::Remove),
    Environment(environment::Environments),
}

impl Projects {
    /// What the command is called, where it is not done on a server.
    pub(super) fn on_this_machine(&self) -> Option<&'static str> {
        match &self.command {
            Command::Move(_) => Some("project move"),
            Command::Setup(_) => Some("project setup"),
            Command::Services(_) => Some("project services"),
            Command::Environment(_) => Some("project environment"),
            _ => None,
        }
    }

    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Add(command) => command.execute(context).await,
            Command::Rename(command) => command.execute(context).await,
            Command::Move(command) => command.execute(context).await,
            Command::Pause(command) => command.execute(context).await,
            Command::Resume(command) => command.execute(context).await,
            Command::Complete(command) => command.execute(context).await,
            Command::Autopilot(command) => command.execute(context).await,
            Command::Setup(command) => command.execute(context).await,
            Command::Services(command) => command.execute(context).await,
            Command::Remove(command) => command.execute(context).await,
            Command::Environment(command) => command.execute(context).await,
        }
    }
}

/// What is wrong with the folders of a project, and how it is fixed.
fn missing(project: &Project) -> Option<String> {
    let hint = project.hint.as_deref()?;
    let (name, mark) = (text::escaped(&project.name), painted(WARNING, "!"));
    Some(match project.folders.is_empty() {
        true => format!("{mark} No directory of project {name} is known. {hint}"),
        false => format!("{mark} A directory of project {name} does not exist. {hint}"),
    })
}

fn coloured(state: ProjectState) -> Cell {
    let style = match state {
        ProjectState::Active => GOOD,
        ProjectState::Paused => WARNING,
        ProjectState::Error => BAD,
        ProjectState::Inactive | ProjectState::Completed => FAINT,
    };
    Cell::styled(state.as_str(), style)
}

/// Prints what changed as a document, or says it in words.
fn answer(context: &Context, changed: &impl Serialize, words: &str) -> Result<()> {
    if context.screen.is_json() {
        return context.screen.document(changed);
    }
    context.screen.tell(words);
    Ok(())
}

/// Whether the person at the keyboard agrees. `what` is asked to be confirmed otherwise, such as `Removing a project`.
pub(super) fn confirmed(context: &Context, what: &str, question: &str) -> Result<bool> {
    const LONGEST: u64 = 1 << 10;
    if !io::stdin().is_terminal() || context.screen.is_json() {
        let problem = Problem::invalid(code::CONFIRMATION_NEEDED, "yes", format!("{what} needs a confirmation."));
        return Err(problem.advise("Add --yes.").into());
    }
    context.screen.prompt(format!("{question} [y/N] "));
    let mut line = String::new();
    io::Read::take(io::stdin().lock(), LONGEST).read_line(&mut line).context("The keyboard cannot be read")?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

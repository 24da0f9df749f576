//! `baton bindings`: which plugins fill the slots that workflows ask for. Edits no file of the operator's.

mod approve;
mod list;
mod proposed;
mod set;
mod unset;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(super) use proposed::unapproved;

use super::{Context, exit::Exit, place::ProjectArguments};
use crate::operations::{Problem, projects::ProjectRef};

/// Bind plugins to the slots that workflows ask for
///
/// A slot is a role that an agent fills (developer, reviewer, …) or a policy that a workflow fills (code-review, land, …).
/// Slots without a binding use a bundled plugin. You can also bind plugins in `[bindings]` of your settings; bindings that
/// you make with these commands take precedence.
#[derive(Debug, Args)]
pub(super) struct Bindings {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Set(set::Set),
    Unset(unset::Unset),
    Approve(approve::Approve),
}

impl Bindings {
    /// What the command is called, where it is not done on a server.
    pub(super) fn on_this_machine(&self) -> Option<&'static str> {
        match &self.command {
            Command::List(_) | Command::Set(_) | Command::Unset(_) => None,
            Command::Approve(_) => Some("bindings approve"),
        }
    }

    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Set(command) => command.execute(context).await,
            Command::Unset(command) => command.execute(context).await,
            Command::Approve(command) => command.execute(context).await,
        }
    }
}

/// Where a binding holds.
#[derive(Debug, Args)]
struct Where {
    #[command(flatten)]
    project: ProjectArguments,
    /// Limit the binding to backlog items with this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
}

impl Where {
    fn project(&self, context: &Context) -> Result<Option<ProjectRef>, Problem> {
        Ok(self.project.named_for(context)?.map(|choice| choice.reference()))
    }
}

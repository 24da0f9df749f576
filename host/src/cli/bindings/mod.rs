//! `baton bindings`: which plugins fill the slots that workflows ask for. Edits no file of the operator's.

mod approve;
mod list;
mod overview;
mod proposed;
mod set;
mod unset;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(super) use proposed::unapproved;

use super::{Context, exit::Exit, exit::Misuse, place::ProjectArguments, place::ProjectChoice};
use crate::{interfaces::backlog::check_label, kernel::projects::Project, kernel::slots::Scope, operations::Host};

/// Bind plugins to the slots that workflows ask for
///
/// A slot is a role that an agent fills (developer, reviewer, …) or a policy that a workflow fills (code-review, land, …).
/// The bundled plugins fill every slot to which nothing else is bound. `[bindings]` in your settings binds as well; what you
/// bind with these commands comes before it.
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
    /// Only for items of the backlog with this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
}

impl Where {
    /// The scope, and the project in it; a folder that is not known yet becomes a project.
    async fn scope(&self, app: &Host) -> Result<(Scope, Option<Project>)> {
        if let Some(label) = &self.label {
            check_label(label).map_err(|refusal| Misuse(refusal.to_string()))?;
        }
        let project = match self.project.named()? {
            Some(choice) => Some(project(app, &choice).await?),
            None => None,
        };
        let id = project.as_ref().map(|project| project.id.clone());
        Ok((Scope { project: id, label: self.label.clone() }, project))
    }
}

async fn project(app: &Host, choice: &ProjectChoice) -> Result<Project> {
    let found = choice.open(app).await?;
    Ok(app.kernel.find_project(found.id()).await?)
}

/// Where something holds, for people, behind a binding; nothing for all items of all projects.
fn told(scope: &Scope, project: Option<&Project>) -> String {
    let label = scope.label.as_ref().map(|label| format!(" for items labelled `{}`", super::text::escaped(label)));
    let project = project.map(|project| format!(" in project {}", super::text::escaped(&project.name)));
    format!("{}{}", label.unwrap_or_default(), project.unwrap_or_default())
}

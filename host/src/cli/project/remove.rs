//! `baton project remove`.

use anyhow::Result;
use clap::Args;

use super::{answer, confirmed};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, projects},
};

/// Remove a project from the list
///
/// Deletes no file. Its runs and what they cost are kept under its name, and its backlog is kept but no longer shown. Its
/// budget is removed, and its autopilot is turned off. A run that starts in its folder later makes a new project. Rejected
/// while a run of the project is unfinished or keeps a worktree.
#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// Name or id of the project
    name: String,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Remove {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        // The answer may take a while, which holds up no host.
        let project = projects::find(&context.open(Access::Look).await?, &self.name).await?;
        let name = text::escaped(&project.name);
        let question = format!("Remove project {name}? Its files, runs, costs and backlog are kept.");
        if !self.yes && !confirmed(context, "Removing a project", &question)? {
            context.screen.tell("Nothing was removed.");
            return Ok(Exit::Failed);
        }
        let host = context.open_to_change().await?;
        let removed = projects::remove(&host, &host.config().operator, &project.id).await;
        host.close().await;
        let mark = painted(GOOD, "✓");
        answer(context, &removed?, &format!("{mark} Removed project {name}. Its files, runs, costs and backlog are kept."))?;
        Ok(Exit::Done)
    }
}

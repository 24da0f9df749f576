//! `baton project remove`.

use anyhow::Result;
use clap::Args;

use super::{answer, confirmed};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::Access,
};

/// Remove a project from the list
///
/// Baton deletes no files. It keeps the project's runs and their costs under its name, and keeps the backlog but no longer
/// shows it. It removes the project's budget and turns its autopilot off. A run that later starts in the directory creates
/// a new project. Baton rejects the command while a run of the project is unfinished or keeps a worktree.
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
        let project = client::projects::find(&context.connect(Access::Look).await?, &self.name).await?;
        let name = text::escaped(&project.name);
        let question = format!("Remove project {name}? Its files, runs, costs and backlog are kept.");
        if !self.yes && !confirmed(context, "Removing a project", &question)? {
            context.screen.tell("Nothing was removed.");
            return Ok(Exit::Failed);
        }
        let client = context.connect_to_change().await?;
        let removed = client::projects::remove(&client, &project.id).await;
        client.close().await;
        let mark = painted(GOOD, "✓");
        answer(context, &removed?, &format!("{mark} Removed project {name}. Its files, runs, costs and backlog are kept."))?;
        Ok(Exit::Done)
    }
}

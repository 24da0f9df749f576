//! `baton project remove`.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    kernel::projects::Change,
    operations::Access,
};

/// Remove a project from the list
///
/// Deletes no file. Its runs and what they cost are kept under its name, and its backlog is kept but no longer shown. Its
/// budget is removed, and its autopilot is turned off. A run that starts in its folder later makes a new project. Rejected while a run of the project is
/// unfinished or keeps a worktree.
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
        // Whoever is asked may take their time, and holds up no host meanwhile.
        let project = context.open(Access::Look).await?.kernel.find_project(&self.name).await?;
        let name = text::escaped(&project.name);
        if !self.yes && !confirmed(context, &name)? {
            context.screen.tell("Nothing was removed.");
            return Ok(Exit::Failed);
        }
        let app = context.open_to_change().await?;
        let stopped = app.turn_autopilot_off(&project.id, true, &app.config.operator).await.map(drop);
        if let Err(error) = stopped {
            app.close().await;
            return Err(error.into());
        }
        let removed = app.kernel.change_project(&project, Change::Remove, &app.config.operator).await;
        app.close().await;
        removed?;
        if context.screen.is_json() {
            context.screen.document(&json!({ "project": project.id, "name": project.name, "removed": true }))?;
        } else {
            let mark = painted(GOOD, "✓");
            context.screen.tell(format!("{mark} Removed project {name}. Its files, runs, costs and backlog are kept."));
        }
        Ok(Exit::Done)
    }
}

fn confirmed(context: &Context, name: &str) -> Result<bool> {
    const LONGEST: u64 = 1 << 10;
    if !io::stdin().is_terminal() || context.screen.is_json() {
        return Err(Misuse("Removing a project needs a confirmation. Add --yes.".to_owned()).into());
    }
    context.screen.prompt(format!("Remove project {name}? Its files, runs, costs and backlog are kept. [y/N] "));
    let mut line = String::new();
    io::Read::take(io::stdin().lock(), LONGEST).read_line(&mut line).context("The keyboard cannot be read")?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

//! `baton project move`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::answer;
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    kernel::KernelError,
};

/// Set the new folder of a project that moved
///
/// Moves no files. Runs, backlog, knowledge, costs and worktrees stay with the project. Rejected while a run of the project
/// is unfinished or keeps a worktree.
#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// Name or id of the project
    #[arg(value_name = "NAME")]
    project: String,
    /// Where its folder is now
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The folder that moved, if the project has several
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

impl Move {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let project = app.kernel.find_project(&self.project).await?;
        let moved = app.kernel.move_project(&project, self.from.as_deref(), &self.folder, &app.config.operator).await;
        app.close().await;
        let project = moved.map_err(|error| match error {
            KernelError::Workspace { .. } => anyhow::Error::new(Misuse(format!(
                "{} This command moves no files: move the folder first, then name its new place.",
                text::escaped(&error.to_string())
            ))),
            error => error.into(),
        })?;
        let folders: Vec<_> = project.folders.iter().map(|folder| text::escaped(&folder.display().to_string())).collect();
        let (mark, name) = (painted(GOOD, "✓"), text::escaped(&project.name));
        answer(context, &project, &format!("{mark} Project {name} is in {} now.", folders.join(", ")))?;
        Ok(Exit::Done)
    }
}

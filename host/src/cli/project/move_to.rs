//! `baton project move`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::answer;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::projects::{self, MoveProject},
};

/// Set the new directory of a project that moved
///
/// Baton moves no files. Runs, backlog, knowledge, costs and worktrees stay with the project. Baton rejects the command
/// while a run of the project is unfinished or keeps a worktree.
#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// Name or id of the project
    #[arg(value_name = "NAME")]
    project: String,
    /// New directory of the project
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Directory that moved, if the project has several
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

impl Move {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open_to_change().await?;
        let request = MoveProject { project: self.project.clone(), folder: self.folder.clone(), from: self.from.clone() };
        let moved = projects::move_folder(&host, &host.config().operator, &request).await;
        host.close().await;
        let moved = moved?;
        let project = &moved.project;
        let folders: Vec<_> = project.folders.iter().map(|folder| text::escaped(folder)).collect();
        let (mark, name) = (painted(GOOD, "✓"), text::escaped(&project.name));
        answer(context, &moved, &format!("{mark} Project {name} is in {} now.", folders.join(", ")))?;
        Ok(Exit::Done)
    }
}

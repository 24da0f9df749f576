//! `baton project setup run`: executes the approved setup now, by a run like those that need it, and prints what it printed.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{Context, answering::Manner, attached, exit::Exit, place::ProjectArguments, text},
    operations::setups,
};

/// Run the approved setup now and print its output
///
/// Its output files are copied into the project's directory without overwriting your files, and cached for runs. As long as
/// the lockfiles stay the same, each run starts with a copy, and the setup is not executed again. A setup that fails leaves
/// no files.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Run {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open_to_change().await?;
        let run = setups::start_run(&host, &host.config().operator, &self.project.choice()?.reference()).await?;
        let (host, ended) = attached::drive_or_follow(host, context, &run, Manner::Ask).await?;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        let finished = setups::finish_run(&host, &host.config().operator, &run).await?;
        host.close().await;
        if context.screen.is_json() {
            context.screen.document(&finished)?;
        } else if !finished.printed.is_empty() {
            context.screen.answer(text::plain(finished.printed.trim_end_matches('\n')))?;
        }
        match (&finished.reason, &finished.report) {
            (Some(reason), _) => context.screen.warn(context.advice(&text::plain(reason))),
            (None, Some(report)) => context.screen.tell(text::plain(report)),
            (None, None) => ended.tell(context, None),
        }
        Ok(if finished.reason.is_none() { ended.exit() } else { Exit::Failed })
    }
}

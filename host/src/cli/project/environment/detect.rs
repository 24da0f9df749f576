//! `baton project environment detect`.

use anyhow::Result;
use clap::Args;

use super::shown;
use crate::{
    app::environment::BuildOptions,
    cli::{Context, exit::Exit, place::ProjectArguments},
    operations::Access,
};

/// Show the environment that the project's files propose
///
/// Reads files, and executes and approves nothing.
#[derive(Debug, Args)]
pub(super) struct Detect {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Detect {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let found = self.project.choice()?.find(&app).await?;
        let proposal = app.propose_environment(found.folder()?, &BuildOptions { with_network: true, ..BuildOptions::default() })?;
        if context.screen.is_json() {
            context.screen.document(&shown::document(&proposal))?;
            return Ok(Exit::Done);
        }
        context.screen.answer(shown::lines(context, &proposal).join("\n"))?;
        if proposal.origin.is_some() {
            context
                .screen
                .tell(format!("Nothing of it is used until you approve it with `{}`.", found.again(context, "project environment build")));
        }
        Ok(Exit::Done)
    }
}

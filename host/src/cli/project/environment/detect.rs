//! `baton project environment detect`.

use anyhow::Result;
use clap::Args;

use super::proposal;
use crate::{
    cli::{Context, exit::Exit, place::ProjectArguments},
    operations::{Access, environments},
};

/// Show the environment that the project's files propose
///
/// The command only reads files; it executes and approves nothing.
#[derive(Debug, Args)]
pub(super) struct Detect {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Detect {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        let proposal = environments::detect(&host, &choice.reference()).await?;
        if context.screen.is_json() {
            context.screen.document(&proposal)?;
            return Ok(Exit::Done);
        }
        context.screen.answer(proposal::lines(context, &proposal).join("\n"))?;
        if proposal.origin.is_some() {
            let build = choice.again(context, "project environment build");
            context.screen.tell(format!("Nothing of it is used until you approve it with `{build}`."));
        }
        Ok(Exit::Done)
    }
}

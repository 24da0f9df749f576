//! `baton project environment remove`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        exit::Exit,
        place::ProjectArguments,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, environments},
};

/// Remove the approval of a project's environment
///
/// Commands run in the image `default` again. The image stays on this machine.
#[derive(Debug, Args)]
pub(super) struct Remove {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Remove {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let removed = environments::remove(&host, &host.config().operator, &self.project.choice()?.reference()).await;
        host.close().await;
        let removed = removed?;
        if context.screen.is_json() {
            context.screen.document(&removed)?;
        } else {
            let (mark, name) = (painted(GOOD, "✓"), text::escaped(&removed.name));
            context.screen.tell(format!("{mark} Removed the environment of project {name}. Its commands run in the image `default`."));
        }
        Ok(Exit::Done)
    }
}

//! `baton project environment remove`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        place::ProjectArguments,
        screen::{GOOD, painted},
        text,
    },
    events::Draft,
    interfaces::sandbox::events::EnvironmentWithdrawn,
    operations::Access,
};

/// Withdraw the approval of a project's environment
///
/// Commands run in the image `default` again. The image stays on this machine.
#[derive(Debug, Args)]
pub(super) struct Remove {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Remove {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let found = self.project.choice()?.find(&app).await?;
        let event = Draft::of_host(&EnvironmentWithdrawn { project: found.id().to_owned() }).by(&app.config.operator);
        let held = app.environments().withdraw_environment(found.id(), vec![event]).await?;
        app.close().await;
        if !held {
            return Err(Misuse("No environment is approved for this project.".to_owned()).into());
        }
        if context.screen.is_json() {
            context.screen.document(&json!({ "project": found.id(), "removed": true }))?;
        } else {
            let (mark, name) = (painted(GOOD, "✓"), text::escaped(found.project.shown()));
            context.screen.tell(format!("{mark} Project {name} has no environment any more. Its commands run in the image `default`."));
        }
        Ok(Exit::Done)
    }
}

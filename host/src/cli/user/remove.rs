//! `baton user remove`.

use anyhow::Result;
use clap::Args;

use super::operator;
use crate::{
    cli::{
        Context,
        exit::Exit,
        project::confirmed,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, accounts::users},
};

/// Remove a user with all sessions and tokens
///
/// What the user did stays in the log.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Name or id of the user
    user: String,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Remove {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let user = {
            let host = context.open(Access::Look).await?;
            users::find(&host, &operator(&host), &self.user).await?
        };
        let name = text::escaped(&user.name);
        if !self.yes && !confirmed(context, "Removing a user", &format!("Remove user {name}?"))? {
            context.screen.tell("Nothing was removed.");
            return Ok(Exit::Failed);
        }
        let host = context.open(Access::Decide).await?;
        let removed = users::remove(&host, &operator(&host), &user.id).await;
        host.close().await;
        let removed = removed?;
        if context.screen.is_json() {
            context.screen.document(&removed)?;
        } else {
            context.screen.tell(format!("{} Removed user {name}.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}

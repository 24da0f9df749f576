//! `baton plugin remove`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{Context, exit::Exit, text},
    operations::{
        Access,
        plugins::{self, RemovePlugin},
    },
};

/// Remove a plugin from the plugin directory, and revoke its grants
///
/// Runs in progress keep the version that they started with, but each of their calls that needs a grant is denied from now
/// on.
#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// Name of the plugin, or of a rejected file in the plugin directory
    #[arg(value_name = "NAME")]
    plugin: String,
}

impl Remove {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let removed = plugins::remove(&host, &host.config().operator, &RemovePlugin { plugin: self.plugin.clone() }).await?;
        host.close().await;
        if context.screen.is_json() {
            context.screen.document(&removed)?;
        } else {
            let file = text::escaped(&removed.file);
            context.screen.tell(match &removed.hash {
                Some(_) => format!("Removed {file}. Runs that started with `{}` continue.", text::escaped(&removed.plugin)),
                None => format!("Removed the rejected file {file}. No plugin was in use from it."),
            });
        }
        Ok(Exit::Done)
    }
}

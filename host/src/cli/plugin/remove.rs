//! `baton plugin remove`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{Context, client, exit::Exit, text},
    operations::{Access, plugins::RemovePlugin},
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
        let client = context.connect(Access::Decide).await?;
        let removed = client::plugins::remove(&client, &RemovePlugin { plugin: self.plugin.clone() }).await?;
        client.close().await;
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

//! `baton runs pause`.

use anyhow::Result;
use clap::Args;

use crate::cli::{Context, client, exit::Exit, text};

/// Pause a run and its child runs, until you resume it
///
/// Baton first finishes the current call and keeps its answer. While another host executes runs on the same data,
/// the command asks that host, which has to serve its API.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pause {
    /// Run id, or a unique prefix or suffix
    run: String,
}

impl Pause {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_pause().await?;
        let paused = client::runs::pause(&client, &self.run).await?;
        client.close().await;
        if context.screen.is_json() {
            context.screen.document(&paused)?;
        } else {
            let resume = context.again(&format!("runs resume {}", text::short(&paused.root)));
            context.screen.tell(format!(
                "Run {} is paused, or will be after the call that it makes. `{resume}` continues it.",
                text::short(&paused.run)
            ));
        }
        Ok(Exit::Done)
    }
}

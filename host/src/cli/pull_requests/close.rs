//! `baton pull-requests close`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, key, numbers};
use crate::{
    cli::{Context, exit::Exit},
    interfaces::forge::State,
};

/// Close a pull request without merging it; its branch stays
#[derive(Debug, Args)]
pub(in crate::cli) struct Close {
    /// Its number
    #[arg(value_parser = numbers())]
    number: u64,
}

impl Close {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let workspace = choice.find(&app).await?;
        workspace.forge(&app)?.close(workspace.place(&app, &key())?, self.number).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&json!({ "number": self.number, "state": State::Closed }))?;
        } else {
            context.screen.tell(format!("Pull request {} is closed. Its branch is as it was.", self.number));
        }
        Ok(Exit::Done)
    }
}

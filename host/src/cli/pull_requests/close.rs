//! `baton pull-requests close`.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, numbers};
use crate::{
    cli::{Context, client, exit::Exit},
    operations::pull_requests::ClosePullRequest,
};

/// Close a pull request without merging it, and keep its branch
#[derive(Debug, Args)]
pub(in crate::cli) struct Close {
    /// Number of the pull request
    #[arg(value_parser = numbers())]
    number: u64,
}

impl Close {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let request = ClosePullRequest { project: choice.reference(), number: self.number };
        let closed = client::pull_requests::close(&client, &request).await;
        client.close().await;
        let closed = closed?;
        if context.screen.is_json() {
            context.screen.document(&closed)?;
        } else {
            context.screen.tell(format!("Pull request {} is closed. Its branch is unchanged.", self.number));
        }
        Ok(Exit::Done)
    }
}

//! `baton pull-requests close`.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, numbers};
use crate::{
    cli::{Context, exit::Exit},
    operations::pull_requests::{self, ClosePullRequest},
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
        let host = context.open_to_change().await?;
        let request = ClosePullRequest { project: choice.reference(), number: self.number };
        let closed = pull_requests::close(&host, &host.config().operator, &request).await;
        host.close().await;
        let closed = closed?;
        if context.screen.is_json() {
            context.screen.document(&closed)?;
        } else {
            context.screen.tell(format!("Pull request {} is closed. Its branch is unchanged.", self.number));
        }
        Ok(Exit::Done)
    }
}

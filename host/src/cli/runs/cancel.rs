//! `baton runs cancel`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{Context, client, exit::Exit, text},
    operations::runs::CancelRun,
};

/// Cancel a run and its child runs, also while the running host executes them
///
/// Each run receives the cancellation at its current wait and has the seconds of the setting `limits.grace-s` to clean up before it ends; it cannot
/// call models in that time. Its worktrees are released, and its commits stay on their branches. A failed run keeps its
/// worktrees until you cancel it, because you could still resume it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Cancel {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// End the runs immediately, without time to clean up
    #[arg(long)]
    now: bool,
}

impl Cancel {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let request = CancelRun { run: self.run.clone(), now: self.now };
        let cancelled = client::runs::cancel(&client, &request).await?;
        client.close().await;
        if context.screen.is_json() {
            context.screen.document(&cancelled)?;
            return Ok(Exit::Done);
        }
        let what = match (cancelled.is_requested, self.now) {
            (false, _) => "is cancelled",
            (true, true) => "will be cancelled by the running host within a second",
            (true, false) => "is being cancelled by the running host",
        };
        context.screen.tell(format!("Run {} {what}.", text::short(&cancelled.run)));
        Ok(Exit::Done)
    }
}

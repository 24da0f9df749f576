//! `baton runs cancel`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    cli::{Context, exit::Exit, text},
    journal::Halt,
    kernel::{
        Drive,
        run::{CancelCause, Run},
    },
    operations::{Access, Host, Problem},
};

/// Cancel a run and all runs below it, also while the running host executes it
///
/// Each run is told where it waits, and has `limits.grace-s` to put things in order before it is ended; it calls no model in
/// that time. Its worktrees are released, and what it has committed stays on its branches. A run that failed keeps its
/// worktrees until it is cancelled, because it could be resumed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Cancel {
    /// Any beginning or end of the run's id
    run: String,
    /// End the runs at once, in the middle of what they do
    #[arg(long)]
    now: bool,
}

impl Cancel {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let (app, elsewhere) = match context.open(Access::Execute).await {
            Ok(app) => (app, false),
            Err(error) if error.downcast_ref::<Problem>().is_some_and(Problem::is_in_use) => (context.open(Access::Attached).await?, true),
            Err(error) => return Err(error),
        };
        let run = app.kernel.resolve(&self.run).await?;
        let told = if elsewhere { self.ask(&app, &run).await? } else { self.cancel(&app, &run).await? };
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&json!({ "run": run.id, "requested": elsewhere }))?;
        } else {
            context.screen.tell(format!("Run {} {told}.", text::short(&run.id)));
        }
        Ok(Exit::Done)
    }

    /// Executes the runs to their end, as nothing else does.
    async fn cancel(&self, app: &Host, run: &Run) -> Result<&'static str> {
        if !self.now {
            app.kernel.cancel(run, &app.config.operator).await?;
            app.kernel.drive(&Drive { root: Some(run.id.clone()), until_idle: true }, &Halt::default()).await?;
        }
        let run = app.kernel.resolve(run.id.as_str()).await?;
        // What is not executed, as in a paused project, has not been told.
        if self.now || app.kernel.check_cancellable(&run).await.is_ok() {
            app.kernel.cancel_now(&run, &app.config.operator).await?;
        }
        Ok("is cancelled")
    }

    /// Leaves word for the host that executes the run.
    async fn ask(&self, app: &Host, run: &Run) -> Result<&'static str> {
        app.kernel.check_cancellable(run).await?;
        app.kernel.runs().request_cancel(&run.id, CancelCause::Operator, self.now, &app.config.operator).await?;
        Ok(if self.now { "will be cancelled by the running host within a second" } else { "is being cancelled by the running host" })
    }
}

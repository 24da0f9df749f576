//! `baton runs cancel`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    app::{Access, App, AppError},
    cli::{Context, exit::Exit, text},
    kernel::cancellable,
};

/// Cancel a run and all runs below it, also while the running host executes it
///
/// Its worktrees are released, and what it has committed stays on its branches. A run that failed keeps its worktrees until
/// it is cancelled, because it could be resumed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Cancel {
    /// Any beginning or end of the run's id
    run: String,
}

impl Cancel {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let (app, elsewhere) = match context.open(Access::Execute).await {
            Ok(app) => (app, false),
            Err(error) if error.downcast_ref::<AppError>().is_some_and(AppError::is_held) => (context.open(Access::Beside).await?, true),
            Err(error) => return Err(error),
        };
        let run = app.kernel.resolve(&self.run).await?;
        let told = if elsewhere { ask(&app, &run).await? } else { app.kernel.cancel(&run).await.map(|()| "is cancelled")? };
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&json!({ "run": run.id, "requested": elsewhere }))?;
        } else {
            context.screen.tell(format!("Run {} {told}.", text::short(&run.id)));
        }
        Ok(Exit::Done)
    }
}

/// Leaves word for the host that executes the run.
async fn ask(app: &App, run: &crate::kernel::run::Run) -> Result<&'static str> {
    cancellable(run)?;
    app.kernel.runs().request_cancel(&run.id).await?;
    Ok("will be cancelled by the Baton that executes it, within a second")
}

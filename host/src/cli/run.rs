//! `baton run`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{Context, answering::Answers, drive::drive_answering, exit::Exit, input, model};
use crate::{
    app::Access,
    kernel::{Order, package::Kind},
};

/// Run a workflow to its end and print its output
///
/// What happens is told on standard error, the output goes to standard output. Ctrl-C stops after the call in flight;
/// the run can then be resumed.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Name of the workflow, as `baton plugin list` shows it
    workflow: String,
    /// The folder whose files the workflow sees
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
    /// JSON, @FILE, or - for standard input; text that is not JSON is handed over as a JSON string
    #[arg(long, value_name = "INPUT", default_value = "{}", allow_hyphen_values = true)]
    input: String,
    /// Who answers: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    #[command(flatten)]
    answers: Answers,
}

impl Run {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let input = input::read(&self.input)?;
        let settings = self.model.as_deref().map(model::settings).transpose()?.unwrap_or_else(|| json!({}));
        let app = context.open(Access::Execute).await?;
        let order = Order { plugin: self.workflow.clone(), kind: Kind::Workflow, input, workspace: self.workspace.clone(), settings };
        let run = app.kernel.start(order).await?;
        let ended = drive_answering(&app, context, &run.id, self.answers.manner()).await?;
        app.close().await;
        ended.tell(context, None);
        ended.answer(&context.screen)?;
        Ok(ended.exit())
    }
}

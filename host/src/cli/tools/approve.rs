//! `baton tools approve`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::PATIENCE;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::Access,
};

/// Approve the present form of tools that changed since they were granted
///
/// Asks their MCP server for its tools now and keeps the form it answers with: a later change is denied again. A run that is
/// being executed sees it at its next call.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// The name of a tool such as web.search, or a pattern such as 'web.*'
    #[arg(value_name = "TOOL", required = true)]
    tools: Vec<String>,
}

impl Approve {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let approved = app.approve_tools(&self.tools, PATIENCE).await;
        app.close().await;
        let approved = approved?;
        if context.screen.is_json() {
            context.screen.document(&json!({ "approved": approved }))?;
            return Ok(Exit::Done);
        }
        if approved.is_empty() {
            context.screen.tell("  Nothing to approve: no plugin was granted another form.");
        }
        for approval in approved {
            let plugins = approval.plugins.iter().map(|plugin| format!("`{}`", text::escaped(plugin))).collect::<Vec<_>>().join(", ");
            context.screen.tell(format!("{} `{}` is approved for {plugins}.", painted(GOOD, "✓"), text::escaped(&approval.tool)));
        }
        Ok(Exit::Done)
    }
}

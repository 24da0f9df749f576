//! `baton tools approve`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, tools::ApproveTools},
};

/// Approve the current definition of tools that changed since they were granted
///
/// Baton asks the MCP server for its tools and stores their current definitions. After a later change, a tool is denied
/// again. A run in progress can use the tool from its next call.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// Name of a tool, such as web.search, or a pattern, such as 'web.*'
    #[arg(value_name = "TOOL", required = true)]
    tools: Vec<String>,
}

impl Approve {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Decide).await?;
        let approved = client::tools::approve(&client, &ApproveTools { tools: self.tools.clone() }).await;
        client.close().await;
        let approved = approved?;
        if context.screen.is_json() {
            context.screen.document(&approved)?;
            return Ok(Exit::Done);
        }
        if approved.items.is_empty() {
            context.screen.tell("  Nothing to approve: no plugin was granted another form.");
        }
        for approval in approved.items {
            let plugins = approval.plugins.iter().map(|plugin| format!("`{}`", text::escaped(plugin))).collect::<Vec<_>>().join(", ");
            context.screen.tell(format!("{} `{}` is approved for {plugins}.", painted(GOOD, "✓"), text::escaped(&approval.tool)));
        }
        Ok(Exit::Done)
    }
}

//! `baton mcp`: the installed workflows as MCP tools, for editors and agents that speak MCP. Standard output belongs to
//! the protocol.

mod server;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;

use super::{Context, exit::Exit, model, place::ProjectArguments};
use crate::operations::{Access, Host};
use server::Served;

/// Serve the installed workflows as MCP tools over standard input and output
///
/// A client such as an editor starts this command. Each tool call is a normal run: granted, journaled, and resumable with
/// `baton runs resume` if the client disconnects before the run ends.
#[derive(Debug, Args)]
pub(super) struct Mcp {
    #[command(flatten)]
    project: ProjectArguments,
    /// Model to use: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
}

impl Mcp {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let options = self.model.as_deref().map(model::options).transpose()?.unwrap_or_default();
        let host = Arc::new(context.open(Access::Execute).await?);
        let workspace = self.project.choice()?.workspace(&host).await?;
        options.check(&host, &workspace)?;
        let served = Served::new(Arc::clone(&host), workspace, options, context.screen.option.clone());
        let serving = rmcp::serve_server(served, rmcp::transport::stdio()).await;
        let ended = serving.context("No MCP client spoke on standard input; let a client start this program")?.waiting().await;
        Host::close_shared(host).await;
        ended?;
        Ok(Exit::Done)
    }
}

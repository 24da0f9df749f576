//! `baton plugin grant` and `baton plugin revoke`.

use anyhow::Result;
use clap::Args;

use super::{
    decision::{self, CapabilityArguments, Reason},
    reach,
    terms::TermArguments,
};
use crate::{
    cli::{
        Context,
        client::{self, Client},
        exit::Exit,
    },
    operations::{
        Access, code,
        plugins::{GrantPlugin, RevokePlugin},
    },
};

/// Grant a plugin all or some of the permissions that it asks for
///
/// Everything that you do not grant stays denied. 'dollars=1.50' limits what one run may spend on models; it replaces an
/// earlier amount and also applies to a plugin that does not ask for an amount. A run in progress uses a grant from its
/// next call.
///
/// If this plugin starts another one (an agent, a workflow, a toolbox), the other can use one of its own permissions there
/// only if this plugin has that permission too, or you grant it with the prefix `through.`: 'through.write=docs/**' for one
/// pattern, 'through.write' for everything of that kind that the others may do, 'through' for all kinds. The command first
/// shows what the plugin could do with the grant.
#[derive(Debug, Args)]
pub(in crate::cli) struct Grant {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    these: CapabilityArguments,
    /// Grant only these, and withhold everything else that it asks for
    #[arg(long, value_name = "CAPABILITY", num_args = 1.., conflicts_with = "capabilities")]
    only: Vec<String>,
    #[command(flatten)]
    terms: TermArguments,
    #[command(flatten)]
    reason: Reason,
    /// Show what the plugin could do with the grant, without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl Grant {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(if self.dry_run { Access::Look } else { Access::Decide }).await?;
        let exit = self.grant(context, &client).await;
        client.close().await;
        exit
    }

    async fn grant(&self, context: &Context, client: &Client) -> Result<Exit> {
        let request = self.request();
        if self.dry_run {
            let plan = client::plugins::plan_grant(client, &request).await?;
            if context.screen.is_json() {
                context.screen.document(&plan)?;
                return Ok(Exit::Done);
            }
            context.screen.answer(reach::describe(context, &plan))?;
            context.screen.tell("Nothing was changed.");
            return Ok(Exit::Done);
        }
        if !context.screen.is_json() {
            match client::plugins::plan_grant(client, &request).await {
                Ok(plan) => context.screen.tell(reach::describe(context, &plan)),
                // Something may be granted to a version that runs need, whose reach cannot be shown.
                Err(problem) if problem.is(code::PLUGIN_NOT_FOUND) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
        decision::show(context, &client::plugins::grant(client, &request).await?)
    }

    fn request(&self) -> GrantPlugin {
        let is_only = !self.only.is_empty();
        let capabilities = if is_only { &self.only } else { &self.these.capabilities };
        GrantPlugin {
            plugin: self.plugin.clone(),
            capabilities: capabilities.clone(),
            only: is_only,
            project: self.terms.project.clone(),
            until: self.terms.until,
            reason: self.reason.reason.clone(),
        }
    }
}

/// Revoke all or some of a plugin's permissions
///
/// Runs in progress are denied these permissions from their next call; a call in progress completes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Revoke {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    these: CapabilityArguments,
    #[command(flatten)]
    reason: Reason,
}

impl Revoke {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Decide).await?;
        let request =
            RevokePlugin { plugin: self.plugin.clone(), capabilities: self.these.capabilities.clone(), reason: self.reason.reason.clone() };
        let decided = client::plugins::revoke(&client, &request).await?;
        let exit = decision::show(context, &decided);
        client.close().await;
        exit
    }
}

//! `baton plugin grant` and `baton plugin revoke`.

use anyhow::Result;
use clap::Args;

use super::{
    decision::{self, CapabilityArguments, Reason},
    reach,
    terms::TermArguments,
};
use crate::{
    cli::{Context, exit::Exit},
    operations::{
        Access, Host, code,
        plugins::{self, GrantPlugin, RevokePlugin},
    },
};

/// Grant a plugin what it asks for, or a part of it
///
/// What is not granted stays denied. 'dollars=1.50' limits what one run may spend on models; it replaces an earlier amount
/// and also applies to a plugin that asks for no amount. A run in progress uses a grant from its next call.
///
/// What the plugin starts (agents, workflows, toolboxes) may do for it what the plugin may do itself, and what you grant
/// through it: 'through.write=docs/**', 'through.write' for all of that kind that those it starts may do, 'through' for all
/// kinds. The command first shows how far the plugin would reach.
#[derive(Debug, Args)]
pub(in crate::cli) struct Grant {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    these: CapabilityArguments,
    /// Grant these, and withhold everything else that it asks for
    #[arg(long, value_name = "CAPABILITY", num_args = 1.., conflicts_with = "capabilities")]
    only: Vec<String>,
    #[command(flatten)]
    terms: TermArguments,
    #[command(flatten)]
    reason: Reason,
    /// Change nothing; show how far the plugin would reach
    #[arg(long)]
    dry_run: bool,
}

impl Grant {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(if self.dry_run { Access::Look } else { Access::Decide }).await?;
        let exit = self.grant(context, &host).await;
        host.close().await;
        exit
    }

    async fn grant(&self, context: &Context, host: &Host) -> Result<Exit> {
        let request = self.request();
        if self.dry_run {
            let plan = plugins::plan_grant(host, &request).await?;
            if context.screen.is_json() {
                context.screen.document(&plan)?;
                return Ok(Exit::Done);
            }
            context.screen.answer(reach::describe(context, &plan))?;
            context.screen.tell("Nothing was changed.");
            return Ok(Exit::Done);
        }
        if !context.screen.is_json() {
            match plugins::plan_grant(host, &request).await {
                Ok(plan) => context.screen.tell(reach::describe(context, &plan)),
                // Something may be granted to a version that runs need, whose reach cannot be shown.
                Err(problem) if problem.is(code::PLUGIN_NOT_FOUND) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
        decision::show(context, &plugins::grant(host, &host.config().operator, &request).await?)
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

/// Revoke what a plugin was granted, or a part of it
///
/// A run in progress is denied it from its next call; a call in progress ends as usual.
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
        let host = context.open(Access::Decide).await?;
        let request =
            RevokePlugin { plugin: self.plugin.clone(), capabilities: self.these.capabilities.clone(), reason: self.reason.reason.clone() };
        let decided = plugins::revoke(&host, &host.config().operator, &request).await?;
        let exit = decision::show(context, &decided);
        host.close().await;
        exit
    }
}

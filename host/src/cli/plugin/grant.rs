//! `baton plugin grant` and `baton plugin revoke`.

use anyhow::Result;
use clap::Args;

use super::{
    decision::{Capabilities, Reason, decide, decide_in, preview},
    terms::TermArguments,
};
use crate::{
    cli::{Context, exit::Exit},
    kernel::granting::{Change, Named},
    operations::{Access, Host},
};

/// Grant a plugin what it asks for, or a part of it
///
/// What is not granted stays denied. 'dollars=1.50' grants an amount of dollars for models in one run, in the place of
/// what was granted before, and also to a plugin that asks for no such bound. A run that is being executed sees it at its next call.
///
/// What the plugin starts (agents, workflows, toolboxes) may do for it what it may do itself, and what you grant through
/// it: 'through.write=docs/**', 'through.write' for all of the kind that those it starts may do, 'through' for all of it.
/// How far the plugin would reach is shown first.
#[derive(Debug, Args)]
pub(in crate::cli) struct Grant {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    these: Capabilities,
    /// Grant these and nothing else, and do not be asked for the rest again
    #[arg(long, value_name = "CAPABILITY", num_args = 1.., conflicts_with = "capabilities")]
    only: Vec<Named>,
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
        let app = context.open(if self.dry_run { Access::Look } else { Access::Decide }).await?;
        let change = self.change(&app).await?;
        if self.dry_run {
            return preview(context, &app, &self.plugin, &change).await;
        }
        decide_in(app, context, &self.plugin, &change, &self.reason).await
    }

    async fn change(&self, app: &Host) -> Result<Change> {
        let these = || self.these.capabilities.clone();
        Ok(match self.terms.terms(app).await? {
            _ if !self.only.is_empty() => Change::Only(self.only.clone()),
            Some(terms) => Change::GrantOn(these(), terms),
            None => Change::Grant(these()),
        })
    }
}
/// Revoke what a plugin was granted, or a part of it
///
/// A run that is being executed is denied it from its next call on; a call in flight ends as usual.
#[derive(Debug, Args)]
pub(in crate::cli) struct Revoke {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    these: Capabilities,
    #[command(flatten)]
    reason: Reason,
}

impl Revoke {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        decide(context, &self.plugin, &Change::Revoke(self.these.capabilities.clone()), &self.reason).await
    }
}

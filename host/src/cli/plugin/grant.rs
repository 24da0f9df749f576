//! `baton plugin grant` and `baton plugin revoke`.

use anyhow::Result;
use clap::Args;

use super::decision::{Capabilities, Reason, decide};
use crate::{
    cli::{Context, exit::Exit},
    kernel::granting::{Change, Named},
};

/// Grant a plugin what it asks for, or a part of it
///
/// What is not granted stays denied. 'dollars=1.50' grants an amount of dollars for models in one run, in the place of
/// what was granted before, and also to a plugin that asks for no such bound. A run that is being executed sees it at its next call.
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
    reason: Reason,
}

impl Grant {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let change = if self.only.is_empty() { Change::Grant(self.these.capabilities.clone()) } else { Change::Only(self.only.clone()) };
        decide(context, &self.plugin, &change, &self.reason).await
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

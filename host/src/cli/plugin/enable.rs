//! `baton plugin enable` and `baton plugin disable`.

use anyhow::Result;
use clap::Args;

use super::decision::{Reason, decide};
use crate::{
    cli::{Context, exit::Exit},
    kernel::granting::Change,
};

/// Enable a plugin that was disabled, or stopped because it kept trapping
#[derive(Debug, Args)]
pub(in crate::cli) struct Enable {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    reason: Reason,
}

impl Enable {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        decide(context, &self.plugin, &Change::Enable, &self.reason).await
    }
}

/// Disable a plugin: runs of it cannot be started. Its grants stay
///
/// A run of it that is being executed continues: `baton runs cancel` ends it, `baton plugin revoke` denies its next call.
#[derive(Debug, Args)]
pub(in crate::cli) struct Disable {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    plugin: String,
    #[command(flatten)]
    reason: Reason,
}

impl Disable {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        decide(context, &self.plugin, &Change::Disable, &self.reason).await
    }
}

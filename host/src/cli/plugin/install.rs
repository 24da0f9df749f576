//! `baton plugin install`. Shows what the plugin asks for before anything is changed.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{
    decision::{Reason, describe_grants},
    list, reach, show,
};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    operations::{
        Access,
        plugins::{InstallPlugin, InstalledPlugin, PluginFile},
    },
};

/// Install a plugin, or replace an older version of it
///
/// FILE is a component. DIR is an agent's directory, which contains plugin.toml and persona.md, or a workflow folder, which
/// contains workflow.yaml, workflow.md or SKILL.md; Baton packs it first. REFERENCE names an artifact in a registry,
/// `oci://HOST/NAME:TAG` or `HOST/NAME@sha256:…`; Baton verifies the digest of the artifact, and `baton plugin update` fetches
/// it again from there. `[signatures]` in your settings defines whose plugins Baton accepts.
///
/// The command shows what the plugin asks for; all of it is denied until you grant it. `baton serve` loads the plugin
/// immediately, any other running host at its next start.
#[derive(Debug, Args)]
pub(in crate::cli) struct Install {
    /// A .wasm file, the directory of an agent or a workflow, or a registry reference
    #[arg(value_name = "FILE|DIR|REFERENCE")]
    source: PathBuf,
    /// Grant everything that it asks for
    #[arg(long)]
    grant: bool,
    #[command(flatten)]
    reason: Reason,
    /// Show what the plugin asks for, without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl Install {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config()?;
        // Before the data is opened: nobody else is to wait for a registry.
        let mut file = PluginFile::load(&self.source, &config).await?;
        warn_of_signature(context, &file);
        if self.dry_run {
            let client = context.connect_with(config, Access::Look).await?;
            let plan = client::plugins::plan_install(&client, &mut file).await?;
            return show_plan(context, &plan);
        }
        let client = context.connect_with(config, Access::Decide).await?;
        let request = InstallPlugin { grant: self.grant, reason: self.reason.reason.clone() };
        let installed = client::plugins::install(&client, file, &request).await?;
        client.close().await;
        show_installed(context, &installed)
    }
}

/// Says so if the signature of a file is not one that the settings want.
pub(super) fn warn_of_signature(context: &Context, file: &PluginFile) {
    if let Some(warning) = file.signature_warning() {
        context.screen.tell(format!("{} {}", painted(WARNING, "!"), text::escaped(&warning)));
    }
}

/// Says that another author may have made what replaces a plugin.
pub(super) fn warn_of_other_signer(context: &Context, installed: &InstalledPlugin) {
    let Some(replaced) = &installed.replaced else { return };
    let Some(before) = &replaced.other_signer else { return };
    let now = show::describe_signer(&installed.plugin);
    context.screen.warn(format!(
        "{} Version {} was signed by {}, and this file is signed by {now}: it may be another author's. Nothing that was granted to `{}` \
         carries over.",
        painted(WARNING, "!"),
        text::escaped(&replaced.version),
        text::escaped(before),
        text::escaped(&installed.plugin.name),
    ));
}

fn show_plan(context: &Context, plan: &InstalledPlugin) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(plan)?;
        return Ok(Exit::Done);
    }
    warn_of_other_signer(context, plan);
    let (what, replaced) = (list::describe(&plan.plugin), describe_replaced(plan));
    context.screen.tell(format!("The {what} would be installed as follows{replaced}. Nothing was changed."));
    context.screen.answer(show::needs(&plan.plugin, context.screen.room()))?;
    if let Some(through) = reach::describe_plan(context, plan) {
        context.screen.answer(format!("\nIf you grant all of it: {through}"))?;
    }
    Ok(Exit::Done)
}

fn show_installed(context: &Context, installed: &InstalledPlugin) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(installed)?;
        return Ok(Exit::Done);
    }
    warn_of_other_signer(context, installed);
    let file = text::escaped(installed.plugin.file.as_deref().unwrap_or_default());
    let (what, replaced) = (list::describe(&installed.plugin), describe_replaced(installed));
    context.screen.tell(format!("{} Installed the {what} as {file}{replaced}.", painted(GOOD, "✓")));
    context.screen.tell(describe_grants(context, &installed.plugin));
    Ok(Exit::Done)
}

/// Which version is replaced, and that it is the newer one where it is.
fn describe_replaced(installed: &InstalledPlugin) -> String {
    let Some(replaced) = &installed.replaced else { return String::new() };
    let newer = if replaced.is_newer { ", which is newer" } else { "" };
    format!(", in the place of version {}{newer}", text::escaped(&replaced.version))
}

//! `baton plugin update`. A plugin that cannot be updated stays as it is; the others are updated all the same.

use anyhow::Result;
use clap::Args;

use super::{decision::describe_grants, install, show};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{BAD, GOOD, painted},
        text,
    },
    config::Config,
    operations::{
        Access, Page, Problem,
        plugins::{self, InstallPlugin, InstalledPlugin, PluginSource, PluginUpdate, UpdateOutcome, UpdateTarget},
    },
};

/// Fetch plugins from their registries again, and install those that changed
///
/// Grants carry over. If a version asks for more, the command shows the difference, which is denied until you grant it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    /// Name of the plugin [default: all plugins from a registry]
    #[arg(value_name = "NAME")]
    plugin: Option<String>,
    /// Fetch another tag of the same repository
    #[arg(long, value_name = "TAG", requires = "plugin", conflicts_with = "latest")]
    to: Option<String>,
    /// Fetch the tag with the highest version, such as 1.2.0 or v1.2.0
    #[arg(long)]
    latest: bool,
    /// Show what the new versions ask for, without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl Update {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config()?;
        let sources = plugins::sources(&context.open(Access::Look).await?, self.plugin.as_deref()).await?;
        if sources.is_empty() {
            context.screen.tell("No plugin came from a registry.".to_owned());
        }
        let mut updates = Vec::new();
        for source in sources {
            let updated = self.update(context, &config, &source).await;
            updates.push(updated.unwrap_or_else(|error| failed(context, &source, &error)));
        }
        let has_failed = updates.iter().any(|update| update.outcome == UpdateOutcome::Failed);
        if context.screen.is_json() {
            context.screen.document(&Page::whole(updates))?;
        }
        Ok(if has_failed { Exit::Failed } else { Exit::Done })
    }

    async fn update(&self, context: &Context, config: &Config, source: &PluginSource) -> Result<PluginUpdate> {
        let Some(mut file) = plugins::fetch_update(config, source, &self.target()).await? else {
            let (name, version) = (text::escaped(&source.plugin), text::escaped(&source.version));
            context.screen.tell(format!("  `{name}` {version} is up to date with {}.", text::escaped(&source.reference)));
            return Ok(update(source, UpdateOutcome::Current));
        };
        install::warn_of_signature(context, &file);
        let reference = file.reference().unwrap_or_default();
        if self.dry_run {
            let host = context.open(Access::Look).await?;
            let plan = plugins::plan_install(&host, &mut file).await?;
            install::warn_of_other_signer(context, &plan);
            context.screen.tell(format!("{}. Nothing was changed.", step(source, &plan, "would become")));
            context.screen.tell(show::needs(&plan.plugin, context.screen.room()));
            return Ok(PluginUpdate { reference, installed: Some(plan), ..update(source, UpdateOutcome::WouldUpdate) });
        }
        let host = context.open(Access::Decide).await?;
        let installed = plugins::install(&host, &host.config().operator, file, &InstallPlugin::default()).await?;
        host.close().await;
        install::warn_of_other_signer(context, &installed);
        context.screen.tell(format!("{} {}.", painted(GOOD, "✓"), step(source, &installed, "is now")));
        context.screen.tell(describe_grants(context, &installed.plugin));
        Ok(PluginUpdate { reference, installed: Some(installed), ..update(source, UpdateOutcome::Updated) })
    }

    fn target(&self) -> UpdateTarget {
        match &self.to {
            Some(tag) => UpdateTarget::Tag(tag.clone()),
            None if self.latest => UpdateTarget::Latest,
            None => UpdateTarget::Same,
        }
    }
}

fn update(source: &PluginSource, outcome: UpdateOutcome) -> PluginUpdate {
    PluginUpdate {
        plugin: source.plugin.clone(),
        outcome,
        reference: source.reference.clone(),
        version: source.version.clone(),
        reason: None,
        installed: None,
    }
}

fn failed(context: &Context, source: &PluginSource, error: &anyhow::Error) -> PluginUpdate {
    let reason = Problem::of(error.as_ref()).to_string();
    let name = text::escaped(&source.plugin);
    context.screen.warn(format!("{} `{name}` stays as it is: {}", painted(BAD, "✗"), text::plain(&reason)));
    PluginUpdate { reason: Some(context.advice(&reason)), ..update(source, UpdateOutcome::Failed) }
}

fn step(source: &PluginSource, installed: &InstalledPlugin, becomes: &str) -> String {
    let (before, after) = (text::escaped(&source.version), text::escaped(&installed.plugin.version));
    format!("`{}` {before} {becomes} {after}", text::escaped(&source.plugin))
}

//! `baton plugin install`. Shows what would be asked for before anything is there.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{
    arrival::{Arrival, Replaced, Settled},
    decision::{Reason, outcome},
    list, reach, show,
};
use crate::{
    cli::{
        Context,
        exit::Exit,
        place::ProjectNames,
        screen::{GOOD, painted},
        text,
    },
    events::path_text,
    kernel::{
        granting::{By, Change},
        grants::GrantState,
        reach::Reach,
        registry::Plugin,
        signature::Trust,
    },
    operations::{Access, Host},
};

/// Install a plugin, or replace an older version of it
///
/// FILE is a component; FOLDER holds an agent's plugin.toml and persona.md and is packed first. REFERENCE names an
/// artifact in a registry, `oci://HOST/NAME:TAG` or `HOST/NAME@sha256:…`; what is fetched is checked against its digest,
/// and `baton plugin update` looks there again. `[signatures]` in your settings says whose plugins are taken.
///
/// What the plugin asks for is shown, and denied until it is granted. A Baton that serves takes the plugin up at once,
/// another that executes now when it is started again.
#[derive(Debug, Args)]
pub(in crate::cli) struct Install {
    /// A .wasm file, an agent's folder, or a reference to a registry
    #[arg(value_name = "FILE|FOLDER|REFERENCE")]
    source: PathBuf,
    /// Grant all that it asks for
    #[arg(long)]
    grant: bool,
    #[command(flatten)]
    reason: Reason,
    /// Change nothing; show what would be asked for
    #[arg(long)]
    dry_run: bool,
}

/// What is told of a plugin that was installed, or would be.
struct Told<'a> {
    plugin: &'a Plugin,
    path: &'a Path,
    replaced: Option<&'a Replaced>,
    /// With all that it asks for, before it is there.
    reach: Option<&'a (GrantState, Reach)>,
}

impl Install {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config()?;
        // Before the data is opened: nobody else is to wait for a registry.
        let mut arrival = Arrival::of(&self.source, &config).await?;
        arrival.warn(context, &config.trust);
        if self.dry_run {
            let app = context.open(Access::Look).await?;
            let path = arrival.place(&app)?;
            let replaced = arrival.replaces(&app);
            app.kernel.apply_decided(&arrival.plugin).await?;
            let reach = self.reach(&app, &arrival.plugin)?;
            let told = Told { plugin: &arrival.plugin, path: &path, replaced: replaced.as_ref(), reach: Some(&reach) };
            return self.tell(context, &told, &ProjectNames::load(&app).await?, &config.trust);
        }
        let app = context.open(Access::Decide).await?;
        let Settled { plugin, path, replaced } = arrival.settle(&app).await?;
        if self.grant {
            let by = By { who: &app.config.operator, why: self.reason.reason.as_deref() };
            app.kernel.decide(plugin.name(), &Change::Grant(Vec::new()), by).await?;
        }
        let projects = ProjectNames::load(&app).await?;
        app.close().await;
        self.tell(context, &Told { plugin: &plugin, path: &path, replaced: replaced.as_ref(), reach: None }, &projects, &config.trust)
    }

    /// How far it would reach with all that it asks for.
    fn reach(&self, app: &Host, plugin: &Plugin) -> Result<(GrantState, Reach)> {
        let grant_state = app.kernel.preview_of(plugin, &plugin.grant_state(), &Change::Grant(Vec::new()))?;
        let reach = app.kernel.reach(plugin, &grant_state);
        Ok((grant_state, reach))
    }

    fn tell(&self, context: &Context, told: &Told<'_>, projects: &ProjectNames, trust: &Trust) -> Result<Exit> {
        let Told { plugin, path, replaced, reach } = *told;
        if context.screen.is_json() {
            context.screen.document(&self.document(told, trust))?;
            return Ok(Exit::Done);
        }
        let manifest = &plugin.package.manifest;
        let what = format!("{} `{}` {}", manifest.kind, text::escaped(&manifest.name), text::escaped(&manifest.version.to_string()));
        let instead = replaced.map(|replaced| replaced.said(plugin)).unwrap_or_default();
        if let Some(warning) = replaced.and_then(|replaced| replaced.warning(plugin, trust)) {
            context.screen.warn(warning);
        }
        if self.dry_run {
            context.screen.tell(format!("The {what} would be installed as follows{instead}. Nothing was changed."));
            context.screen.answer(show::needs(plugin, context.screen.room()))?;
            if let Some((grant_state, reach)) = reach
                && let Some(through) = reach::through(context, plugin, grant_state, reach)
            {
                context.screen.answer(format!("\nIf you grant all of it: {through}"))?;
            }
            return Ok(Exit::Done);
        }
        let path = text::escaped(&path.display().to_string());
        context.screen.tell(format!("{} Installed the {what} as {path}{instead}.", painted(GOOD, "✓")));
        context.screen.tell(outcome(context, plugin, projects));
        Ok(Exit::Done)
    }

    fn document(&self, told: &Told<'_>, trust: &Trust) -> Value {
        let Told { plugin, path, replaced, reach } = *told;
        let mut document = list::signed(list::summary(plugin), plugin, trust);
        document["file"] = json!(path_text(path));
        document["replaced"] = json!(replaced.map(|replaced| &replaced.hash));
        document["dry-run"] = json!(self.dry_run);
        if let Some((_, reach)) = reach {
            document["reach"] = reach::document(reach);
        }
        document
    }
}

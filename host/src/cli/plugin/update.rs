//! `baton plugin update`. Looks where plugins came from; one that cannot be updated stays as it is and keeps no other
//! from it.

use anyhow::{Result, anyhow};
use clap::Args;
use semver::Version;
use serde_json::{Value, json};

use super::{
    arrival::{Arrival, Replaced, Settled, registry},
    decision::outcome,
    list, show,
};
use crate::{
    app::distribution::Reference,
    cli::{
        Context,
        exit::{Exit, Misuse},
        place::ProjectNames,
        problem,
        screen::{BAD, GOOD, painted},
        text,
    },
    config::Config,
    kernel::{registry::Plugin, signature::Trust, sources::Source},
    operations::{Access, Host},
};

/// Fetch the plugins that came from a registry again, and install those that changed
///
/// Grants carry over; a version that asks for more is shown with the difference, which is denied until it is granted.
#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    /// Name of a plugin [default: all that came from a registry]
    #[arg(value_name = "NAME")]
    plugin: Option<String>,
    /// Another tag of the same repository
    #[arg(long, value_name = "TAG", requires = "plugin", conflicts_with = "latest")]
    to: Option<String>,
    /// The tag with the highest version, such as 1.2.0 or v1.2.0
    #[arg(long)]
    latest: bool,
    /// Change nothing; show what would be asked for
    #[arg(long)]
    dry_run: bool,
}

/// An installed plugin and where it came from.
struct Present {
    source: Source,
    version: Version,
}

impl Update {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config()?;
        let present = self.present(&context.open(Access::Look).await?).await?;
        if present.is_empty() {
            context.screen.tell("No plugin came from a registry.".to_owned());
        }
        let (mut documents, mut exit) = (Vec::new(), Exit::Done);
        for present in present {
            match self.update(context, &config, &present).await {
                Ok(document) => documents.push(document),
                Err(error) => {
                    exit = Exit::Failed;
                    let (name, reason) = (&present.source.plugin, problem(&error).message);
                    context.screen.warn(format!(
                        "{} `{}` stays as it is: {}",
                        painted(BAD, "✗"),
                        text::escaped(name),
                        text::plain(&reason)
                    ));
                    documents.push(json!({ "plugin": name, "reference": present.source.reference, "outcome": "failed", "reason": context.advice(&reason) }));
                }
            }
        }
        if context.screen.is_json() {
            context.screen.document(&json!(documents))?;
        }
        Ok(exit)
    }

    /// The plugins to look at. One whose file was replaced by hand did not come from there.
    async fn present(&self, app: &Host) -> Result<Vec<Present>> {
        let plugins = app.kernel.registry().all();
        let found = app.sources().sources().await?.into_iter().filter_map(|source| {
            let plugin = plugins.get(&source.plugin).filter(|plugin| plugin.package.hash == source.hash)?;
            Some(Present { version: plugin.package.manifest.version.clone(), source })
        });
        let mut found: Vec<_> = found.filter(|present| self.plugin.as_ref().is_none_or(|name| *name == present.source.plugin)).collect();
        found.sort_by(|one, other| one.source.plugin.cmp(&other.source.plugin));
        match &self.plugin {
            Some(name) if found.is_empty() => {
                let name = text::escaped(name);
                Err(Misuse(format!("No plugin `{name}` came from a registry; `baton plugin install REFERENCE` puts one in its place."))
                    .into())
            }
            _ => Ok(found),
        }
    }

    async fn update(&self, context: &Context, config: &Config, present: &Present) -> Result<Value> {
        let reference = self.wanted(config, present).await?;
        // Another tag is to be remembered, also where it stands for the same artifact.
        let known = (reference.to_string() == present.source.reference).then_some(present.source.digest.as_str());
        let Some(fetched) = registry(&reference, config)?.fetch_unless(known).await? else {
            let name = text::escaped(&present.source.plugin);
            context.screen.tell(format!("  `{name}` {} is what {reference} has.", text::escaped(&present.version.to_string())));
            return Ok(json!({ "plugin": present.source.plugin, "reference": present.source.reference, "outcome": "current" }));
        };
        let mut arrival = Arrival::fetched(fetched, reference.clone(), &config.trust)?;
        present.check(&arrival.plugin, self.to.is_some())?;
        arrival.warn(context, &config.trust);
        if self.dry_run {
            let app = context.open(Access::Look).await?;
            arrival.place(&app)?;
            warn(context, arrival.replaces(&app).as_ref(), &arrival.plugin, &config.trust);
            app.kernel.apply_decided(&arrival.plugin).await?;
            context.screen.tell(format!("{}. Nothing was changed.", present.step(&arrival.plugin, "would become")));
            context.screen.tell(show::needs(&arrival.plugin, context.screen.room()));
            return Ok(self.document(present, &arrival.plugin, &reference, config));
        }
        let app = context.open(Access::Decide).await?;
        let Settled { plugin, replaced, .. } = arrival.settle(&app).await?;
        let projects = ProjectNames::load(&app).await?;
        app.close().await;
        warn(context, replaced.as_ref(), &plugin, &config.trust);
        context.screen.tell(format!("{} {}.", painted(GOOD, "✓"), present.step(&plugin, "is now")));
        context.screen.tell(outcome(context, &plugin, &projects));
        Ok(self.document(present, &plugin, &reference, config))
    }

    /// What to fetch: what it came from, or what was named instead.
    async fn wanted(&self, config: &Config, present: &Present) -> Result<Reference> {
        let reference: Reference = present.source.reference.parse()?;
        match &self.to {
            Some(tag) => Ok(reference.with_tag(tag).map_err(|error| Misuse(format!("{error}")))?),
            None if self.latest => {
                let tag = registry(&reference, config)?.latest(&present.version).await?;
                Ok(reference.with_tag(&tag)?)
            }
            None => Ok(reference),
        }
    }

    fn document(&self, present: &Present, plugin: &Plugin, reference: &Reference, config: &Config) -> Value {
        let mut document = list::signed(list::summary(plugin), plugin, &config.trust);
        document["plugin"] = json!(plugin.name());
        document["reference"] = json!(reference.to_string());
        document["from"] = json!({ "version": present.version, "hash": present.source.hash, "reference": present.source.reference });
        document["outcome"] = json!(if self.dry_run { "would-update" } else { "updated" });
        document
    }
}

fn warn(context: &Context, replaced: Option<&Replaced>, plugin: &Plugin, trust: &Trust) {
    if let Some(warning) = replaced.and_then(|replaced| replaced.warning(plugin, trust)) {
        context.screen.warn(warning);
    }
}

impl Present {
    /// Refuses another plugin, and an older one that nobody named: whoever moves a tag back may want an old mistake back.
    fn check(&self, plugin: &Plugin, named: bool) -> Result<()> {
        let (name, version) = (plugin.name(), &plugin.package.manifest.version);
        if name != self.source.plugin {
            return Err(anyhow!("what is there now is the plugin `{name}`. Install that by itself if you want it."));
        }
        if *version < self.version && !named {
            return Err(anyhow!("what is there now is the older version {version}. Name its tag with --to if you want it."));
        }
        Ok(())
    }

    fn step(&self, plugin: &Plugin, becomes: &str) -> String {
        let versions = [&self.version, &plugin.package.manifest.version].map(|version| text::escaped(&version.to_string()));
        format!("`{}` {} {becomes} {}", text::escaped(plugin.name()), versions[0], versions[1])
    }
}

//! What `install` and `update` have in common: a plugin that has arrived from a file, a folder or a registry, looked at
//! in full before anything is written, and put in its place.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, anyhow};
use semver::Version;

use crate::{
    app::events::Installed,
    app::{
        self, Folder,
        distribution::{Fetched, Reference, Registry},
    },
    cli::{
        Context,
        exit::Misuse,
        screen::{WARNING, painted},
        text,
    },
    config::Config,
    events::Draft,
    kernel::{
        registry::{Origin, Plugin},
        signature::{Signer, Trust},
        sources::Source,
    },
    operations::Host,
};

/// A plugin that nobody has installed yet.
pub(super) struct Arrival {
    pub(super) plugin: Plugin,
    /// The reference it was fetched by, and the digest of its artifact.
    pub(super) from: Option<(Reference, String)>,
}

/// What a plugin takes the place of.
pub(super) struct Replaced {
    /// Hash of the file that was there before.
    pub(super) hash: String,
    version: Version,
    /// It was signed by a key of the operator's, by this name, and the one that takes its place is not signed by that.
    signed_by: Option<String>,
}

impl Replaced {
    /// Says which version goes, and that it is the newer one where it is.
    pub(super) fn said(&self, plugin: &Plugin) -> String {
        let version = text::escaped(&self.version.to_string());
        let is_newer = self.version > plugin.package.manifest.version;
        format!(", in the place of version {version}{}", if is_newer { ", which is newer" } else { "" })
    }

    /// Says that whoever made this one may be somebody else.
    pub(super) fn warning(&self, plugin: &Plugin, trust: &Trust) -> Option<String> {
        let before = text::escaped(self.signed_by.as_ref()?);
        let (version, now) = (text::escaped(&self.version.to_string()), text::escaped(&trust.signer(&plugin.package).to_string()));
        Some(format!(
            "{} Version {version} was signed by {before}, and this file is signed by {now}: it may be another author's. Nothing that was \
             granted to `{}` carries over.",
            painted(WARNING, "!"),
            text::escaped(plugin.name()),
        ))
    }
}

/// A plugin in its place.
pub(super) struct Settled {
    pub(super) plugin: Arc<Plugin>,
    pub(super) path: PathBuf,
    /// What was there before.
    pub(super) replaced: Option<Replaced>,
}

impl Arrival {
    /// A plugin from whatever the operator named: a file or a folder that is there, else a reference.
    pub(super) async fn of(named: &Path, config: &Config) -> Result<Self> {
        match reference(named)? {
            Some(reference) => {
                let fetched = registry(&reference, config)?.fetch().await?;
                Self::fetched(fetched, reference, &config.trust)
            }
            None => Ok(Self { plugin: understood(named, &config.trust)?, from: None }),
        }
    }

    /// A plugin from a registry.
    pub(super) fn fetched(fetched: Fetched, reference: Reference, trust: &Trust) -> Result<Self> {
        let shown = reference.to_string();
        let plugin =
            app::understand(fetched.wasm, Path::new(&shown), trust).map_err(|reason| anyhow!("This host rejects {shown}: {reason}"))?;
        Ok(Self { plugin, from: Some((reference, fetched.digest)) })
    }

    /// Says so if it is not known who made it and the operator wants to be told.
    pub(super) fn warn(&self, context: &Context, trust: &Trust) {
        if let Some(warning) = trust.warning(&self.plugin.package) {
            context.screen.tell(format!("{} {}", painted(WARNING, "!"), text::escaped(&warning)));
        }
    }

    /// Where it would be put.
    pub(super) fn place(&self, app: &Host) -> Result<PathBuf> {
        Ok(Folder::of(&app.config.data_dir).place(&self.plugin, app.kernel.registry())?)
    }

    /// What it would take the place of. Where somebody else may have made that, nothing carries over.
    pub(super) fn replaces(&mut self, app: &Host) -> Option<Replaced> {
        let present = app.kernel.registry().find(self.plugin.name()).filter(|present| present.origin != Origin::Bundled)?;
        let signed_by = match app.config.trust.signer(&present.package) {
            Signer::Trusted(name) if present.package.signed_by != self.plugin.package.signed_by => Some(name),
            _ => None,
        };
        self.plugin.newcomer = signed_by.is_some();
        Some(Replaced { hash: present.package.hash.clone(), version: present.package.manifest.version.clone(), signed_by })
    }

    /// Puts it into the plugin folder, with the grants that carry over.
    pub(super) async fn settle(mut self, app: &Host) -> Result<Settled> {
        let path = self.place(app)?;
        // What cannot be compiled and linked must not take the place of what can. An installation always tries again.
        app.kernel.engine().try_anew(&self.plugin.package);
        self.plugin.exports(app.kernel.engine())?;
        let replaced = self.replaces(app);
        Folder::of(&app.config.data_dir).put(&self.plugin, &path)?;
        app.claim(&self.plugin, &path).await?;
        let plugin = app.kernel.put(self.plugin).await?;
        remember(app, &plugin, self.from.as_ref()).await?;
        record(app, &plugin, self.from.as_ref(), replaced.as_ref().map(|replaced| replaced.hash.as_str())).await?;
        Ok(Settled { plugin, path, replaced })
    }
}

/// A plugin that is not installed with the grants that it would have if it were.
pub(super) async fn with_grants(plugin: Plugin, app: &Host) -> Result<Plugin> {
    let mut arrival = Arrival { plugin, from: None };
    // Where somebody else may have made what it replaces, nothing carries over.
    arrival.replaces(app);
    app.kernel.apply_decided(&arrival.plugin).await?;
    Ok(arrival.plugin)
}

/// The registry of a reference, reached as the operator's settings say.
pub(super) fn registry(reference: &Reference, config: &Config) -> Result<Registry> {
    Ok(Registry::of(reference, config.registry(&reference.host)?)?)
}

/// A file or a folder as a plugin, or why it is none.
pub(super) fn understood(source: &Path, trust: &Trust) -> Result<Plugin> {
    let shown = text::escaped(&source.display().to_string());
    let plugin = match std::fs::metadata(source) {
        Err(error) => return Err(Misuse(format!("The file `{shown}` cannot be read: {error}.")).into()),
        Ok(about) if about.is_dir() => app::pack(source, trust),
        Ok(_) => app::read_plugin(source, trust),
    };
    plugin.map_err(|reason| anyhow!("This host rejects {shown}: {reason}"))
}

/// What is named, if it is a reference. What lies on the disk is no reference unless it says so.
fn reference(named: &Path) -> Result<Option<Reference>, Misuse> {
    match named.to_str() {
        Some(text) if Reference::is_meant(text) => text.parse().map(Some).map_err(|error| Misuse(format!("{error}"))),
        Some(text) if !named.exists() => Ok(text.parse().ok()),
        _ => Ok(None),
    }
}

async fn remember(app: &Host, plugin: &Plugin, from: Option<&(Reference, String)>) -> Result<()> {
    let Some((reference, digest)) = from else { return Ok(app.sources().forget(plugin.name()).await?) };
    let source = Source {
        plugin: plugin.name().to_owned(),
        reference: reference.to_string(),
        digest: digest.clone(),
        hash: plugin.package.hash.clone(),
        installed_at: 0,
    };
    Ok(app.sources().remember(&source).await?)
}

async fn record(app: &Host, plugin: &Plugin, from: Option<&(Reference, String)>, replaced: Option<&str>) -> Result<()> {
    let installed = Installed {
        plugin: plugin.name().to_owned(),
        hash: plugin.package.hash.clone(),
        replaced: replaced.map(str::to_owned),
        reference: from.map(|(reference, _)| reference.to_string()),
        digest: from.map(|(_, digest)| digest.clone()),
        key: plugin.package.signed_by.map(|key| key.to_string()),
    };
    app.kernel.events().append(vec![Draft::of_host(&installed).by(&app.config.operator)]).await?;
    Ok(())
}

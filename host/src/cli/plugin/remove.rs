//! `baton plugin remove`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    app::events::Removed,
    app::{Folder, FolderError},
    cli::{
        Context,
        exit::{Exit, Misuse},
        text,
    },
    events::{Draft, path_text},
    journal::PluginVersion,
    kernel::{granting::Change, registry::Origin},
    operations::{Access, Host},
};

/// Remove a plugin from the plugin folder, and revoke its grants
///
/// Runs that began with it continue with the version they began with. Since its grants are revoked, each of their calls
/// that needs one is denied from now on.
#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// Name of the plugin, or of a rejected file in the plugin folder
    #[arg(value_name = "NAME")]
    plugin: String,
}

impl Remove {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let (path, hash) = self.found(&app)?;
        if hash.is_some() {
            app.kernel.decide(&self.plugin, &Change::Forget, &app.config.operator).await?;
        }
        Folder::of(&app.config.data_dir).remove(&path)?;
        if hash.is_some() {
            app.unclaim(&self.plugin).await?;
        }
        app.sources().forget(&self.plugin).await?;
        if app.withdraw(&path).await?.is_none() {
            let plugin = PluginVersion { plugin: self.plugin.clone(), ..PluginVersion::default() };
            let removed = Removed { plugin, file: path_text(&path), rejected: true };
            app.kernel.events().append(vec![Draft::of_host(&removed).by(&app.config.operator)]).await?;
        }
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&json!({ "plugin": self.plugin, "file": path_text(&path), "hash": hash }))?;
        } else {
            let shown = text::escaped(&path_text(&path));
            context.screen.tell(match &hash {
                Some(_) => format!("Removed {shown}. Runs that began with `{}` continue.", text::escaped(&self.plugin)),
                None => format!("Removed the rejected file {shown}. No plugin was in use from it."),
            });
        }
        Ok(Exit::Done)
    }

    /// The file, and the hash of the plugin in it where it is one.
    fn found(&self, app: &Host) -> Result<(PathBuf, Option<String>)> {
        if let Some(plugin) = app.kernel.registry().find(&self.plugin) {
            return match &plugin.origin {
                Origin::Bundled => Err(FolderError::Bundled(self.plugin.clone()).into()),
                Origin::File(path) => Ok((path.clone(), Some(plugin.package.hash.clone()))),
            };
        }
        let refused = app.refused.iter().find(|refused| refused.is_named(&self.plugin)).map(|refused| refused.path.clone());
        let none = || Misuse(format!("There is no plugin `{}`; `baton plugin list` lists the plugins.", text::escaped(&self.plugin)));
        Ok((refused.ok_or_else(none)?, None))
    }
}

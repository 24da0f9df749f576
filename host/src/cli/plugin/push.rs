//! `baton plugin push`. Publishes only what this host would take for a plugin.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::json;

use super::arrival::registry;
use crate::{
    app::{self, distribution::Reference},
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    kernel::signature::Trust,
};

/// Publish a plugin file, with its signature, in a registry
///
/// The artifact has the form that other WebAssembly tools read. The same file always makes the same artifact.
#[derive(Debug, Args)]
pub(in crate::cli) struct Push {
    /// The .wasm file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to, such as oci://ghcr.io/you/name:1.0.0
    #[arg(value_name = "REFERENCE")]
    reference: String,
}

impl Push {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config()?;
        let reference: Reference = self.reference.parse().map_err(|error| Misuse(format!("{error}")))?;
        let shown = text::escaped(&self.file.display().to_string());
        if !self.file.is_file() {
            return Err(Misuse(format!("There is no file `{shown}`; a folder is packed first, with `baton plugin pack`.")).into());
        }
        let plugin = app::read_plugin(&self.file, &Trust::default()).map_err(|reason| anyhow!("This host rejects {shown}: {reason}"))?;
        let digest = registry(&reference, &config)?.publish(&plugin.package).await?;
        let pinned = format!("{}/{}@{digest}", reference.host, reference.repository);
        if context.screen.is_json() {
            let (name, hash) = (plugin.name(), &plugin.package.hash);
            context.screen.document(
                &json!({ "plugin": name, "hash": hash, "reference": reference.to_string(), "digest": digest, "pinned": pinned }),
            )?;
        } else {
            let version = text::escaped(&plugin.package.manifest.version.to_string());
            context.screen.tell(format!("{} Published `{}` {version} as {reference}.", painted(GOOD, "✓"), text::escaped(plugin.name())));
            context.screen.tell(format!("  For ever the same is {pinned}."));
        }
        Ok(Exit::Done)
    }
}

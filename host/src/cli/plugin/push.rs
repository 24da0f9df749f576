//! `baton plugin push`. Publishes only what this host accepts as a plugin.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::plugins,
};

/// Publish a plugin file and its signature to a registry
///
/// The artifact has the format that other WebAssembly tools read. The same file always produces the same artifact.
#[derive(Debug, Args)]
pub(in crate::cli) struct Push {
    /// Plugin file to publish, a .wasm file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Destination, such as oci://ghcr.io/you/name:1.0.0
    #[arg(value_name = "REFERENCE")]
    reference: String,
}

impl Push {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let published = plugins::publish(&context.config()?, &self.file, &self.reference).await?;
        if context.screen.is_json() {
            context.screen.document(&published)?;
        } else {
            let (name, version) = (text::escaped(&published.plugin), text::escaped(&published.version));
            let reference = text::escaped(&published.reference);
            context.screen.tell(format!("{} Published `{name}` {version} as {reference}.", painted(GOOD, "✓")));
            context.screen.tell(format!("  {} always names this artifact.", text::escaped(&published.pinned)));
        }
        Ok(Exit::Done)
    }
}

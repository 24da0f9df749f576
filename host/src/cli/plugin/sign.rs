//! `baton plugin sign`. Signs only what this host accepts as a plugin.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::output;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::plugins::{self, SignedPlugin},
};

/// Sign a plugin file
///
/// The signature is part of the file and replaces an earlier one. Any later change to the file invalidates the signature,
/// so pack first and sign last.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sign {
    /// Plugin file to sign, a .wasm file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File of the private key: Ed25519 in PKCS #8 PEM, as `baton plugin key new` creates it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// File to write [default: the same file]
    #[arg(long = "to", short = 't', value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Sign {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        let (signed, key) = plugins::sign(&self.file, &self.key)?;
        let target = self.to.as_deref().unwrap_or(&self.file);
        output::write(target, signed.wasm())?;
        let plugin = signed.view();
        let signed = SignedPlugin { plugin: plugin.name, file: output::path_text(target), hash: plugin.hash, key };
        if context.screen.is_json() {
            context.screen.document(&signed)?;
        } else {
            let (name, file) = (text::escaped(&signed.plugin), text::escaped(&signed.file));
            context.screen.tell(format!("{} Signed `{name}` in {file} with the key {}.", painted(GOOD, "✓"), signed.key));
        }
        Ok(Exit::Done)
    }
}

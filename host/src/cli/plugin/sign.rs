//! `baton plugin sign`. Signs only what this host would take for a plugin.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::json;

use super::output;
use crate::{
    app,
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    events::path_text,
    kernel::{
        disk::read_text,
        signature::{self, PrivateKey, Trust},
    },
    operations::Problem,
};

/// Bytes of a key; one in PEM has some hundred.
const LARGEST_KEY: u64 = 64 << 10;

/// Sign a plugin file. The signature is part of the file and replaces an earlier one
///
/// Whatever is changed afterwards breaks the signature, so pack first and sign last.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sign {
    /// The .wasm file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file of the private key: Ed25519 in PKCS #8 PEM, as `baton plugin key new` makes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The file to write [default: the same]
    #[arg(long = "to", short = 't', value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Sign {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        let (shown, key) = (text::escaped(&self.file.display().to_string()), self.key()?);
        if !self.file.exists() {
            return Err(Misuse(format!("There is no file `{shown}`.")).into());
        }
        let refuse = |reason: String| anyhow!("{shown} is not signed: {}", text::plain(&reason));
        let wasm = app::read_file(&self.file).map_err(refuse)?;
        let signed = signature::sign(&wasm, &key).map_err(|error| refuse(Problem::of(&error).to_string()))?;
        let plugin = app::understand(signed, &self.file, &Trust::default()).map_err(refuse)?;
        let target = self.to.as_deref().unwrap_or(&self.file);
        output::write(target, &plugin.package.wasm)?;
        let target = text::escaped(&target.display().to_string());
        if context.screen.is_json() {
            let (file, hash) = (path_text(self.to.as_ref().unwrap_or(&self.file)), &plugin.package.hash);
            context.screen.document(&json!({ "file": file, "plugin": plugin.name(), "hash": hash, "key": key.public().to_string() }))?;
        } else {
            let name = text::escaped(plugin.name());
            context.screen.tell(format!("{} Signed `{name}` in {target} with the key {}.", painted(GOOD, "✓"), key.public()));
        }
        Ok(Exit::Done)
    }

    fn key(&self) -> Result<PrivateKey> {
        let shown = text::escaped(&self.key.display().to_string());
        let text = read_text(&self.key, LARGEST_KEY).map_err(|error| Misuse(format!("The key `{shown}` cannot be read: {error}.")))?;
        Ok(PrivateKey::from_pem(&text).map_err(|error| Misuse(format!("`{shown}` is not a key: {error}")))?)
    }
}

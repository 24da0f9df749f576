//! `baton plugin pack`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{arrival::understood, list, output};
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        figures, text,
    },
    events::path_text,
    kernel::signature::Trust,
};

/// Pack an agent's folder into one plugin file: plugin.toml, persona.md and the other files
///
/// Names that begin with a dot are left out. The same folder always makes the same file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pack {
    /// The folder
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The file to write
    #[arg(long = "to", short = 't', value_name = "FILE")]
    file: PathBuf,
}

impl Pack {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        if !self.folder.is_dir() {
            return Err(Misuse(format!("`{}` is not a folder.", text::escaped(&self.folder.display().to_string()))).into());
        }
        let plugin = understood(&self.folder, &Trust::default())?;
        let shown = text::escaped(&self.file.display().to_string());
        output::write(&self.file, &plugin.package.wasm)?;
        if context.screen.is_json() {
            let mut document = list::summary(&plugin);
            document["file"] = json!(path_text(&self.file));
            context.screen.document(&document)?;
        } else {
            let size = figures::bytes(plugin.package.wasm.len() as u64);
            context.screen.tell(format!("Packed `{}` into {shown}, {size}.", text::escaped(plugin.name())));
        }
        Ok(Exit::Done)
    }
}

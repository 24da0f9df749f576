//! `baton plugin pack`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::output;
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        figures, text,
    },
    operations::plugins::{Plugin, PluginFile},
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
        let packed = PluginFile::pack_unsigned(&self.folder)?;
        output::write(&self.file, packed.wasm())?;
        let plugin = Plugin { file: Some(output::path_text(&self.file)), ..packed.view() };
        if context.screen.is_json() {
            context.screen.document(&plugin)?;
        } else {
            let (name, file) = (text::escaped(&plugin.name), text::escaped(&self.file.display().to_string()));
            context.screen.tell(format!("Packed `{name}` into {file}, {}.", figures::bytes(plugin.bytes)));
        }
        Ok(Exit::Done)
    }
}

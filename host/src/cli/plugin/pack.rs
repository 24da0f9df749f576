//! `baton plugin pack`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::output;
use crate::{
    cli::{Context, exit::Exit, figures, text},
    operations::{
        named_files,
        plugins::{Plugin, PluginFile},
    },
};

/// Pack an agent's directory into one plugin file: plugin.toml, persona.md and the other files
///
/// Baton omits files whose names begin with a dot. The same directory always produces the same file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pack {
    /// Directory to pack
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// File to write
    #[arg(long = "to", short = 't', value_name = "FILE")]
    file: PathBuf,
}

impl Pack {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        named_files::require_directory("folder", &self.folder)?;
        let packed = PluginFile::pack_unsigned(&self.folder)?;
        output::write(&self.file, packed.wasm())?;
        let plugin = Plugin { file: Some(output::path_text(&self.file)), ..packed.view() };
        if context.screen.is_json() {
            context.screen.document(&plugin)?;
        } else {
            let (name, file) = (text::escaped(&plugin.name), text::path(&self.file));
            context.screen.tell(format!("Packed `{name}` into {file}, {}.", figures::bytes(plugin.bytes)));
        }
        Ok(Exit::Done)
    }
}

//! `baton plugin pack`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{output, show};
use crate::{
    cli::{Context, exit::Exit, figures, text},
    operations::{
        named_files,
        plugins::{Plugin, PluginFile},
    },
};

/// Pack an agent's directory or a workflow folder into one plugin file
///
/// An agent's directory contains plugin.toml and persona.md. A workflow folder contains workflow.yaml, workflow.md or SKILL.md;
/// Baton derives its manifest from what the folder does and shows it. A plugin.toml in a workflow folder replaces parts of
/// that manifest.
///
/// Baton omits files whose names begin with a dot. The same directory always produces the same file.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pack {
    /// Directory to pack
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// File to write [default: NAME.wasm in the current directory]
    #[arg(long = "to", short = 't', value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Pack {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        named_files::require_directory("folder", &self.folder)?;
        let packed = PluginFile::pack_unsigned(&self.folder)?;
        let plugin = packed.view();
        let file = self.file.clone().unwrap_or_else(|| PathBuf::from(format!("{}.wasm", plugin.name)));
        output::write(&file, packed.wasm())?;
        let plugin = Plugin { file: Some(output::path_text(&file)), ..plugin };
        if context.screen.is_json() {
            context.screen.document(&plugin)?;
        } else {
            let (name, file) = (text::escaped(&plugin.name), text::path(&file));
            context.screen.tell(format!("Packed `{name}` into {file}, {}.", figures::bytes(plugin.bytes)));
            context.screen.answer(show::needs(&plugin, context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}

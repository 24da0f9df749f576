//! `baton plugin pack-module`.

use std::{fs, path::PathBuf};

use anyhow::Result;
use clap::Args;

use super::output;
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{WARNING, painted},
        text,
    },
    operations::{
        Problem, code, named_files,
        plugins::{self, PackedModule, Plugin},
    },
};

/// Pack a module's agents, their menus and its workflows into one plugin file each
///
/// A module is a directory with agents in `agents` (NAME.agent.yaml, or compiled into Markdown) and workflow folders in
/// `workflows`. Each agent becomes a plugin MODULE-NAME, its menu the workflow MODULE-NAME-menu, and a workflow that only one
/// agent offers is packed with that agent. `_cfg/agents/MODULE-NAME.customize.yaml` beside the module changes an agent.
///
/// Baton lists workflows that cannot be run, with the reason, and packs the others.
#[derive(Debug, Args)]
pub(in crate::cli) struct PackModule {
    /// Directory of the module
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Directory to write the plugins to; Baton creates it if it does not exist
    #[arg(long = "to", short = 't', value_name = "DIR", default_value = ".")]
    to: PathBuf,
}

impl PackModule {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        named_files::require_directory("folder", &self.folder)?;
        let (parts, rejected) = plugins::pack_module(&self.folder)?;
        fs::create_dir_all(&self.to).map_err(|error| {
            let message = format!("The directory `{}` cannot be created: {error}.", text::path(&self.to));
            Problem::invalid(code::FILE_UNWRITABLE, "to", message).advise(output::ANOTHER)
        })?;
        let mut written = Vec::new();
        for part in parts {
            let file = self.to.join(format!("{}.wasm", part.plugin.name));
            output::write(&file, &part.wasm)?;
            written.push(Plugin { file: Some(output::path_text(&file)), ..part.plugin });
        }
        if context.screen.is_json() {
            context.screen.document(&PackedModule { plugins: written, rejected })?;
            return Ok(Exit::Done);
        }
        for part in &rejected {
            context.screen.warn(format!("{} {}: {}", painted(WARNING, "!"), text::escaped(&part.path), text::plain(&part.reason)));
        }
        let lines = written.iter().map(|plugin| format!("{}  {}", text::escaped(&plugin.name), text::line(&plugin.description)));
        context.screen.answer(lines.collect::<Vec<_>>().join("\n"))?;
        let bytes = written.iter().map(|plugin| plugin.bytes).sum();
        context.screen.tell(format!("Packed {} plugins into {}, {}.", written.len(), text::path(&self.to), figures::bytes(bytes)));
        Ok(Exit::Done)
    }
}

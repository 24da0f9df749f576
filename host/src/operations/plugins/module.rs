//! The plugins of a module: its agents, their menus and its workflows, packed from its folder. Installs nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{file::PluginFile, view::Plugin};
use crate::{
    app,
    events::path_text,
    operations::{Problem, ProblemKind, ProblemSource},
};

/// A module that was packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackedModule {
    /// The plugins, by their names.
    pub plugins: Vec<Plugin>,
    /// What cannot be packed.
    pub rejected: Vec<RejectedPart>,
}

/// A part of a module that cannot be packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RejectedPart {
    /// Its path in the module.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A plugin of a module, packed.
pub struct PartOfModule {
    /// The plugin.
    pub plugin: Plugin,
    /// Its file.
    pub wasm: Vec<u8>,
}

/// Packs a module: its plugins, and what of it cannot be packed.
pub fn pack_module(folder: &Path) -> Result<(Vec<PartOfModule>, Vec<RejectedPart>), Problem> {
    let reject = |reason: &str| {
        let message = format!("The module `{}` cannot be packed: {reason}", path_text(folder).escape_debug());
        Problem::new(ProblemKind::Conflict, "folder_unusable", message, ProblemSource::Plugin).of_field("folder")
    };
    let module = app::pack_module(folder).map_err(|reason| reject(&reason))?.ok_or_else(|| {
        let problem = reject("it has no agents.");
        problem.advise(
            "A module has a directory `agents` with files `NAME.agent.yaml` or compiled agents. `baton plugin pack` packs one workflow.",
        )
    })?;
    let part = |(name, wasm): (String, Vec<u8>)| {
        let file = PluginFile::of_bytes(wasm, Path::new(&name))?;
        Ok(PartOfModule { plugin: file.view(), wasm: file.wasm().to_vec() })
    };
    let plugins = module.plugins.into_iter().map(part).collect::<Result<Vec<_>, Problem>>()?;
    let rejected = module.rejected.into_iter().map(|(path, reason)| RejectedPart { path, reason });
    Ok((plugins, rejected.collect()))
}

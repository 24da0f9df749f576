//! From a plugin's folder to its component, by the compiler of its language. What comes out is read as the host would
//! read it, so a plugin that was built can be installed.

mod javascript;
mod python;
mod rust;

use std::path::{Path, PathBuf};

use super::{Language, Project, failure, scaffold::CONTRACT};
use crate::operations::{
    Problem,
    plugins::{FolderManifest, PluginFile, PluginKind},
};

impl Project {
    /// Builds the component. The compiler's own words go to standard error.
    pub(in crate::cli) async fn build(&self) -> Result<PluginFile, Problem> {
        is_folder(&self.folder.join(Self::BUILT))?;
        if self.language == Language::Folder {
            return PluginFile::pack_unsigned(&self.folder);
        }
        // A mistake in the manifest is shown before minutes are spent on compiling.
        let manifest = FolderManifest::read(&self.folder)?;
        self.write_sdk()?;
        let wasm = match self.language {
            Language::Persona | Language::Folder => return PluginFile::pack_unsigned(&self.folder),
            Language::Rust => rust::build(self).await?,
            Language::Python => manifest.add_to(&python::build(self, manifest.kind).await?)?,
            Language::JavaScript => manifest.add_to(&javascript::build(self, manifest.kind).await?)?,
        };
        self.read_component(wasm)
    }

    /// Reads a component as this host would.
    pub(in crate::cli) fn read_component(&self, wasm: Vec<u8>) -> Result<PluginFile, Problem> {
        PluginFile::of_bytes(wasm, &self.folder)
    }

    /// The name that the component will have, by its manifest.
    pub(in crate::cli) fn name(&self) -> Result<String, Problem> {
        match self.language {
            Language::Folder => Ok(PluginFile::pack_unsigned(&self.folder)?.view().name),
            _ => Ok(FolderManifest::read(&self.folder)?.name),
        }
    }

    /// The version of the compiler, where Baton has to know it.
    pub(super) async fn compiler_version(&self) -> Result<Option<String>, Problem> {
        match self.language {
            Language::Python => python::version(self).await.map(Some),
            Language::JavaScript => javascript::version(self).await.map(Some),
            Language::Rust | Language::Persona | Language::Folder => Ok(None),
        }
    }

    /// The folder of what is built, or one in it; made if it is not there. A link there is whoever's the folder is, who
    /// would have something else written over.
    pub(in crate::cli) fn make_build_folder(&self, within: Option<&str>) -> Result<PathBuf, Problem> {
        let mut path = self.folder.join(Self::BUILT);
        own_folder(&path)?;
        if let Some(within) = within {
            path.push(within);
            own_folder(&path)?;
        }
        Ok(path)
    }

    /// The contract as files, for compilers that read it. Gone once it is dropped.
    fn contract(&self) -> Result<tempfile::TempDir, Problem> {
        let failed = |error| failure::unwritable(&std::env::temp_dir(), &error);
        let folder = tempfile::tempdir().map_err(failed)?;
        for (path, text) in CONTRACT {
            std::fs::write(folder.path().join(path), text).map_err(failed)?;
        }
        Ok(folder)
    }
}

pub(super) fn own_folder(path: &Path) -> Result<(), Problem> {
    if is_folder(path)? {
        return Ok(());
    }
    std::fs::create_dir(path).map_err(|error| failure::unwritable(path, &error))
}

/// Whether the folder is there; what else is there must not be.
pub(super) fn is_folder(path: &Path) -> Result<bool, Problem> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => Ok(true),
        Ok(_) => Err(failure::not_a_directory(path)),
        Err(_) => Ok(false),
    }
}

/// The component that a compiler has left, or why there is none.
fn component(path: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(path).map_err(|error| failure::unusable(path, &error))
}

/// The world of a kind has its name.
fn world(kind: PluginKind) -> &'static str {
    kind.as_str()
}

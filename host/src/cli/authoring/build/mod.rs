//! From a plugin's folder to its component, by the compiler of its language. What comes out is read as the host would
//! read it, so a plugin that was built can be installed.

mod javascript;
mod python;
mod rust;

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Language, Project, programs::ProgramError, scaffold::CONTRACT};
use crate::operations::{
    Problem,
    plugins::{FolderManifest, PluginFile, PluginKind},
};

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum BuildError {
    /// A compiler.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The manifest cannot be used, or the host rejects what was built.
    #[error(transparent)]
    Rejected(#[from] Problem),
    /// What would be written lies elsewhere, or over something else.
    #[error("`{}` is a link or not a folder. What is built goes there, and a link is not followed: remove it and build again.", .0.display())]
    NoFolder(PathBuf),
    /// The toolchain cannot make components.
    #[error("Rust plugins are built for wasm32-wasip2, which is not installed. Run `rustup target add wasm32-wasip2` and build again.")]
    NoTarget,
    /// The crate makes nothing that could be a plugin.
    #[error("The crate does not build a component. Put `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml and build again.")]
    NoComponent,
    /// A package that the build needs.
    #[error("componentize-js is not installed here. Run `npm install` in `{}` and build again.", .0.display())]
    NoComponentize(PathBuf),
    /// Where the SDK goes there is something else.
    #[error("`{}` is not Baton's SDK, which is written there. Give your folder another name and build again.", .0.display())]
    ForeignSdk(PathBuf),
    /// The system says no.
    #[error("`{}` cannot be used: {source}. Make it readable and writable for this user.", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Project {
    /// Builds the component. The compiler's own words go to standard error.
    pub(in crate::cli) async fn build(&self) -> Result<PluginFile, BuildError> {
        // A mistake in the manifest is shown before minutes are spent on compiling.
        let manifest = FolderManifest::read(&self.folder)?;
        is_folder(&self.folder.join(Self::BUILT))?;
        self.write_sdk()?;
        let wasm = match self.language {
            Language::Persona => return Ok(PluginFile::pack_unsigned(&self.folder)?),
            Language::Rust => rust::build(self).await?,
            Language::Python => manifest.add_to(&python::build(self, manifest.kind).await?)?,
            Language::JavaScript => manifest.add_to(&javascript::build(self, manifest.kind).await?)?,
        };
        self.read_component(wasm)
    }

    /// Reads a component as this host would.
    pub(in crate::cli) fn read_component(&self, wasm: Vec<u8>) -> Result<PluginFile, BuildError> {
        Ok(PluginFile::of_bytes(wasm, &self.folder)?)
    }

    /// The name that the component will have, by its manifest.
    pub(in crate::cli) fn name(&self) -> Result<String, BuildError> {
        Ok(FolderManifest::read(&self.folder)?.name)
    }

    /// The version of the compiler, where Baton has to know it.
    pub(super) async fn compiler_version(&self) -> Result<Option<String>, BuildError> {
        match self.language {
            Language::Python => python::version(self).await.map(Some),
            Language::JavaScript => javascript::version(self).await.map(Some),
            Language::Rust | Language::Persona => Ok(None),
        }
    }

    /// The folder of what is built, or one in it; made if it is not there. A link there is whoever's the folder is, who
    /// would have something else written over.
    pub(in crate::cli) fn made(&self, within: Option<&str>) -> Result<PathBuf, BuildError> {
        let mut path = self.folder.join(Self::BUILT);
        own_folder(&path)?;
        if let Some(within) = within {
            path.push(within);
            own_folder(&path)?;
        }
        Ok(path)
    }

    /// The contract as files, for compilers that read it. Gone once it is dropped.
    fn contract(&self) -> Result<tempfile::TempDir, BuildError> {
        let failed = |source| BuildError::File { path: std::env::temp_dir(), source };
        let folder = tempfile::tempdir().map_err(failed)?;
        for (path, text) in CONTRACT {
            std::fs::write(folder.path().join(path), text).map_err(failed)?;
        }
        Ok(folder)
    }
}

pub(super) fn own_folder(path: &Path) -> Result<(), BuildError> {
    if is_folder(path)? {
        return Ok(());
    }
    std::fs::create_dir(path).map_err(|source| BuildError::File { path: path.to_owned(), source })
}

/// Whether the folder is there; what else is there must not be.
pub(super) fn is_folder(path: &Path) -> Result<bool, BuildError> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => Ok(true),
        Ok(_) => Err(BuildError::NoFolder(path.to_owned())),
        Err(_) => Ok(false),
    }
}

/// The component that a compiler has left, or why there is none.
fn component(path: PathBuf) -> Result<Vec<u8>, BuildError> {
    std::fs::read(&path).map_err(|source| BuildError::File { path, source })
}

/// The world of a kind has its name.
fn world(kind: PluginKind) -> &'static str {
    kind.as_str()
}

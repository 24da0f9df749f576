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
use crate::{
    app,
    kernel::{
        disk::read_text,
        package::{Kind, Manifest, Package, PackageError},
        registry::Plugin,
        signature::Trust,
    },
};

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum BuildError {
    /// A compiler.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The manifest, before anything is compiled.
    #[error("plugin.toml cannot be used: {0}")]
    Manifest(PackageError),
    /// What would be written lies elsewhere, or over something else.
    #[error("`{}` is a link or not a folder. What is built goes there, and a link is not followed: remove it and build again.", .0.display())]
    NoFolder(PathBuf),
    /// The toolchain cannot make components.
    #[error("Rust plugins are built for wasm32-wasip2, which is not installed. Run `rustup target add wasm32-wasip2` and build again.")]
    NoTarget,
    /// The crate makes nothing that could be a plugin.
    #[error("The crate makes no component. Put `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml and build again.")]
    NoComponent,
    /// A package that the build needs.
    #[error("componentize-js is not installed here. Run `npm install` in `{}` and build again.", .0.display())]
    NoComponentize(PathBuf),
    /// Where the SDK goes there is something else.
    #[error("`{}` is not Baton's SDK, which is written there. Give your folder another name and build again.", .0.display())]
    ForeignSdk(PathBuf),
    /// The manifest could not be put into the component.
    #[error("The manifest cannot be put into the component: {0}")]
    Pack(#[from] baton_pack::PackError),
    /// The folder of a persona makes no plugin.
    #[error("The folder makes no plugin: {0}")]
    Unpacked(String),
    /// The host would not take it.
    #[error("It was built, and this host rejects it: {0}")]
    Refused(String),
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
    pub(in crate::cli) async fn build(&self) -> Result<Plugin, BuildError> {
        // A mistake in the manifest is told before minutes are spent on compiling.
        let text = self.manifest()?;
        is_folder(&self.folder.join(Self::BUILT))?;
        let manifest = Manifest::parse(text.as_bytes()).map_err(BuildError::Manifest)?;
        self.write_sdk()?;
        let wasm = match self.language {
            Language::Persona => return app::pack(&self.folder, &Trust::default()).map_err(BuildError::Unpacked),
            Language::Rust => rust::build(self).await?,
            Language::Python => baton_pack::pack(&python::build(self, manifest.kind).await?, &text, &[])?,
            Language::JavaScript => baton_pack::pack(&javascript::build(self, manifest.kind).await?, &text, &[])?,
        };
        self.understand(wasm)
    }

    /// Reads a component as this host would.
    pub(in crate::cli) fn understand(&self, wasm: Vec<u8>) -> Result<Plugin, BuildError> {
        app::understand(wasm, &self.folder, &Trust::default()).map_err(BuildError::Refused)
    }

    /// The name that the component will have, by its manifest.
    pub(in crate::cli) fn name(&self) -> Result<String, BuildError> {
        Ok(Manifest::parse(self.manifest()?.as_bytes()).map_err(BuildError::Manifest)?.name)
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

    fn manifest(&self) -> Result<String, BuildError> {
        let path = self.folder.join("plugin.toml");
        read_text(&path, Package::LARGEST_MANIFEST as u64).map_err(|source| BuildError::File { path, source })
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
fn world(kind: Kind) -> &'static str {
    kind.as_str()
}

//! The plugin folder: reads what lies there, puts files into it whole or not at all. Grants nothing.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    persona,
    workflow_folder::{is_workflow_folder, read_workflow_folder},
};
use crate::{
    errors::Hint,
    events::path_text,
    kernel::{
        disk::{private_folder, read_bounded},
        package::{Manifest, Package},
        registry::{Origin, Plugin, Registry, RegistryError},
        signature::Trust,
    },
};

/// A file in the plugin folder that is not a plugin this host can run.
#[derive(Debug)]
pub struct Refused {
    /// The file.
    pub path: PathBuf,
    /// Why, and what to do.
    pub reason: String,
    /// The plugin an older version of which stays in use.
    pub kept: Option<String>,
}

impl Refused {
    /// What the file says of itself.
    pub fn declared(&self) -> Option<Manifest> {
        Package::declared(&read_file(&self.path).ok()?)
    }

    /// Whether an operator who says `name` means this file: it is called so, or the plugin in it is. Bytes that are not UTF-8
    /// are named as they are shown, such as `\xff`.
    pub fn is_named(&self, name: &str) -> bool {
        let file = [self.path.file_stem(), self.path.file_name()].into_iter().flatten().any(|file| path_text(Path::new(file)) == name);
        file || self.declared().is_some_and(|manifest| manifest.name == name)
    }
}

/// Why a plugin was not put into the folder, or not taken out of it. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("`{0}` is the name of a plugin that is part of Baton.")]
    BundledName(String),
    /// The name belongs to something that is not a plugin.
    #[error(transparent)]
    Reserved(RegistryError),
    #[error("`{}` holds the plugin `{holder}`.", .path.display())]
    FileTaken { path: PathBuf, holder: String },
    #[error("`{0}` is part of Baton and cannot be removed.")]
    Bundled(String),
    #[error("`{}` is a directory, and Baton removes only files.", .0.display())]
    IsFolder(PathBuf),
    #[error("The plugin directory `{}` cannot be changed: {source}.", .path.display())]
    Folder { path: PathBuf, source: io::Error },
}

impl Hint for FolderError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::BundledName(_) => "Give yours another name in its plugin.toml and build it again.".to_owned(),
            Self::Reserved(error) => error.hint()?,
            Self::FileTaken { .. } => "Give that file another name and install again.".to_owned(),
            Self::Bundled(name) => format!("`baton plugin disable {name}` keeps it from being started."),
            Self::IsFolder(_) => "Remove the directory yourself.".to_owned(),
            Self::Folder { .. } => "Make it writable for this user, and remove what is in its way.".to_owned(),
        })
    }
}

/// The plugin folder of a data directory.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// That of this data directory, whether it is there or not.
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("plugins"))
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Where a file of this name lies.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// Where a plugin would be put: where an older version of it lies, else under its name.
    pub fn place(&self, plugin: &Plugin, registry: &Registry) -> Result<PathBuf, FolderError> {
        registry.check_name(plugin.name()).map_err(FolderError::Reserved)?;
        match registry.find(plugin.name()).map(|present| present.origin.clone()) {
            Some(Origin::Bundled) => return Err(FolderError::BundledName(plugin.name().to_owned())),
            Some(Origin::File(path)) => return Ok(path),
            None => {}
        }
        let path = self.0.join(format!("{}.wasm", plugin.name()));
        let holder = registry.all().values().find(|other| other.origin == Origin::File(path.clone())).map(|other| other.name().to_owned());
        holder.map_or(Ok(path.clone()), |holder| Err(FolderError::FileTaken { path, holder }))
    }

    /// Puts a plugin there. What lay there before is replaced at once or, on any failure, stays.
    pub fn put(&self, plugin: &Plugin, path: &Path) -> Result<(), FolderError> {
        let put = || {
            private_folder(&self.0)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            file.write_all(&plugin.package.wasm)?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            File::open(&self.0)?.sync_all()
        };
        put().map_err(|source| self.unchanged(source))
    }

    /// Takes a file out.
    pub fn remove(&self, path: &Path) -> Result<(), FolderError> {
        if path.symlink_metadata().is_ok_and(|about| about.is_dir()) {
            return Err(FolderError::IsFolder(path.to_owned()));
        }
        fs::remove_file(path).map_err(|source| self.unchanged(source))
    }

    fn unchanged(&self, source: io::Error) -> FolderError {
        FolderError::Folder { path: self.0.clone(), source }
    }

    /// A file of the folder, understood and granted nothing.
    pub(super) fn read(&self, path: &Path, trust: &Trust) -> Result<Plugin, String> {
        // The log and the tables name files by their text, and two names could have the same.
        if path.file_name().and_then(OsStr::to_str).is_none() {
            return Err("The file's name is not UTF-8; rename it, such as to NAME.wasm.".to_owned());
        }
        read_plugin(path, trust)
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        // What begins with a dot is what editors and copies in progress leave.
        let is_plugin = |path: &PathBuf| {
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            !hidden && path.extension().is_some_and(|extension| extension == "wasm")
        };
        let mut files: Vec<_> = entries.map(|entry| entry.path()).filter(is_plugin).collect();
        files.sort();
        files
    }
}

/// A plugin's file, understood and granted nothing. `trust` says whose it may be.
pub fn read_plugin(path: &Path, trust: &Trust) -> Result<Plugin, String> {
    understand(read_file(path)?, path, trust)
}

/// The bytes of a file that is not too large to be a plugin.
pub fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    read_bounded(path, Package::LARGEST as u64).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => format!("The file has more than the {} bytes a plugin may have.", Package::LARGEST),
        _ => format!("The file cannot be read: {error}. A plugin is one .wasm file."),
    })
}

/// A folder that an engine of this program interprets, packed into a plugin that is granted nothing: an agent's folder, which
/// holds `plugin.toml` and `persona.md`, or a workflow folder.
pub fn pack(folder: &Path, trust: &Trust) -> Result<Plugin, String> {
    let wasm = if !folder.join(persona::FILE).exists() && is_workflow_folder(folder) {
        let workflow = read_workflow_folder(folder).map_err(|error| error.to_string())?;
        workflow.pack(baton_plugins::FOLDER_ENGINE).map_err(|error| error.to_string())?
    } else {
        pack_persona(folder)?
    };
    understand(wasm, folder, trust)
}

fn pack_persona(folder: &Path) -> Result<Vec<u8>, String> {
    let contents = baton_pack::folder::read(folder).map_err(|error| error.to_string())?;
    let Some((_, persona)) = contents.assets.iter().find(|(path, _)| path == persona::FILE) else {
        return Err(
            "The directory has no persona.md, workflow.yaml, workflow.md or SKILL.md, so it is neither an agent nor a workflow folder; a \
             workflow or toolbox that is a crate is built by cargo."
                .to_owned(),
        );
    };
    persona::tools(persona)?;
    baton_pack::pack(baton_plugins::ROLE_ENGINE, &contents.manifest, &contents.assets).map_err(|error| error.to_string())
}

/// A plugin's bytes, understood and granted nothing. The one way in for whatever is not part of this program, and so the
/// place where `trust` decides.
pub fn understand(wasm: Vec<u8>, origin: &Path, trust: &Trust) -> Result<Plugin, String> {
    let plugin = Plugin::read(wasm, Origin::File(origin.to_owned()), |_| Default::default()).map_err(|error| error.explain())?;
    trust.admit(&plugin.package)?;
    Ok(plugin)
}

//! How a plugin begins: the files of its folder, by kind and language. Replaces nothing that is there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Language, Project};
use crate::operations::plugins::{PluginKind, is_plugin_name};

/// Every file of `host/scaffolds`, by its path.
const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scaffold_files.rs"));
/// The sources of the SDK, which no registry has.
const SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));
const SDK_MANIFEST: &str = include_str!(concat!(env!("OUT_DIR"), "/sdk_manifest.toml"));
const SDK_LOCK: &str = include_str!(concat!(env!("OUT_DIR"), "/sdk_lock.toml"));
/// The contract.
pub(in crate::cli) const CONTRACT: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/contract_files.rs"));

/// A plugin that is to begin.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Scaffold {
    /// The plugin's name, and its folder's.
    pub(in crate::cli) name: String,
    /// What it is.
    pub(in crate::cli) kind: PluginKind,
    /// What it is written in.
    pub(in crate::cli) language: Language,
}

/// Why a plugin did not begin.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ScaffoldError {
    /// No name for a plugin.
    #[error("`{}` is not a name for a plugin; use 1 to 64 lower-case letters, digits and single dashes, beginning with a letter.", .0.escape_debug())]
    Name(String),
    /// It could not be installed under this name.
    #[error("`{0}` is the name of a plugin that is part of Baton; give yours another name.")]
    Bundled(String),
    /// The name of a slot.
    #[error("`{0}` is the name of a slot. Give the plugin another name, and bind it with `baton bindings set {0} NAME`.")]
    Slot(String),
    /// Somebody's files.
    #[error("`{}` exists already and is not empty; choose another name, or another place with --in.", .0.display())]
    Present(PathBuf),
    /// The system says no.
    #[error("`{}` cannot be written: {source}. Choose another place with --in.", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Scaffold {
    /// A scaffold of a name that a plugin can have.
    pub(in crate::cli) fn new(name: &str, kind: PluginKind, language: Language) -> Result<Self, ScaffoldError> {
        if !is_plugin_name(name) {
            return Err(ScaffoldError::Name(name.to_owned()));
        }
        if baton_plugins::BUNDLED.iter().any(|bundled| bundled.name == name) {
            return Err(ScaffoldError::Bundled(name.to_owned()));
        }
        if baton_slots::find(name).is_some() {
            return Err(ScaffoldError::Slot(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), kind, language })
    }

    /// Makes the folder in `place`; gives it.
    pub(in crate::cli) fn write(&self, place: &Path) -> Result<PathBuf, ScaffoldError> {
        let folder = place.join(&self.name);
        let free = match fs::read_dir(&folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(_) if fs::symlink_metadata(&folder).is_ok() => false,
            Err(source) => return Err(ScaffoldError::Write { path: folder, source }),
        };
        if !free {
            return Err(ScaffoldError::Present(folder));
        }
        for (path, content) in self.files() {
            let path = folder.join(path);
            write(&path, &content).map_err(|source| ScaffoldError::Write { path, source })?;
        }
        Ok(folder)
    }

    /// The files by their paths.
    pub(in crate::cli) fn files(&self) -> Vec<(String, String)> {
        let mut files: Vec<_> = self.sources().map(|(path, text)| (path.replace("gitignore", ".gitignore"), self.filled(text))).collect();
        if self.language == Language::Rust {
            files.extend(SDK.iter().map(|(path, text)| (format!("vendor/baton-sdk/src/{path}"), (*text).to_owned())));
            files.push(("vendor/baton-sdk/Cargo.toml".to_owned(), SDK_MANIFEST.to_owned()));
            files.push(("Cargo.lock".to_owned(), SDK_LOCK.to_owned()));
            files.extend(CONTRACT.iter().map(|(path, text)| (format!("vendor/wit/{path}"), (*text).to_owned())));
        }
        files.extend(self.language.sdk());
        files
    }

    /// What to type next, in the folder above the plugin's: each line a command, those of the host as `again` has them.
    pub(in crate::cli) fn next(&self, again: impl Fn(&str) -> String) -> Vec<String> {
        let component = format!("{}/{}.wasm", Project::BUILT, self.name);
        let install = again(&format!("plugin install {component} --grant"));
        let once = match self.language {
            Language::Rust => Some("rustup target add wasm32-wasip2"),
            Language::Python => Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
            Language::JavaScript => Some("npm install"),
            Language::Persona => None,
        };
        let run = (self.kind == PluginKind::Workflow).then(|| again(&format!("run {} --input '{{\"name\": \"Mary\"}}'", self.name)));
        once.map(str::to_owned).into_iter().chain(["baton plugin build".to_owned(), install]).chain(run).collect()
    }

    /// How a plugin that nobody starts by itself is used; nothing for a workflow.
    pub(in crate::cli) fn used(&self) -> Option<String> {
        match self.kind {
            PluginKind::Workflow => None,
            PluginKind::Agent => Some(format!("A workflow has it do a task once its plugin.toml needs `agents = [\"{}\"]`.", self.name)),
            PluginKind::Toolbox => {
                Some(format!("A workflow or agent calls its tools once its plugin.toml needs `tools = [\"{}.*\"]`.", self.name))
            }
        }
    }

    /// The templates of this kind and language, below their folder.
    fn sources(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let language = match self.language {
            Language::Rust => "rust",
            Language::Python => "python",
            Language::JavaScript => "javascript",
            Language::Persona => "persona",
        };
        let (own, shared) =
            (format!("{language}/{}/", self.kind.as_str()), [format!("manifest/{}/", self.kind.as_str()), format!("{language}/all/")]);
        let below = move |path: &'static str| shared.iter().chain([&own]).find_map(|folder| path.strip_prefix(folder.as_str()));
        TEMPLATES.iter().filter_map(move |(path, text)| Some((below(path)?, *text)))
    }

    fn filled(&self, template: &str) -> String {
        let mut next = self.next(|command| format!("baton {command}")).join("\n");
        next.push_str(&self.used().map(|used| format!("\n# {used}")).unwrap_or_default());
        template.replace("{{next}}", &next).replace("{{name}}", &self.name)
    }
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, content)
}

#[cfg(test)]
mod tests;

//! How a plugin begins: the files of its folder, by kind and language. Replaces nothing that is there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Language, Project};
use crate::{
    cli::text,
    operations::{
        Problem, named_files,
        plugins::{PluginKind, is_plugin_name},
    },
};

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

impl Scaffold {
    /// A scaffold of a name that a plugin can have.
    pub(in crate::cli) fn new(name: &str, kind: PluginKind, language: Language) -> Result<Self, Problem> {
        let unfit = |message: String| Problem::invalid("plugin_name_invalid", "name", message);
        if !is_plugin_name(name) {
            let problem = unfit(format!("`{}` is not a name for a plugin.", name.escape_debug()));
            return Err(problem.advise("Use 1 to 64 lower-case letters, digits and single dashes, beginning with a letter."));
        }
        if baton_plugins::BUNDLED.iter().any(|bundled| bundled.name == name) {
            let problem = unfit(format!("`{name}` is the name of a plugin that is part of Baton."));
            return Err(problem.advise("Give yours another name."));
        }
        if baton_slots::find(name).is_some() {
            let hint = format!("Give the plugin another name, and bind it with `baton bindings set {name} NAME`.");
            return Err(unfit(format!("`{name}` is the name of a slot.")).advise(hint));
        }
        if language == Language::Folder && kind != PluginKind::Workflow {
            let kind = if kind == PluginKind::Agent { "an agent" } else { "a toolbox" };
            let message = format!("A workflow folder is a workflow, and not {kind}.");
            return Err(Problem::invalid("language_unfit", "language", message).advise("Leave --language out, or name another."));
        }
        Ok(Self { name: name.to_owned(), kind, language })
    }

    /// Makes the folder in `place`; gives it.
    pub(in crate::cli) fn write(&self, place: &Path) -> Result<PathBuf, Problem> {
        let folder = place.join(&self.name);
        let free = match fs::read_dir(&folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(_) if fs::symlink_metadata(&folder).is_ok() => false,
            Err(error) => return Err(unwritable(&folder, &error)),
        };
        if !free {
            let message = format!("`{}` exists already and is not empty.", text::path(&folder));
            return Err(Problem::invalid("folder_taken", "name", message).advise("Choose another name, or another place with --in."));
        }
        for (path, content) in self.files() {
            let path = folder.join(path);
            write(&path, &content).map_err(|error| unwritable(&path, &error))?;
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

    /// Whether what is typed next is typed in the plugin's folder. What a workflow folder writes must not lie in it.
    pub(in crate::cli) fn is_entered(&self) -> bool {
        self.language != Language::Folder
    }

    /// What to type next: each line a command, those of the host as `again` has them.
    pub(in crate::cli) fn next(&self, again: impl Fn(&str) -> String) -> Vec<String> {
        if self.language == Language::Folder {
            let run = again(&format!("run ./{} --grant", self.name));
            return vec![format!("baton plugin check {}", self.name), run];
        }
        let component = format!("{}/{}.wasm", Project::BUILT, self.name);
        let install = again(&format!("plugin install {component} --grant"));
        let once = match self.language {
            Language::Rust => Some("rustup target add wasm32-wasip2"),
            Language::Python => Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
            Language::JavaScript => Some("npm install"),
            Language::Persona | Language::Folder => None,
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
            Language::Folder => "folder",
        };
        // The manifest of a workflow folder is derived.
        let manifest = if self.language == Language::Folder { "folder/manifest/" } else { "manifest/" };
        let (own, shared) =
            (format!("{language}/{}/", self.kind.as_str()), [format!("{manifest}{}/", self.kind.as_str()), format!("{language}/all/")]);
        let below = move |path: &'static str| shared.iter().chain([&own]).find_map(|folder| path.strip_prefix(folder.as_str()));
        TEMPLATES.iter().filter_map(move |(path, text)| Some((below(path)?, *text)))
    }

    fn filled(&self, template: &str) -> String {
        let mut next = self.next(|command| format!("baton {command}")).join("\n");
        next.push_str(&self.used().map(|used| format!("\n# {used}")).unwrap_or_default());
        template.replace("{{next}}", &next).replace("{{name}}", &self.name)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    named_files::unwritable("in", path, error).advise("Choose another place with --in.")
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, content)
}

#[cfg(test)]
mod tests;

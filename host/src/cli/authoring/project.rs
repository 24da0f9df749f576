//! A plugin's folder: in which language it is written, by what lies there. Reads no source.

use std::path::{Path, PathBuf};

use super::failure::FOLDER;
use crate::{
    cli::text,
    operations::{Problem, named_files, plugins::is_workflow_folder},
};

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Language {
    /// A crate with baton-sdk.
    Rust,
    /// app.py, built by componentize-py.
    Python,
    /// package.json and app.js, built by componentize-js.
    #[value(name = "javascript")]
    JavaScript,
    /// An agent without code: persona.md.
    #[value(skip)]
    Persona,
    /// A workflow folder without code: workflow.yaml and instructions.
    Folder,
}

impl Language {
    /// For people.
    pub(in crate::cli) fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::Persona => "a persona",
            Self::Folder => "a workflow folder",
        }
    }

    /// Whether a folder is of this language, by a file in it.
    fn is_of(self, folder: &Path) -> bool {
        let has = |name: &str| folder.join(name).is_file();
        match self {
            Self::Rust => has("Cargo.toml"),
            Self::Python => has("app.py"),
            Self::JavaScript => has("package.json"),
            Self::Persona => has("persona.md"),
            Self::Folder => is_workflow_folder(folder),
        }
    }
}

/// A plugin's folder.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Project {
    /// The folder, without links in it.
    pub(in crate::cli) folder: PathBuf,
    /// What lies there.
    pub(in crate::cli) language: Language,
}

impl Project {
    /// The folder of the built component and of all that is made on the way. No part of the plugin.
    pub(in crate::cli) const BUILT: &'static str = "target";

    /// Understands a folder.
    pub(in crate::cli) fn at(folder: &Path) -> Result<Self, Problem> {
        let shown = text::path(folder);
        let unfit = |message: String, hint: &str| Problem::invalid("not_a_plugin", FOLDER, message).advise(hint);
        let is_directory = named_files::require_directory(FOLDER, folder);
        is_directory.map_err(|problem| problem.advise("Name a plugin's directory, with plugin.toml in it."))?;
        let folder = folder.canonicalize().map_err(|error| named_files::unreadable(FOLDER, folder, &error))?;
        let all = [Language::Rust, Language::Python, Language::JavaScript, Language::Persona, Language::Folder];
        let language = all.into_iter().find(|language| language.is_of(&folder)).ok_or_else(|| {
            let message = format!(
                "`{shown}` does not contain a plugin: it has no Cargo.toml, app.py, package.json, persona.md, workflow.yaml, workflow.md or SKILL.md."
            );
            unfit(message, "`baton plugin new NAME` creates one.")
        })?;
        if language != Language::Folder && !folder.join("plugin.toml").is_file() {
            let message = format!("`{shown}` has no plugin.toml.");
            return Err(unfit(message, "Write one; `name`, `version` and `kind` have to be in it."));
        }
        Ok(Self { folder, language })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(files: &[&str]) -> Result<Language, String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        Project::at(folder.path()).map(|project| project.language).map_err(|error| error.to_string())
    }

    #[test]
    fn a_folder_is_known_by_what_lies_there() {
        for (mark, language) in [
            ("Cargo.toml", Language::Rust),
            ("app.py", Language::Python),
            ("package.json", Language::JavaScript),
            ("persona.md", Language::Persona),
        ] {
            assert_eq!(at(&["plugin.toml", mark]), Ok(language));
            assert!(at(&[mark]).unwrap_err().contains("plugin.toml"));
        }
        for mark in ["workflow.yaml", "workflow.md", "workflow-prd.md", "SKILL.md"] {
            assert_eq!(at(&[mark]), Ok(Language::Folder), "it needs no plugin.toml");
        }
        assert_eq!(at(&["plugin.toml", "persona.md", "SKILL.md"]), Ok(Language::Persona));
        assert!(at(&["plugin.toml"]).unwrap_err().contains("baton plugin new"));
        assert!(Project::at(Path::new("/no/such/folder")).is_err());
    }
}

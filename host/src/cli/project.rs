//! The project that a command is about, by the folder that was named. Looks at nothing in it.

use std::path::{Path, PathBuf};

use super::{Context, exit::Misuse, text};
use crate::kernel;

/// A folder that is there, and the project it is.
pub(super) struct ProjectFolder {
    /// Absolute, without links.
    pub(super) folder: PathBuf,
    /// The project's name in the store.
    pub(super) project: String,
    /// As it was named.
    named: PathBuf,
}

impl ProjectFolder {
    /// The project in `named`, which came from `--workspace`.
    pub(super) fn of(named: &Path) -> Result<Self, Misuse> {
        let folder = named.canonicalize().ok().filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| {
            Misuse(format!("There is no folder {}; name the project's with --workspace.", text::escaped(&named.display().to_string())))
        })?;
        Ok(Self { project: kernel::project_of(&folder), folder, named: named.to_owned() })
    }

    /// A command that means the same project and the same data.
    pub(super) fn again(&self, context: &Context, command: &str) -> String {
        context.again(&format!("{command}{}", self.option()))
    }

    /// What leads to the project from where the command was given.
    fn option(&self) -> String {
        match self.named == Path::new(".") {
            true => String::new(),
            false => format!(" --workspace {}", text::shell_word(&text::escaped(&self.named.display().to_string()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_leads_to_the_project_it_was_told_by() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("my product");
        std::fs::create_dir(&named).unwrap();
        let option = ProjectFolder::of(&named).unwrap().option();
        assert_eq!(option, format!(" --workspace '{}'", named.display()));
        assert_eq!(ProjectFolder::of(Path::new(".")).unwrap().option(), "");
    }
}

//! The project that a command is about, by the folder that was named. Looks at nothing in it.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

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
        let shown = text::escaped(&named.display().to_string());
        let wrong = |why: &str| Misuse(format!("The folder {shown} {why}; name the project's with --workspace."));
        let folder = named.canonicalize().map_err(|error| match error.kind() {
            ErrorKind::NotFound => wrong("does not exist"),
            _ => wrong(&format!("cannot be used ({error})")),
        })?;
        if !folder.is_dir() {
            return Err(wrong("is a file"));
        }
        if folder.to_str().is_none() {
            return Err(wrong("has a path that is not UTF-8, under which nothing can be stored"));
        }
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
    fn a_folder_that_cannot_be_one_is_told_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let said = |name: &str| ProjectFolder::of(&folder.path().join(name)).err().unwrap().to_string();
        assert!(said("none").contains("does not exist"));
        assert!(said("file").contains("is a file"));
        assert!(said("file/below").contains("Not a directory"), "{}", said("file/below"));
        assert!(said(&"n".repeat(300)).contains("too long"));
        #[cfg(target_os = "linux")]
        {
            let odd = folder.path().join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"odd\xff"));
            std::fs::create_dir(&odd).unwrap();
            assert!(ProjectFolder::of(&odd).err().unwrap().to_string().contains("not UTF-8"));
        }
    }

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

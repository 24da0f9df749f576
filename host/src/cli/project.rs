//! The project that a command is about, by the folder that was named. Looks at nothing in it.

use std::path::{Path, PathBuf};

use super::{exit::Misuse, text};
use crate::kernel;

/// A folder that is there, and the project it is.
pub(super) struct ProjectFolder {
    /// Absolute, without links.
    pub(super) folder: PathBuf,
    /// The project's name in the store.
    pub(super) project: String,
}

impl ProjectFolder {
    /// The project in `named`, which came from `--workspace`.
    pub(super) fn of(named: &Path) -> Result<Self, Misuse> {
        let folder = named.canonicalize().ok().filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| {
            Misuse(format!("There is no folder {}; name the project's with --workspace.", text::escaped(&named.display().to_string())))
        })?;
        Ok(Self { project: kernel::project_of(&folder), folder })
    }
}

//! The port through which the sandbox learns which files of a workspace a person's own git executes or reads settings from.
//! Commands may not change those: the next `git commit` or `git status` of that person would do what a command wants.

use std::path::{Path, PathBuf};

/// A place that a setting of git's leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Absolute; whether it is there does not matter.
    pub path: PathBuf,
    /// What git does with it.
    pub by: UsedBy,
}

/// What git does with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsedBy {
    /// It executes the hooks in this folder. `reviewed`: the files below it that are committed, absolute. A change of one is
    /// seen in `git diff` before git executes it.
    Hooks {
        /// Committed files.
        reviewed: Vec<PathBuf>,
    },
    /// It executes this file, or reads settings from it, also to show what has changed.
    File,
}

/// Knows the git settings of the person who runs Baton.
pub trait UsedByGit: Send + Sync {
    /// The places that the settings of a checkout lead to, wherever they lie. `checkout` is a folder that holds a `.git`. An
    /// error is a sentence.
    fn list_used(&self, checkout: &Path) -> Result<Vec<Used>, String>;
}

/// No settings.
#[cfg(test)]
pub struct NoGit;

#[cfg(test)]
impl UsedByGit for NoGit {
    fn list_used(&self, _: &Path) -> Result<Vec<Used>, String> {
        Ok(Vec::new())
    }
}

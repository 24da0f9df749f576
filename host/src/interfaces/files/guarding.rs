//! Keeps plugins from what git on this machine executes or reads settings from, as the git settings are when a file is
//! changed. Reads no setting itself, and decides nothing about grants.

use std::{
    fmt, io,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::path::RelativePath;
use crate::interfaces::{
    guarded_places::{MOST_ENTRIES, guarded_places},
    repository_layout::{Layout, Rejected, is_repository_name},
    used_by_git::UsedByGit,
};

/// What git goes by.
const REPOSITORY: &str = ".git";
/// Folders in a folder of hooks.
const DEEPEST: usize = 64;

/// The git settings cannot be read: a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(String);

/// Knows the places of one workspace that git settings lead to.
pub(super) struct Guarding {
    /// The workspace without links.
    root: PathBuf,
    git: Arc<dyn UsedByGit>,
}

impl Guarding {
    /// `root` is without links.
    pub(super) fn new(root: PathBuf, git: Arc<dyn UsedByGit>) -> Self {
        Self { root, git }
    }

    /// Rejects a change of a path that git settings lead to. `dir` is the workspace.
    pub(super) fn check(&self, dir: &Dir, path: &RelativePath) -> io::Result<()> {
        let mut used = Vec::new();
        let above = self.root.ancestors().find(|folder| is_checkout(folder));
        let inside = path.split().0.scan(self.root.clone(), |folder, name| {
            folder.push(name);
            Some(folder.clone())
        });
        for checkout in above.map(Path::to_owned).into_iter().chain(inside.filter(|folder| is_checkout(folder))) {
            match self.git.list_used(&checkout) {
                Ok(found) => used.extend(found),
                Err(reason) if above == Some(checkout.as_path()) => return Err(io::Error::other(Unreadable(reason))),
                // Git executes nothing in a repository whose settings it cannot read, such as a fixture of tests.
                Err(reason) => tracing::warn!(reason, "the settings of a repository inside a workspace are not considered"),
            }
        }
        let places = guarded_places(&self.root, dir.as_fd(), used, |folder| is_large(dir, folder))?;
        match places.iter().any(|place| place.forbids(path.as_str())) {
            true => Err(io::Error::other(Rejected::UsedByGit(path.as_str().to_owned()))),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Guarding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guarding").field("root", &self.root).finish_non_exhaustive()
    }
}

/// The repository in whose own files a folder lies: its `.git`, or a folder laid out as one. What lies there is settings and
/// history of the repository, never the files of a project.
pub(super) fn repository_around(folder: &Path) -> Option<&Path> {
    let is_named = |above: &Path| above.file_name().is_some_and(|name| is_repository_name(&name.to_string_lossy()));
    // Few folders have a `HEAD`, without which there is no repository.
    let is_laid_out = |above: &Path| {
        let has = |name: &&str| above.join(name).symlink_metadata().is_ok();
        has(&"HEAD")
            && ["HEAD", "objects", "refs", "commondir"].into_iter().filter(has).fold(Layout::default(), Layout::with).is_repository()
    };
    folder.ancestors().find(|above| is_named(above) || *above != folder && is_laid_out(above))
}

fn is_checkout(folder: &Path) -> bool {
    folder.join(REPOSITORY).symlink_metadata().is_ok()
}

/// Whether a folder holds more than hooks do.
fn is_large(dir: &Dir, folder: &[u8]) -> io::Result<bool> {
    let Ok(path) = std::str::from_utf8(folder) else { return Ok(false) };
    let opened = path.split('/').try_fold(dir.try_clone()?, |dir, name| dir.open_dir_nofollow(name));
    // Where there is none, nothing is large.
    Ok(opened.is_ok_and(|dir| count(&dir, 0, 0) >= MOST_ENTRIES))
}

/// The entries at any depth of a folder, as far as that matters. What cannot be opened holds none.
fn count(dir: &Dir, depth: usize, counted: usize) -> usize {
    let Ok(entries) = dir.entries() else { return counted };
    entries.flatten().fold(counted, |counted, entry| match counted + 1 {
        counted if counted >= MOST_ENTRIES || depth == DEEPEST => counted,
        counted => dir.open_dir_nofollow(entry.file_name()).map_or(counted, |below| count(&below, depth + 1, counted)),
    })
}

//! Temporary files in what Baton keeps of repositories, and how those are found again that a killed host left behind.
//! Looks into no folder that a link leads to, for that is a person's.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// What every temporary file has in its name.
const MARK: &str = "-ThreadId(";

/// A name beside `path` that no other call at the same time takes, of this process or of one beside it.
pub(super) fn temporary(path: &Path, purpose: &str) -> PathBuf {
    with_ending(path, &format!(".{purpose}-{}-{:?}", std::process::id(), std::thread::current().id()))
}

/// The name of a file with something behind it.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Removes the temporary files below the folder of all worktrees. Only for a host that has begun nothing yet.
pub(super) fn sweep(root: &Path) {
    for project in folders(root) {
        for slot in folders(&project) {
            let git = slot.join("git");
            // In `views` the git directories lie themselves where a project has its worktrees.
            for folder in [slot.join("info"), git.join("info"), git.join("logs"), git, slot] {
                clear(&folder);
            }
        }
    }
}

fn clear(folder: &Path) {
    if folder.is_symlink() {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().contains(MARK) {
            // What cannot be removed is replaced by whoever takes the name next.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink()).collect()
}

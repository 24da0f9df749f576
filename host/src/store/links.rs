//! Refuses links in the place of what Baton makes in its data directory. A directory that came with somebody's project could
//! otherwise have another file of the user's written, truncated or made private. Follows none and removes none.

use std::path::Path;

use super::StoreError;

/// The files and folders that are made in a data directory. The plugin folder is the operator's, who may keep it elsewhere.
const MADE: &[&str] = &[
    "lock",
    "baton.db",
    "baton.db-journal",
    "baton.db-new",
    "baton.db-new-journal",
    "baton.db-shm",
    "baton.db-wal",
    "blobs",
    "cache",
    "credential",
    "frozen",
    "sandbox",
    "sandbox.id",
    "secrets.json",
    "setup",
    "versions",
    "worktrees",
];

/// Refuses a data directory in which one of Baton's own names is a link.
pub fn refuse_links(data: &Path) -> Result<(), StoreError> {
    let is_link = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    match MADE.iter().map(|name| data.join(name)).find(|path| is_link(path)) {
        Some(link) => Err(StoreError::Link(link)),
        None => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_file_of_ours_is_a_link() {
        for name in MADE {
            let folder = tempfile::tempdir().unwrap();
            assert!(refuse_links(folder.path()).is_ok() && refuse_links(&folder.path().join("none")).is_ok());
            // Also one that leads nowhere yet.
            symlink(folder.path().join("elsewhere"), folder.path().join(name)).unwrap();
            assert!(matches!(refuse_links(folder.path()), Err(StoreError::Link(path)) if path.ends_with(name)), "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        symlink(folder.path(), folder.path().join("plugins")).unwrap();
        assert!(refuse_links(folder.path()).is_ok());
    }
}

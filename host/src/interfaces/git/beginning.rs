//! What is done for the owner of a folder, by a command of theirs: a repository is begun where there is none, and its
//! history drawn. Changes nothing where there is a repository already, and obeys no configuration but Baton's own.

use std::{fs, io, path::Path, sync::Arc};

use super::{
    checkout::Checkout,
    locating::is_nothing,
    place::CheckoutLocation,
    program::{Invocation, Program},
    service::Trouble,
};
use crate::journal::CallError;

/// Where a repository lies until it has its commit: whoever is killed in between leaves no half of one.
const BEGINNING: &str = ".baton-begins";

impl Program {
    /// Makes `folder` a repository whose one commit, on `main`, holds all that lies there. One that is a repository with a
    /// commit stays as it is. `views` is where worktrees lie. `unavailable` without git; `invalid` where the folder holds
    /// nothing, or a repository that cannot be worked in.
    pub fn begin(&self, folder: &Path, views: &Path, message: &str) -> Result<(), CallError> {
        if is_repository(folder) {
            return self.check(folder, views);
        }
        let beginning = folder.join(BEGINNING);
        let git_dir = beginning.join(".git");
        let begin = || {
            remove(&beginning)?;
            fs::create_dir_all(git_dir.join("info"))?;
            fs::write(git_dir.join("info/exclude"), format!("/{BEGINNING}/\n/.baton/\n"))
        };
        begin().map_err(|error| unwritable(&error))?;
        let git = |call: Invocation| call.at(folder).env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", folder);
        self.call(["init", "--quiet", "--initial-branch=main"]).at(&beginning).done()?;
        git(self.call(["add", "--all"])).done()?;
        let commit = ["-c", "gc.auto=0", "-c", "maintenance.auto=false", "commit", "--quiet", "--no-verify", "--message", message];
        git(self.call(commit)).authored_by_baton().committed_by_baton().done()?;
        let end = || {
            fs::write(git_dir.join("info/exclude"), "")?;
            fs::rename(&git_dir, folder.join(".git"))?;
            remove(&beginning)
        };
        end().map_err(|error| unwritable(&error))
    }

    /// Whether a run can work in what the folder holds: `invalid` with a sentence where it holds a repository that it cannot
    /// work in, one without a commit among them. A folder that is no repository is fine.
    pub fn check(&self, folder: &Path, views: &Path) -> Result<(), CallError> {
        if is_repository(folder) { self.checkout(folder, views)?.head().map(drop) } else { Ok(()) }
    }

    /// Whether stories can be worked on in what the folder holds: `invalid` with a sentence where its files cannot all be
    /// checked out elsewhere. `pointers` says whether files of Git LFS may be their pointers.
    pub fn check_files(&self, folder: &Path, views: &Path, pointers: bool) -> Result<(), CallError> {
        if is_repository(folder) { self.checkout(folder, views)?.refuse_obstacles(pointers) } else { Ok(()) }
    }

    /// The history of the folder's branch as a graph, a line for each of the newest `most` commits.
    pub fn graph(&self, folder: &Path, views: &Path, most: u32) -> Result<String, CallError> {
        let most = format!("--max-count={most}");
        self.checkout(folder, views)?.git(["log", "--graph", "--no-color", "--no-show-signature", "--format=%h %an: %s", &most]).text()
    }

    fn checkout(&self, folder: &Path, views: &Path) -> Result<Checkout, CallError> {
        // Git is started in the folder, from where a relative path would lead elsewhere.
        let [root, workspace] = [views, folder].map(std::path::absolute);
        let (root, workspace) = (root.map_err(|error| unwritable(&error))?, workspace.map_err(|error| unwritable(&error))?);
        // A command of the owner's own is not bound to what was before it.
        let place = CheckoutLocation {
            program: Arc::new(self.clone()),
            root,
            workspace,
            worktree: None,
            pin: None,
            abandoned: None,
            pointers: false,
        };
        place.open().map_err(|trouble| match trouble {
            Trouble::Answer(error) => error,
            other => CallError::conflict(other.to_string()),
        })
    }
}

fn is_repository(folder: &Path) -> bool {
    let place = folder.join(".git");
    place.symlink_metadata().is_ok_and(|found| !is_nothing(&place, &found))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unwritable(error: &io::Error) -> CallError {
    CallError::unavailable(format!("The folder cannot be made a repository: {error}. Make it writable, or name another."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::git_program;

    #[test]
    fn a_folder_becomes_a_repository_once() {
        let (program, home) = (git_program().unwrap(), tempfile::tempdir().unwrap());
        let (folder, views) = (home.path().join("work"), home.path().join("views"));
        fs::create_dir_all(folder.join(".baton-begins/.git")).unwrap();
        assert!(program.begin(&folder, &views, "Nothing").is_err(), "there is nothing to commit");
        assert!(!folder.join(".git").exists(), "half of a repository is left");
        fs::write(folder.join("a.txt"), "a").unwrap();
        fs::create_dir(folder.join(".baton")).unwrap();
        fs::write(folder.join(".baton/rows"), "kept").unwrap();
        program.begin(&folder, &views, "Begin").unwrap();
        fs::write(folder.join("b.txt"), "b").unwrap();
        program.begin(&folder, &views, "Again").unwrap();
        let graph = program.graph(&folder, &views, 9).unwrap();
        assert!(graph.starts_with("* ") && graph.ends_with("Baton: Begin") && graph.lines().count() == 1, "{graph}");
        let files = program.checkout(&folder, &views).unwrap().git(["ls-tree", "-r", "--name-only", "HEAD"]).text().unwrap();
        assert_eq!(files, "a.txt");
        let git = std::process::Command::new(&program.path).args(["status", "--porcelain"]).current_dir(&folder).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&git.stdout), "?? .baton/\n?? b.txt\n", "the repository is whole without Baton");
        assert!(!folder.join(BEGINNING).exists());
    }

    #[test]
    fn a_repository_without_a_commit_is_its_owners() {
        let (program, home) = (git_program().unwrap(), tempfile::tempdir().unwrap());
        let (folder, views) = (home.path().join("work"), home.path().join("views"));
        fs::create_dir(&folder).unwrap();
        assert!(program.check(&folder, &views).is_ok());
        program.call(["init", "--quiet"]).at(&folder).done().unwrap();
        let hook = folder.join(".git/hooks/reference-transaction");
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, "#!/bin/sh\necho run > ran\n").unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.join("private.txt"), "mine").unwrap();
        for refused in [program.check(&folder, &views), program.begin(&folder, &views, "Begin")] {
            assert!(refused.unwrap_err().to_string().contains("no commit yet"));
        }
        assert!(!folder.join("ran").exists());
    }
}

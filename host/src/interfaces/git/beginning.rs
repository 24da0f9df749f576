//! What is done to a repository for its owner, by a command of theirs: begun where there is none, and its history drawn.
//! Never commits to one that has a commit already.

use std::path::Path;

use super::program::{Invocation, Program};
use crate::journal::CallError;

/// Who commits on behalf of the owner.
const NAME: &str = "Baton";
const ADDRESS: &str = "baton@baton.invalid";

impl Program {
    /// Makes `folder` a repository whose one commit, on `main`, holds all that lies there. One that has a commit stays as it
    /// is. `unavailable` without git, `invalid` where the folder holds nothing.
    pub fn begin(&self, folder: &Path, message: &str) -> Result<(), CallError> {
        if !folder.join(".git").exists() {
            self.call(["init", "--quiet", "--initial-branch=main"]).at(folder).done()?;
        }
        if self.call(["rev-parse", "--quiet", "--verify", "HEAD"]).at(folder).run()?.code == 0 {
            return Ok(());
        }
        self.call(["add", "--all"]).at(folder).done()?;
        let commit = ["-c", "gc.auto=0", "-c", "maintenance.auto=false", "commit", "--quiet", "--no-verify", "--message", message];
        signed(self.call(commit).at(folder)).done().map(drop)
    }

    /// The history of the folder's branch as a graph, a line for each of the newest `most` commits.
    pub fn graph(&self, folder: &Path, most: u32) -> Result<String, CallError> {
        let most = format!("--max-count={most}");
        self.call(["log", "--graph", "--no-color", "--no-show-signature", "--format=%h %an: %s", &most]).at(folder).text()
    }
}

fn signed(call: Invocation) -> Invocation {
    let call = call.env("GIT_AUTHOR_NAME", NAME).env("GIT_AUTHOR_EMAIL", ADDRESS);
    call.env("GIT_COMMITTER_NAME", NAME).env("GIT_COMMITTER_EMAIL", ADDRESS)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::config::git_program;

    #[test]
    fn a_folder_becomes_a_repository_once() {
        let (program, folder) = (git_program().unwrap(), tempfile::tempdir().unwrap());
        assert!(program.begin(folder.path(), "Nothing").is_err(), "there is nothing to commit");
        fs::write(folder.path().join("a.txt"), "a").unwrap();
        program.begin(folder.path(), "Begin").unwrap();
        fs::write(folder.path().join("b.txt"), "b").unwrap();
        program.begin(folder.path(), "Again").unwrap();
        let graph = program.graph(folder.path(), 9).unwrap();
        assert!(graph.starts_with("* ") && graph.ends_with("Baton: Begin") && graph.lines().count() == 1, "{graph}");
    }
}

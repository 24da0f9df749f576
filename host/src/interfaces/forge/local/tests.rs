//! Local pull requests over a real repository.

use std::{path::Path, process::Command};

use super::*;

struct Repo(tempfile::TempDir);

impl Repo {
    /// `main` with one file, and `story/1`, which changes it.
    fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.git(&["init", "--quiet", "--initial-branch", "main"]);
        repo.commit("a.txt", "one\n");
        repo.git(&["checkout", "--quiet", "-b", "story/1"]);
        repo.commit("a.txt", "two\n");
        repo
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
        let output = Command::new("git").args(author).args(arguments).current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, file: &str, content: &str) -> String {
        std::fs::write(self.path().join(file), content).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "--quiet", "-m", file]);
        self.git(&["rev-parse", "HEAD"])
    }
}

#[tokio::test]
async fn a_repository_is_looked_at_and_left_as_it_is() {
    let repo = Repo::new();
    let (head, before) = (repo.git(&["rev-parse", "story/1"]), repo.git(&["for-each-ref"]));
    assert_eq!(GitProgram.head(repo.path(), "story/1").await, Some(head.clone()));
    assert_eq!(GitProgram.head(repo.path(), "ghost").await, None);
    assert_eq!(GitProgram.head(Path::new("/nowhere/at/all"), "story/1").await, None);
    assert_eq!(GitProgram.mergeable(repo.path(), "story/1", "main").await, Mergeable::Yes);
    assert_eq!(GitProgram.mergeable(repo.path(), "story/1", "ghost").await, Mergeable::Unknown);
    assert_eq!(GitProgram.has(repo.path(), "main", &head).await, Some(false));
    assert_eq!(GitProgram.has(repo.path(), "story/1", &head).await, Some(true));
    assert_eq!(GitProgram.has(repo.path(), "main", &"0".repeat(40)).await, Some(false), "a commit nobody made");
    assert_eq!(GitProgram.has(repo.path(), "ghost", &head).await, None);
    assert_eq!(GitProgram.merge_commit(repo.path(), "story/1", "main").await, None);
    let diff = GitProgram.diff(repo.path(), "story/1", "main").await.unwrap();
    assert!(diff.contains("\n-one\n+two\n"), "{diff}");
    assert!(GitProgram.diff(repo.path(), "ghost", "main").await.unwrap_err().contains("`ghost`"));
    assert_eq!(repo.git(&["for-each-ref"]), before);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[tokio::test]
async fn conflicts_and_merges_are_seen() {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit("a.txt", "three\n");
    assert_eq!(GitProgram.mergeable(repo.path(), "story/1", "main").await, Mergeable::Conflicts);
    repo.git(&["merge", "--quiet", "--no-ff", "-X", "ours", "-m", "merged", "story/1"]);
    let merge = repo.git(&["rev-parse", "HEAD"]);
    repo.commit("b.txt", "later\n");
    assert_eq!(GitProgram.merge_commit(repo.path(), "story/1", "main").await, Some(merge), "and not what came after it");
}

#[tokio::test]
async fn a_branch_that_was_followed_was_merged_by_its_own_end() {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--ff-only", "story/1"]);
    assert_eq!(GitProgram.merge_commit(repo.path(), "story/1", "main").await, Some(repo.git(&["rev-parse", "story/1"])));
}

#[tokio::test]
async fn nothing_of_the_repository_is_executed() {
    let repo = Repo::new();
    for (key, value) in [("diff.external", "touch pwned"), ("core.fsmonitor", "touch pwned"), ("diff.evil.textconv", "touch pwned;cat")] {
        repo.git(&["config", key, value]);
    }
    std::fs::write(repo.path().join(".git/info/attributes"), "*.txt diff=evil\n").unwrap();
    let diff = GitProgram.diff(repo.path(), "story/1", "main").await.unwrap();
    assert!(diff.contains("+two"), "{diff}");
    assert!(!repo.path().join("pwned").exists());
}

#[tokio::test]
async fn a_diff_without_end_is_cut_off() {
    let repo = Repo::new();
    repo.commit("large.txt", &"line\n".repeat(600_000));
    let diff = GitProgram.diff(repo.path(), "story/1", "main").await.unwrap();
    assert!(diff.ends_with("(cut off after 1048576 bytes)\n") && diff.len() < 1_100_000, "{}", diff.len());
}

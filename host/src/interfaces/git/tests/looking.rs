//! Branches, looked at from outside of any run.

use super::*;

/// `main` with one file, and `story/1`, which changes it.
fn story() -> Scene {
    let scene = Scene::new();
    scene.git(&["switch", "-q", "-c", "story/1"]);
    scene.write("a.txt", "one\n2\nthree\n");
    scene.person_commits("Two");
    scene.git(&["switch", "-q", "main"]);
    scene
}

#[tokio::test]
async fn a_repository_is_looked_at_and_left_as_it_is() {
    let scene = story();
    let (looks, person) = (&scene.repositories, scene.person());
    let (head, before) = (scene.git(&["rev-parse", "story/1"]), scene.git(&["for-each-ref"]));
    assert_eq!(looks.branch_end(&person, "story/1").await.unwrap(), Some(head.clone()));
    assert_eq!(looks.branch_end(&person, "ghost").await.unwrap(), None);
    assert!(looks.branch_end(Path::new("/nowhere/at/all"), "story/1").await.is_err());
    assert_eq!(looks.can_be_merged(&person, "story/1", "main").await.unwrap(), Some(true));
    assert_eq!(looks.can_be_merged(&person, "story/1", "ghost").await.unwrap(), None);
    assert_eq!(looks.branch_has(&person, "main", &head).await.unwrap(), Some(false));
    assert_eq!(looks.branch_has(&person, "story/1", &head).await.unwrap(), Some(true));
    assert_eq!(looks.branch_has(&person, "main", &"0".repeat(40)).await.unwrap(), Some(false), "a commit nobody made");
    assert_eq!(looks.branch_has(&person, "ghost", &head).await.unwrap(), None);
    assert_eq!(looks.merge_commit(&person, "story/1", "main").await.unwrap(), None);
    let diff = looks.difference(&person, "story/1", "main").await.unwrap();
    assert!(diff.contains("\n-two\n+2\n"), "{diff}");
    let unknown = looks.difference(&person, "ghost", "main").await.unwrap_err();
    assert!(unknown.to_string().contains("`ghost`"), "{unknown}");
    assert_eq!((scene.git(&["for-each-ref"]), scene.git(&["status", "--porcelain"])), (before, String::new()));
}

#[tokio::test]
async fn a_worktree_of_batons_shows_the_same_branches() {
    let scene = story();
    let mut recorder = scene.bench.recorder();
    let worktree = scene.worktree(&mut recorder, "land/1").await;
    let head = scene.git(&["rev-parse", "story/1"]);
    assert_eq!(scene.repositories.branch_end(&worktree, "story/1").await.unwrap(), Some(head));
    assert_eq!(scene.repositories.can_be_merged(&worktree, "story/1", "main").await.unwrap(), Some(true));
}

#[tokio::test]
async fn conflicts_and_merges_are_seen() {
    let scene = story();
    let (looks, person) = (&scene.repositories, scene.person());
    scene.write("a.txt", "one\nthree\nthree\n");
    scene.person_commits("Three");
    assert_eq!(looks.can_be_merged(&person, "story/1", "main").await.unwrap(), Some(false));
    scene.git(&["merge", "-q", "--no-ff", "-X", "theirs", "-m", "merged", "story/1"]);
    let (merge, head) = (scene.git(&["rev-parse", "HEAD"]), scene.git(&["rev-parse", "story/1"]));
    scene.write("b.txt", "later");
    scene.person_commits("Later");
    let found = looks.merge_commit(&person, "story/1", "main").await.unwrap();
    assert_eq!(found.as_ref(), Some(&merge), "and not what came after it");
    scene.git(&["branch", "-q", "-D", "story/1"]);
    let diff = looks.merged_difference(&person, &head, &merge).await.unwrap();
    assert!(diff.contains("\n-two\n+2\n"), "the branch is gone, its commits are not: {diff}");
}

#[tokio::test]
async fn a_branch_that_was_followed_was_merged_by_its_own_end() {
    let scene = story();
    let (looks, person) = (&scene.repositories, scene.person());
    scene.git(&["merge", "-q", "--ff-only", "story/1"]);
    let head = scene.git(&["rev-parse", "story/1"]);
    assert_eq!(looks.merge_commit(&person, "story/1", "main").await.unwrap().as_ref(), Some(&head));
    let unknown = looks.merged_difference(&person, &head, &head).await.unwrap_err();
    assert!(unknown.to_string().contains("git log"), "{unknown}");
}

#[tokio::test]
async fn a_diff_without_end_is_cut_off() {
    let scene = story();
    scene.git(&["switch", "-q", "story/1"]);
    scene.write("large.txt", &"line\n".repeat(600_000));
    scene.person_commits("Large");
    let diff = scene.repositories.difference(&scene.person(), "story/1", "main").await.unwrap();
    let names = diff.rsplit_once("All files that differ:)\n").map(|(_, names)| names);
    assert!(names.is_some_and(|names| names.lines().any(|name| name == "large.txt")), "{names:?}");
    assert!(diff.len() <= 1 << 20 && diff.len() > 1_000_000, "{}", diff.len());
}

#[tokio::test]
async fn a_git_that_does_not_answer_is_ended() {
    use std::{os::unix::fs::PermissionsExt, time::Duration};

    use crate::interfaces::blocking::Deadline;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("git");
    fs::write(&path, "#!/bin/sh\n/bin/sleep 60\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let program = Program { path, ..program() };
    let said = program.call(["rev-parse"]).within(Some(Deadline::lasting(Duration::from_millis(100)))).run().unwrap();
    assert_ne!(said.code, 0, "it did not end by itself");
    assert!(said.failure().to_string().contains("git rev-parse was ended"), "{}", said.failure());
}

#[tokio::test]
async fn the_data_directory_is_nobodys_change_whatever_its_name() {
    let scene = Scene::new();
    let data = scene.person().join("odd [data] #1");
    fs::create_dir_all(data.join("worktrees")).unwrap();
    fs::write(data.join("baton.db"), "x").unwrap();
    scene.write("new.txt", "x");
    let program = Program { person: Vec::new(), ..program() };
    let inside = Arc::new(Repositories::new(Some(program), data.join("worktrees"), scene.register.clone(), scene.folders.clone()));
    let mut recorder = scene.bench.recorder();
    let mut run = View { repositories: &inside, ..scene.here(&mut recorder) };
    let changed: Vec<_> = run.status().await.unwrap().into_iter().map(|change| change.path).collect();
    assert_eq!(changed, ["new.txt"]);
}

//! What is in the way of a branch is named, so that a person can remove it.

use super::*;

async fn refused(scene: &Scene, branch: &str) -> String {
    let mut recorder = scene.bench.resumed_from(Vec::new());
    match refusal(scene.here(&mut recorder).worktree_add(branch.to_owned(), "main".to_owned()).await) {
        CallError { kind: ErrorKind::Conflict, text: sentence, .. } => sentence,
        other => panic!("{branch}: {other}"),
    }
}

#[tokio::test]
async fn what_is_in_the_way_of_a_branch_is_named() {
    let scene = Scene::new();
    scene.git(&["worktree", "add", "-q", "-b", "held", "../held"]);
    let held = refused(&scene, "held").await;
    assert!(held.contains("is checked out in") && held.contains("/held"), "{held}");
    scene.git(&["branch", "story/1/mine"]);
    scene.git(&["branch", "epic"]);
    scene.git(&["pack-refs", "--all"]);
    assert!(refused(&scene, "story/1").await.contains("beside the branch `story/1/mine`"));
    assert!(refused(&scene, "epic/1/2").await.contains("beside the branch `epic`"));
    scene.write(".git/refs/heads/wrong", "something\n");
    assert!(refused(&scene, "wrong/1").await.contains("`refs/heads/wrong`"));
    scene.write(".git/refs/heads/story/2.lock", "");
    let locked = refused(&scene, "story/2").await;
    let lock = scene.person().join(".git/refs/heads/story/2.lock");
    assert!(locked.contains(&format!("`{}`", lock.display())) && locked.contains("remove that file"), "{locked}");
    // None of it is in the way of another, nor is a tag.
    scene.git(&["tag", "story/3"]);
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(scene.worktree(&mut recorder, "story/3").await.join("a.txt").exists());
}

#[tokio::test]
async fn what_lies_in_the_place_of_a_worktree_is_no_obstacle() {
    let scene = Scene::new();
    let slot = scene.home.path().join("worktrees/demo/1");
    fs::create_dir_all(slot.parent().unwrap()).unwrap();
    fs::write(&slot, "a file").unwrap();
    let mut recorder = scene.bench.recorder();
    assert!(scene.worktree(&mut recorder, "story/1").await.join("a.txt").exists());
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    fs::remove_dir_all(slot.join("unused")).unwrap();
    std::os::unix::fs::symlink(scene.person(), slot.join("unused")).unwrap();
    scene.worktree(&mut recorder, "story/2").await;
    assert!(scene.person().join(".git").is_dir(), "a link is removed and not followed");
}

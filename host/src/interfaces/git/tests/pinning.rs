//! A run keeps to the repository that its workspace had when it began.

use std::os::unix::fs::symlink;

use super::*;
use crate::journal::Interrupt;

impl Scene {
    /// Runs begin here and now.
    fn bind(&mut self) {
        self.pin = self.repositories.pin(&self.person());
    }
}

fn pause<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Interrupt(Interrupt::Paused(pause))) => pause.reason,
        other => panic!("no pause: {other:?}"),
    }
}

/// `.git` of a folder as a file that names `target`.
fn points(folder: &Path, target: &Path) {
    fs::write(folder.join(".git"), format!("gitdir: {}\n", target.display())).unwrap();
}

#[tokio::test]
async fn whoever_asks_is_told_that_a_repository_appeared() {
    let (mut scene, theirs) = (Scene::without_repository(), Scene::new());
    scene.bind();
    let refs = theirs.git(&["for-each-ref"]);
    let mut recorder = scene.bench.recorder();
    assert!(
        matches!(refusal(scene.here(&mut recorder).status().await), CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("git init"))
    );
    fs::create_dir(scene.person().join(".git")).unwrap();
    assert_eq!(scene.repositories.strange(&scene.person(), scene.pin.as_ref()).await, None, "a container that covers it leaves this");
    fs::remove_dir(scene.person().join(".git")).unwrap();
    points(&scene.person(), &theirs.person().join(".git"));
    assert!(pause(scene.here(&mut recorder).status().await).contains("A repository appeared"));
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(pause(scene.here(&mut recorder).advance("main".into(), "main".into()).await).contains("A repository appeared"));
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(pause(scene.here(&mut recorder).push("main".into()).await).contains("A repository appeared"));
    let (pin, person) = (scene.pin.as_ref(), scene.person());
    assert!(scene.repositories.strange(&person, pin).await.unwrap().contains("A repository appeared"));
    assert_eq!(theirs.git(&["for-each-ref"]), refs);
    fs::remove_file(person.join(".git")).unwrap();
    assert_eq!(scene.repositories.strange(&person, pin).await, None);
}

#[tokio::test]
async fn a_file_that_the_repository_does_not_answer_is_not_followed() {
    let (scene, theirs) = (Scene::without_repository(), Scene::new());
    theirs.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
    let (person, git_dir) = (scene.person(), theirs.person().join(".git"));
    for target in [git_dir.clone(), git_dir.join("worktrees/side")] {
        points(&person, &target);
        let mut recorder = scene.bench.resumed_from(Vec::new());
        let refused = refusal(scene.here(&mut recorder).status().await);
        assert!(
            matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("does not name the workspace as its own")),
            "{refused}"
        );
    }
    fs::remove_file(person.join(".git")).unwrap();
    symlink(&git_dir, person.join(".git")).unwrap();
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(
        matches!(refusal(scene.here(&mut recorder).status().await), CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("symbolic link"))
    );
}

#[tokio::test]
async fn repositories_that_lie_elsewhere_and_say_so_are_used() {
    let (scene, other) = (Scene::new(), Scene::new());
    scene.git(&["submodule", "--quiet", "add", other.person().to_str().unwrap(), "sub"]);
    let mut recorder = scene.bench.recorder();
    assert_eq!(scene.at(&mut recorder, scene.person().join("sub")).status().await.unwrap().len(), 0);

    let apart = Scene::without_repository();
    apart.git(&["init", "-q", "-b", "main", "--separate-git-dir", "../apart"]);
    apart.write("a.txt", "a");
    apart.person_commits("Begin");
    let mut recorder = apart.bench.recorder();
    let refused = refusal(apart.here(&mut recorder).status().await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("core.worktree")), "{refused}");
    apart.git(&["config", "core.worktree", apart.person().to_str().unwrap()]);
    assert!(apart.here(&mut recorder).status().await.unwrap().is_empty());
    apart.git(&["config", "core.worktree", "/"]);
    assert!(matches!(refusal(apart.here(&mut recorder).status().await), CallError { kind: ErrorKind::Invalid, .. }));
}

#[tokio::test]
async fn a_worktree_is_bound_to_what_it_was_made_of() {
    let (mut scene, theirs) = (Scene::new(), Scene::new());
    scene.bind();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    theirs.git(&["branch", "story/1"]);
    let refs = theirs.git(&["for-each-ref"]);
    fs::rename(scene.person().join(".git"), scene.home.path().join("kept")).unwrap();
    assert!(Command::new("cp").arg("-R").arg(theirs.person().join(".git")).arg(scene.person()).status().unwrap().success());
    fs::write(folder.join("b.txt"), "B").unwrap();
    assert!(pause(scene.at(&mut recorder, folder.clone()).commit("Add b".into(), None).await).contains("another folder"));
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(pause(scene.at(&mut recorder, folder.clone()).advance("main".into(), "main".into()).await).contains("another folder"));
    scene.repositories.give_back(&Bench::run()).await.unwrap();
    assert_eq!(scene.git(&["for-each-ref"]), refs, "nothing is deleted in what took its place");
}

#[tokio::test]
async fn a_run_pushes_where_it_could_when_it_began() {
    let mut scene = Scene::new();
    let there = scene.home.path().join("there.git");
    git_in(scene.home.path(), &["init", "-q", "--bare", there.to_str().unwrap()]);
    scene.git(&["remote", "add", "origin", "/nowhere"]);
    scene.bind();
    scene.git(&["remote", "set-url", "origin", there.to_str().unwrap()]);
    let mut recorder = scene.bench.recorder();
    let refused = refusal(scene.here(&mut recorder).push("main".into()).await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("other remotes")), "{refused}");
    assert!(scene.here(&mut recorder).status().await.unwrap().is_empty(), "all else goes on");
    scene.bind();
    scene.here(&mut recorder).push("main".into()).await.unwrap();
}

#[tokio::test]
async fn what_a_person_does_in_the_repository_changes_nothing_of_which_it_is() {
    let mut scene = Scene::new();
    scene.bind();
    scene.write("b.txt", "B");
    scene.person_commits("More");
    scene.git(&["gc", "--quiet"]);
    scene.git(&["switch", "-q", "-c", "other"]);
    let mut recorder = scene.bench.recorder();
    assert!(scene.here(&mut recorder).status().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_link_on_the_way_to_a_branch_is_followed() {
    let (scene, theirs) = (Scene::new(), Scene::new());
    let refs = theirs.git(&["for-each-ref"]);
    symlink(theirs.person().join(".git/refs/heads"), scene.person().join(".git/refs/heads/story")).unwrap();
    let mut recorder = scene.bench.recorder();
    let refused = refusal(scene.here(&mut recorder).worktree_add("story/1".into(), "main".into()).await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("`refs/heads/story`")), "{refused}");
    assert_eq!(theirs.git(&["for-each-ref"]), refs);
}

#[tokio::test]
async fn a_repository_of_another_user_is_used_where_the_settings_say_so() {
    // Only root can give files away.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scene = Scene::new();
    assert!(Command::new("chown").args(["-R", "65534:65534"]).arg(scene.person()).status().unwrap().success());
    let mut recorder = scene.bench.recorder();
    for refused in [
        refusal(scene.here(&mut recorder).status().await),
        refusal(scene.here(&mut recorder).worktree_add("x".into(), "main".into()).await),
    ] {
        assert!(
            matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("belongs to the user with the id 65534")),
            "{refused}"
        );
    }
    let found = Command::new("find").arg(scene.person()).args(["-user", "root"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    git_in(scene.home.path(), &["config", "--file", ".gitconfig", "safe.directory", scene.person().to_str().unwrap()]);
    assert!(scene.here(&mut recorder).status().await.is_ok());
}

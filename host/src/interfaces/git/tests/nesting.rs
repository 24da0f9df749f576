//! What runs leave in a worktree beside files: repositories of their own, and names that no commit can have.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use super::*;

fn init(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    git_in(folder, &["init", "-q"]);
    fs::write(folder.join("i.txt"), "inner").unwrap();
}

impl Scene {
    /// The files of a branch, and that none of them is a repository.
    fn files_of(&self, branch: &str) -> String {
        assert!(!self.git(&["ls-tree", "-r", branch]).contains("160000"));
        self.git(&["-c", "core.quotePath=true", "ls-tree", "-r", "--name-only", branch]).replace('\n', " ")
    }

    fn events(&self, name: &str) -> Vec<String> {
        let events = self.bench.journal.events().into_iter().filter(|event| event.name == name);
        events.map(|event| event.data.to_string()).collect()
    }
}

#[tokio::test]
async fn repositories_that_a_run_made_are_kept_as_files() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    for inner in ["app", "li\nne", "quo'te\"d", "a`b", "deep/er", "deep/er/still"] {
        init(&folder.join(inner));
    }
    git_in(&folder.join("app"), &["add", "-A"]);
    git_in(&folder.join("app"), &["commit", "-q", "-m", "inner"]);
    init(&folder.join(OsStr::from_bytes(b"no-\xff-text")));
    fs::create_dir(folder.join("file")).unwrap();
    fs::write(folder.join("file/.git"), "gitdir: ../app/.git\n").unwrap();
    fs::write(folder.join("file/i.txt"), "inner").unwrap();
    fs::write(folder.join("b.txt"), "B").unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    let listed: Vec<_> = run.status().await.unwrap().into_iter().map(|change| change.path).collect();
    assert!(listed.contains(&"app/i.txt".to_owned()) && listed.iter().all(|path| !path.ends_with('/')), "{listed:?}");
    assert!(run.diff("main".into()).await.unwrap().contains("app/i.txt"));
    run.commit("All".into(), None).await.unwrap().unwrap();
    let files = ".gitignore a.txt \"a`b/i.txt\" app/i.txt b.txt deep/er/i.txt deep/er/still/i.txt file/i.txt \"li\\nne/i.txt\" \"quo'te\\\"d/i.txt\"";
    assert_eq!(scene.files_of("story/1"), files.replace("\"a`b/i.txt\"", "a`b/i.txt"));
    let told = scene.events("repository_removed").concat();
    assert!(told.contains("\"app\"") && told.contains("li\\\\nne") && told.contains("deep/er/still"), "{told}");
}

#[tokio::test]
async fn a_name_that_no_commit_can_have_costs_that_file_alone() {
    let scene = Scene::new();
    let odd = OsStr::from_bytes(b"odd-\xff.txt");
    fs::write(scene.person().join(odd), "kept").unwrap();
    scene.person_commits("An odd name");
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join(odd), "changed").unwrap();
    fs::write(folder.join(OsStr::from_bytes(b"new-\xfe")), "new").unwrap();
    for name in [".GIT", "sub/.Git", ".git ", "git~1", ".git...", "sub/.git::$INDEX_ALLOCATION", ".g\u{200c}it"] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("x"), "x").unwrap();
    }
    fs::write(folder.join("sub/b.txt"), "B").unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    let listed: Vec<_> = run.status().await.unwrap().into_iter().map(|change| change.path).collect();
    assert_eq!(listed, ["sub/b.txt"]);
    assert!(run.diff("main".into()).await.unwrap().contains("sub/b.txt"));
    run.commit("All".into(), None).await.unwrap().unwrap();
    assert_eq!(scene.files_of("story/1"), ".gitignore a.txt \"odd-\\377.txt\" sub/b.txt");
    assert_eq!(scene.git(&["show", "story/1:"]).lines().count(), scene.git(&["show", "main:"]).lines().count() + 1);
    let told = scene.events("left_out").concat();
    assert!(
        told.contains("odd-\\\\xff.txt") && told.contains("new-\\\\xfe") && told.contains(".GIT/x") && told.contains("git~1/x"),
        "{told}"
    );
    assert_eq!(fs::read(folder.join(odd)).unwrap(), b"changed");
    assert!(scene.at(&mut recorder, folder).commit("Again".into(), None).await.unwrap().is_none());
}

#[tokio::test]
async fn what_a_person_has_in_the_checkout_stays_as_it_is() {
    let (scene, other) = (Scene::new(), Scene::new());
    init(&scene.person().join("mine"));
    git_in(&scene.person(), &["clone", "-q", other.person().to_str().unwrap(), "clone"]);
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    run.status().await.unwrap();
    run.diff("main".into()).await.unwrap_err();
    for inner in ["mine", "clone"] {
        assert!(scene.person().join(inner).join(".git/HEAD").is_file(), "{inner}");
    }
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::create_dir(folder.join("mine")).unwrap();
    fs::write(folder.join("mine/x"), "x").unwrap();
    let mut run = scene.at(&mut recorder, folder);
    run.commit("In the place of a person's".into(), None).await.unwrap();
    assert!(
        matches!(refusal(run.advance("main".into(), "main".into()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("`mine"))
    );
    assert!(scene.person().join("mine/.git/HEAD").is_file());
}

use std::os::unix::fs::symlink;

use super::{place::CheckoutLocation, *};

impl Scene {
    /// A worktree whose branch is a commit ahead of `main`, which wrote `b.txt` and changed `a.txt`.
    async fn ahead(&self, recorder: &mut Recorder) -> (PathBuf, String) {
        let folder = self.worktree(recorder, "story/1").await;
        fs::write(folder.join("a.txt"), "one\n2\nthree\n").unwrap();
        fs::write(folder.join("b.txt"), "B").unwrap();
        let commit = self.at(recorder, folder.clone()).commit("Ahead".into(), None).await.unwrap().unwrap();
        (folder, commit)
    }
}

#[tokio::test]
async fn a_branch_and_the_files_of_its_checkout_move_forward() {
    let scene = Scene::new();
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let (folder, commit) = scene.ahead(&mut recorder).await;
    scene.write("mine.txt", "mine");
    scene.write("notes.log", "mine");
    scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await.unwrap();
    assert_eq!(scene.git(&["rev-parse", "main"]), commit);
    assert_eq!(fs::read_to_string(scene.person().join("a.txt")).unwrap(), "one\n2\nthree\n");
    assert_eq!(scene.git(&["status", "--porcelain"]), "?? mine.txt");
    assert!(scene.git(&["reflog", "-1", "main"]).contains("baton: advance"));

    // Cut off after it was done, or between files and branch: both end in the same place.
    let mut recorder = scene.cut_off();
    scene.replay_ahead(&mut recorder, &folder).await;
    scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await.unwrap();
    scene.git(&["update-ref", "refs/heads/main", &main]);
    let mut recorder = scene.cut_off();
    scene.replay_ahead(&mut recorder, &folder).await;
    scene.at(&mut recorder, folder).advance("main".into(), main).await.unwrap();
    assert_eq!((scene.git(&["rev-parse", "main"]), scene.git(&["status", "--porcelain"])), (commit, "?? mine.txt".into()));
}

impl Scene {
    async fn replay_ahead(&self, recorder: &mut Recorder, folder: &Path) {
        self.here(recorder).worktree_add("story/1".into(), "main".into()).await.unwrap();
        self.at(recorder, folder.to_owned()).commit("Ahead".into(), None).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_of_a_persons_is_overwritten() {
    let changes: [(&str, &str, &str); 3] = [("a.txt", "mine", "a.txt"), ("b.txt", "mine", "b.txt"), ("b.txt/c", "mine", "b.txt/c")];
    for (path, content, named) in changes {
        let scene = Scene::new();
        let main = scene.git(&["rev-parse", "main"]);
        let mut recorder = scene.bench.recorder();
        let (folder, _) = scene.ahead(&mut recorder).await;
        scene.write(path, content);
        let refused = refusal(scene.at(&mut recorder, folder).advance("main".into(), main.clone()).await);
        assert!(
            matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains(&format!("`{named}` holds what is not committed"))),
            "{path}: {refused}"
        );
        assert_eq!(scene.git(&["rev-parse", "main"]), main);
        assert_eq!(fs::read_to_string(scene.person().join(path)).unwrap(), content);
    }
}

#[tokio::test]
async fn what_stands_where_a_story_makes_a_folder_stays() {
    for theirs in ["secret", "link"] {
        let scene = Scene::new();
        scene.write("kept/a.txt", "outside");
        scene.write(".gitignore", "secret\nlink\nkept\n");
        scene.git(&["add", "--all"]);
        scene.git(&["commit", "--quiet", "--message=Ignore"]);
        let main = scene.git(&["rev-parse", "main"]);
        let mut recorder = scene.bench.recorder();
        let folder = scene.worktree(&mut recorder, "story/1").await;
        fs::write(folder.join(".gitignore"), "").unwrap();
        fs::create_dir(folder.join(theirs)).unwrap();
        fs::write(folder.join(theirs).join("x"), "a story's").unwrap();
        scene.at(&mut recorder, folder.clone()).commit("Add a folder".into(), None).await.unwrap();
        scene.write("secret", "precious");
        symlink("kept", scene.person().join("link")).unwrap();
        let refused = refusal(scene.at(&mut recorder, folder).advance("main".into(), main.clone()).await);
        assert!(
            matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains(&format!("`{theirs}`"))),
            "{theirs}: {refused}"
        );
        assert_eq!(scene.git(&["rev-parse", "main"]), main);
        assert_eq!(fs::read_to_string(scene.person().join("secret")).unwrap(), "precious");
        assert!(scene.person().join("link").symlink_metadata().unwrap().is_symlink() && !scene.person().join("kept/x").exists());
    }
}

#[tokio::test]
async fn a_folder_becomes_a_file_where_all_of_it_is_known() {
    let scene = Scene::new();
    scene.write("part/a.txt", "a");
    scene.git(&["add", "--all"]);
    scene.git(&["commit", "--quiet", "--message=A part"]);
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::remove_dir_all(folder.join("part")).unwrap();
    fs::write(folder.join("part"), "a file now").unwrap();
    scene.at(&mut recorder, folder.clone()).commit("Join the part".into(), None).await.unwrap();
    scene.write("part/notes.log", "mine");
    let refused = refusal(scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("`part/notes.log`")), "{refused}");
    fs::remove_file(scene.person().join("part/notes.log")).unwrap();
    scene.at(&mut recorder, folder).advance("main".into(), main).await.unwrap();
    assert_eq!(fs::read_to_string(scene.person().join("part")).unwrap(), "a file now");
}

#[tokio::test]
async fn a_lock_that_is_there_for_a_moment_is_waited_for() {
    let scene = Scene::new();
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let (folder, commit) = scene.ahead(&mut recorder).await;
    let lock = scene.person().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let let_go = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        fs::remove_file(lock).unwrap();
    });
    scene.at(&mut recorder, folder).advance("main".into(), main).await.unwrap();
    let_go.join().unwrap();
    assert_eq!(scene.git(&["rev-parse", "main"]), commit);
}

#[tokio::test]
async fn an_ignored_file_of_a_persons_is_not_overwritten_either() {
    let scene = Scene::new();
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join(".gitignore"), "").unwrap();
    fs::write(folder.join("secret.log"), "theirs").unwrap();
    scene.at(&mut recorder, folder.clone()).commit("Add a log".into(), None).await.unwrap();
    scene.write("secret.log", "mine");
    let refused = refusal(scene.at(&mut recorder, folder).advance("main".into(), main.clone()).await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("`secret.log`")), "{refused}");
    assert_eq!(
        (fs::read_to_string(scene.person().join("secret.log")).unwrap().as_str(), scene.git(&["rev-parse", "main"])),
        ("mine", main)
    );
}

#[tokio::test]
async fn only_forward_and_only_from_where_it_is_expected() {
    let scene = Scene::new();
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let (folder, commit) = scene.ahead(&mut recorder).await;
    scene.write("c.txt", "C");
    let theirs = scene.person_commits("Theirs");
    let mut run = scene.at(&mut recorder, folder);
    assert!(
        matches!(refusal(run.advance("main".into(), main).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains(&theirs))
    );
    assert!(
        matches!(refusal(run.advance("main".into(), theirs.clone()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("merge them first"))
    );
    assert!(matches!(refusal(run.advance("none".into(), theirs.clone()).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert_eq!(scene.git(&["rev-parse", "main"]), theirs);
    assert_ne!(theirs, commit);
}

#[tokio::test]
async fn a_checkout_in_which_a_person_is_busy_is_left_alone() {
    let scene = Scene::new();
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let (folder, _) = scene.ahead(&mut recorder).await;
    let level = scene.worktree(&mut recorder, "story/level").await;
    let person = scene.person();
    let mut advance = async |what: &str, folder: &PathBuf| {
        let refused = refusal(scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await);
        assert!(matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains(what)), "{what}: {refused}");
        assert_eq!(scene.git(&["rev-parse", "main"]), main);
    };
    fs::write(person.join(".git/index.lock"), "").unwrap();
    advance("index.lock", &folder).await;
    fs::remove_file(person.join(".git/index.lock")).unwrap();
    fs::write(person.join(".git/MERGE_HEAD"), "").unwrap();
    advance("MERGE_HEAD", &folder).await;
    // Who has nothing to move is told as well.
    advance("MERGE_HEAD", &level).await;
    fs::remove_file(person.join(".git/MERGE_HEAD")).unwrap();
    scene.git(&["checkout", "-q", "-b", "aside"]);
    scene.git(&["worktree", "add", "-q", "../second", "main"]);
    advance("second", &folder).await;
    scene.git(&["worktree", "remove", "../second"]);
    scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await.unwrap();
    assert!(!person.join("b.txt").exists(), "another branch is checked out");
}

#[tokio::test]
async fn a_push_takes_the_branch_to_the_remote_and_never_by_force() {
    let mut scene = Scene::new();
    let bare = scene.home.path().join("remote.git");
    git_in(scene.home.path(), &["init", "-q", "--bare", "remote.git"]);
    let mut recorder = scene.bench.recorder();
    assert!(
        matches!(refusal(scene.here(&mut recorder).push("main".into()).await), CallError { kind: ErrorKind::NotFound, text, .. } if text.contains("`origin`"))
    );
    scene.git(&["remote", "add", "backup", bare.to_str().unwrap()]);
    scene.settings.remote = Some("backup");
    assert!(matches!(refusal(scene.here(&mut recorder).push("none".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    for _ in 0..2 {
        scene.here(&mut recorder).push("main".into()).await.unwrap();
    }
    assert_eq!(git_in(&bare, &["rev-parse", "main"]), scene.git(&["rev-parse", "main"]));
    scene.git(&["commit", "-q", "--amend", "-m", "Other"]);
    assert!(
        matches!(refusal(scene.here(&mut recorder).push("main".into()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("backup"))
    );
    for address in ["ext::sh -c touch% /tmp/x", "fd::17", "-oProxyCommand=x:y", "--upload-pack=x"] {
        scene.git(&["config", "remote.backup.url", address]);
        assert!(
            matches!(refusal(scene.here(&mut recorder).push("main".into()).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_run_moves_no_branch_that_a_person_moves() {
    let mut scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("b.txt"), "B").unwrap();
    scene.at(&mut recorder, folder.clone()).commit("Mine".into(), None).await.unwrap();
    let main = scene.git(&["rev-parse", "main"]);
    for advances in [Advances::None, Advances::Ordered("other".to_owned())] {
        scene.advances = advances;
        let denied = refusal(scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await);
        assert!(
            matches!(&denied, CallError { kind: ErrorKind::Denied, text, .. } if text.contains("baton pull-requests merge")),
            "{denied}"
        );
        assert_eq!(scene.git(&["rev-parse", "main"]), main);
    }
    scene.advances = Advances::Ordered("main".to_owned());
    scene.at(&mut recorder, folder).advance("main".into(), main.clone()).await.unwrap();
    assert_ne!(scene.git(&["rev-parse", "main"]), main);
}

#[tokio::test]
async fn files_that_moved_half_way_are_taken_back() {
    let scene = Scene::new();
    scene.write("gone.txt", "was here");
    symlink("a.txt", scene.person().join("link")).unwrap();
    let from = scene.person_commits("Before");
    scene.write("a.txt", "after");
    scene.write("new/deep/b.txt", "b");
    scene.write("theirs/c.txt", "c");
    scene.git(&["rm", "--quiet", "gone.txt"]);
    fs::remove_file(scene.person().join("link")).unwrap();
    symlink("new", scene.person().join("link")).unwrap();
    let to = scene.person_commits("After");
    scene.git(&["reset", "--quiet", "--soft", &from]);
    scene.git(&["read-tree", &from]);
    scene.write("theirs/c.txt", "a person's own");
    scene.write("theirs/d.txt", "mine");
    let place = CheckoutLocation {
        program: Arc::new(program()),
        root: scene.home.path().join("views"),
        workspace: scene.person(),
        worktree: None,
        pin: None,
        abandoned: None,
        pointers: false,
    };
    place.open().unwrap().undo_move(&from, &to);
    assert_eq!(scene.git(&["status", "--porcelain", "--untracked-files=all"]), "?? theirs/c.txt\n?? theirs/d.txt");
    assert_eq!(fs::read_to_string(scene.person().join("gone.txt")).unwrap(), "was here");
    assert!(!scene.person().join("new").exists());
}

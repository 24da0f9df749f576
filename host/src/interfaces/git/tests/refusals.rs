use std::os::unix::fs::symlink;

use super::*;

/// What a run hears that wants to work on this.
async fn heard(scene: &Scene) -> (CallError, CallError) {
    let mut recorder = scene.bench.resumed_from(Vec::new());
    let mut run = scene.here(&mut recorder);
    (refusal(run.status().await), refusal(run.worktree_add("story/1".into(), "main".into()).await))
}

fn says(errors: &(CallError, CallError), what: &str) {
    for error in [&errors.0, &errors.1] {
        assert!(matches!(error, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains(what)), "{what}: {error}");
    }
}

#[tokio::test]
async fn a_folder_that_is_no_whole_repository_is_refused_with_a_sentence() {
    let scene = Scene::without_repository();
    says(&heard(&scene).await, "`git init`");
    scene.git(&["init", "-q", "-b", "main"]);
    let (status, add) = heard(&scene).await;
    assert!(matches!(status, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("no commit yet")));
    assert!(matches!(add, CallError { kind: ErrorKind::NotFound, text, .. } if text.contains("`main`")));
    fs::remove_dir_all(scene.person().join(".git/objects")).unwrap();
    says(&heard(&scene).await, "damaged");
    fs::remove_dir_all(scene.person().join(".git")).unwrap();
    fs::write(scene.person().join(".git"), "something").unwrap();
    says(&heard(&scene).await, "names no repository");

    let bare = Scene::without_repository();
    bare.git(&["init", "-q", "--bare"]);
    says(&heard(&bare).await, "bare");
}

#[tokio::test]
async fn a_detached_head_has_no_branch_and_worktrees_all_the_same() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "--detach"]);
    let mut recorder = scene.bench.recorder();
    assert!(
        matches!(refusal(scene.here(&mut recorder).branch().await), CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("git switch"))
    );
    scene.worktree(&mut recorder, "story/1").await;
}

#[tokio::test]
async fn a_linked_worktree_of_a_persons_is_a_checkout_like_any_other() {
    let scene = Scene::new();
    scene.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
    let side = scene.person().with_file_name("side");
    fs::write(side.join("a.txt"), "changed").unwrap();
    let mut recorder = scene.bench.recorder();
    let mut run = scene.at(&mut recorder, side);
    assert_eq!((run.branch().await.unwrap(), run.status().await.unwrap().len()), ("side".into(), 1));
    run.worktree_add("story/1".into(), "side".into()).await.unwrap();
    assert_eq!(fs::read_to_string(scene.folder("story/1").await.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
}

#[tokio::test]
async fn a_branch_that_somebody_else_made_is_not_taken() {
    let scene = Scene::new();
    scene.git(&["branch", "story/1"]);
    scene.git(&["branch", "epic"]);
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    assert!(matches!(refusal(run.worktree_add("story/1".into(), "main".into()).await), CallError { kind: ErrorKind::Conflict, .. }));
    assert!(
        matches!(refusal(run.worktree_add("epic/1".into(), "main".into()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("beside"))
    );
    run.worktree_add("story/2".into(), "main".into()).await.unwrap();
    assert!(
        matches!(refusal(run.worktree_add("story/2".into(), "main".into()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("worktree"))
    );
    assert!(matches!(refusal(run.worktree_remove("main".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert_eq!(scene.git(&["branch", "--list"]), "  epic\n* main\n  story/1\n  story/2");
}

#[tokio::test]
async fn a_persons_checkout_is_not_committed_in() {
    let scene = Scene::new();
    scene.write("b.txt", "B");
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    assert!(
        matches!(refusal(run.commit("Add b".into(), None).await), CallError { kind: ErrorKind::Denied, text, .. } if text.contains("git.worktree-add"))
    );
    assert!(matches!(refusal(run.merge("main".into(), "Merge".into(), Vec::new()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(run.reset("main".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert_eq!(scene.git(&["status", "--porcelain"]), "?? b.txt");
}

#[tokio::test]
async fn without_git_there_is_a_sentence() {
    let scene = Scene::new();
    let repositories =
        Arc::new(Repositories::new(None, scene.home.path().join("worktrees"), scene.register.clone(), scene.folders.clone()));
    let mut recorder = scene.bench.recorder();
    let mut run = View { repositories: &repositories, ..scene.here(&mut recorder) };
    assert!(matches!(refusal(run.status().await), CallError { kind: ErrorKind::Unavailable, text, .. } if text.contains("baton doctor")));
    let gone = Program { path: "/nowhere/git".into(), ..program() };
    let repositories =
        Arc::new(Repositories::new(Some(gone), scene.home.path().join("worktrees"), scene.register.clone(), scene.folders.clone()));
    let mut run = View { repositories: &repositories, ..scene.here(&mut recorder) };
    assert!(matches!(refusal(run.status().await), CallError { kind: ErrorKind::Unavailable, text, .. } if text.contains("baton doctor")));
}

#[tokio::test]
async fn a_branch_whose_name_is_no_text_is_not_called_by_another() {
    let scene = Scene::new();
    fs::write(scene.person().join(".git/HEAD"), b"ref: refs/heads/m\xffin\n").unwrap();
    let mut recorder = scene.bench.recorder();
    assert!(
        matches!(refusal(scene.here(&mut recorder).branch().await), CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("not UTF-8"))
    );
}

#[tokio::test]
async fn a_name_that_is_too_long_is_told_by_its_length() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    let refused = refusal(run.worktree_add("s/".to_owned() + &"n".repeat(300), "main".into()).await);
    assert!(
        matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("302 bytes, more than 200") && text.len() < 200),
        "{refused}"
    );
    let refused = refusal(run.read("main".into(), "p/".repeat(3000)).await);
    assert!(
        matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("6000 bytes, more than 4096")),
        "{refused}"
    );
}

#[tokio::test]
async fn links_out_of_the_repository_and_submodules_are_not_committed() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::create_dir(folder.join("sub")).unwrap();
    for target in ["/etc/passwd", "../../secret", "a/../../..", "../.git/config", "x/x/../../a.txt"] {
        symlink(target, folder.join("sub/link")).unwrap();
        let refused = refusal(scene.at(&mut recorder, folder.clone()).commit("Link".into(), None).await);
        assert!(matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("`sub/link`")), "{target}: {refused}");
        assert!(folder.join("sub/link").symlink_metadata().is_ok(), "nothing is lost");
        fs::remove_file(folder.join("sub/link")).unwrap();
    }
    symlink("../a.txt", folder.join("sub/link")).unwrap();
    assert!(scene.at(&mut recorder, folder.clone()).commit("Link".into(), None).await.unwrap().is_some());

    for path in ["bare/objects/x", "bare/refs/x", "bare/config"] {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), "x").unwrap();
    }
    assert!(scene.at(&mut recorder, folder.clone()).commit("Half".into(), None).await.unwrap().is_some());
    fs::write(folder.join("bare/Head"), "ref: refs/heads/main\n").unwrap();
    let refused = refusal(scene.at(&mut recorder, folder.clone()).commit("Bare".into(), None).await);
    assert!(
        matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.starts_with("`bare/Head` makes its folder a git repository")),
        "{refused}"
    );
    fs::remove_file(folder.join("bare/Head")).unwrap();

    fs::write(folder.join(".gitmodules"), "[submodule \"s\"]\n\tpath = s\n\turl = ext::sh\n").unwrap();
    let refused = refusal(scene.at(&mut recorder, folder.clone()).commit("Submodules".into(), None).await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("`.gitmodules`")), "{refused}");
    fs::remove_file(folder.join(".gitmodules")).unwrap();
}

#[tokio::test]
async fn a_message_or_author_that_says_too_much_or_nothing_is_refused() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let mut run = scene.at(&mut recorder, folder);
    for message in ["", " \n", "a\0b", "x\n\nBaton-Call: 1:1", "x\n  baton-run: 1"] {
        assert!(matches!(refusal(run.commit(message.into(), None).await), CallError { kind: ErrorKind::Invalid, .. }), "{message:?}");
    }
    for author in ["", "a <b@c>", "a\nb"] {
        assert!(
            matches!(refusal(run.commit("x".into(), Some(author.into())).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{author:?}"
        );
    }
}

#[tokio::test]
async fn a_lock_that_nobody_holds_any_more_is_said_or_waited_for() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("b.txt"), "B").unwrap();
    let lock = folder.with_file_name("git").join("index.lock");
    fs::write(&lock, "").unwrap();
    let gone = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(120));
        fs::remove_file(lock).unwrap();
    });
    assert!(scene.at(&mut recorder, folder).commit("Add b".into(), None).await.unwrap().is_some());
    gone.join().unwrap();
}

#[tokio::test]
async fn a_folder_inside_a_repository_is_told_which() {
    let scene = Scene::new();
    scene.write("part/a.txt", "a");
    let mut recorder = scene.bench.recorder();
    let refused = refusal(scene.at(&mut recorder, scene.person().join("part")).status().await);
    assert!(
        matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains(&*scene.person().to_string_lossy())),
        "{refused}"
    );
}

#[tokio::test]
async fn what_a_person_ignores_everywhere_is_no_change() {
    let ways: [(&str, &str, &[&str]); 3] = [
        ("../.config/git/ignore", "*.swp\n", &[]),
        ("../mine", "*.swp", &["config", "--file", "../.gitconfig", "core.excludesFile", "~/mine"]),
        ("../near", "*.swp\n", &["config", "core.excludesFile", "../near"]),
    ];
    for (list, content, setting) in ways {
        let scene = Scene::new();
        scene.write(list, content);
        if !setting.is_empty() {
            scene.git(setting);
        }
        scene.write("a.txt.swp", "");
        scene.write("new.txt", "");
        let mut recorder = scene.bench.recorder();
        let status = scene.here(&mut recorder).status().await.unwrap();
        assert_eq!(status.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["new.txt"], "{list}");
    }
}

#[tokio::test]
async fn a_worktree_whose_branch_was_deleted_says_so() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    scene.git(&["branch", "-D", "story/1"]);
    let refused = refusal(scene.at(&mut recorder, folder).status().await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("was deleted")), "{refused}");
}

use super::*;
use crate::{
    bindings::git::{Merged, Resolution},
    interfaces::folder_locks::Work,
};

#[tokio::test]
async fn a_worktree_has_files_and_a_branch_of_its_own() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert!(!folder.starts_with(scene.person()));
    fs::write(folder.join("b.txt"), "B").unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    assert_eq!(run.branch().await.unwrap(), "story/1");
    let commit = run.commit("Add b\n\nFor good.".into(), Some("amelia".into())).await.unwrap().unwrap();
    assert_eq!(run.commit("Nothing".into(), None).await.unwrap(), None);
    assert!(run.status().await.unwrap().is_empty());
    let told = scene.git(&["log", "-1", "--format=%H|%an|%ae|%cn|%s|%(trailers:only,separator=%x2c)", "story/1"]);
    let id = Bench::run();
    assert_eq!(told, format!("{commit}|amelia|amelia@baton.invalid|Baton|Add b|Baton-Run: {id},Baton-Call: {id}:3"));
    assert_eq!(scene.git(&["status", "--porcelain"]), "");
    assert!(!scene.person().join("b.txt").exists());
    let events: Vec<_> = scene.bench.journal.events().into_iter().map(|event| event.name).collect();
    assert_eq!(events, ["worktree_added", "committed"]);
}

#[tokio::test]
async fn what_was_cut_off_is_not_done_twice() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let mut recorder = scene.cut_off();
    assert_eq!(scene.worktree(&mut recorder, "story/1").await, folder);

    fs::write(folder.join("b.txt"), "B").unwrap();
    let made = scene.at(&mut recorder, folder.clone()).commit("Add b".into(), None).await.unwrap();
    let mut recorder = scene.cut_off();
    scene.worktree(&mut recorder, "story/1").await;
    assert_eq!(scene.at(&mut recorder, folder.clone()).commit("Add b".into(), None).await.unwrap(), made);

    scene.git(&["branch", "other"]);
    scene.git(&["checkout", "-q", "other"]);
    scene.write("c.txt", "C");
    scene.person_commits("Add c");
    let merged = clean(scene.at(&mut recorder, folder.clone()).merge("other".into(), "Merge other".into(), Vec::new()).await.unwrap());
    // The branch was moved, and the files were not yet.
    fs::remove_file(folder.join("c.txt")).unwrap();
    let git_dir = folder.with_file_name("git");
    scene.git(&["--git-dir", git_dir.to_str().unwrap(), "--work-tree", folder.to_str().unwrap(), "read-tree", "HEAD^1"]);
    let mut recorder = scene.cut_off();
    scene.worktree(&mut recorder, "story/1").await;
    let mut run = scene.at(&mut recorder, folder.clone());
    run.commit("Add b".into(), None).await.unwrap();
    assert_eq!(clean(run.merge("other".into(), "Merge other".into(), Vec::new()).await.unwrap()), merged);
    assert_eq!(fs::read_to_string(folder.join("c.txt")).unwrap(), "C");
    assert!(run.status().await.unwrap().is_empty());
    assert_eq!(scene.git(&["rev-list", "--count", "story/1"]), "4");

    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    let mut recorder = scene.cut_off();
    scene.worktree_replayed(&mut recorder, &folder).await;
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
}

impl Scene {
    /// The calls before the last one of the test above, all from the journal.
    async fn worktree_replayed(&self, recorder: &mut Recorder, folder: &Path) {
        self.here(recorder).worktree_add("story/1".into(), "main".into()).await.unwrap();
        let mut run = self.at(recorder, folder.to_owned());
        run.commit("Add b".into(), None).await.unwrap();
        run.merge("other".into(), "Merge other".into(), Vec::new()).await.unwrap();
        run.status().await.unwrap();
    }
}

#[tokio::test]
async fn a_conflict_changes_nothing_until_it_is_resolved() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "-b", "theirs"]);
    scene.write("a.txt", "one\nTHEIRS\nthree\n");
    scene.write("gone.txt", "theirs");
    scene.person_commits("Theirs");
    scene.git(&["checkout", "-q", "main"]);
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("a.txt"), "one\nours\nthree\n").unwrap();
    fs::write(folder.join("gone.txt"), "ours").unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    assert!(
        matches!(refusal(run.merge("theirs".into(), "Merge".into(), Vec::new()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("not committed"))
    );
    let ours = run.commit("Ours".into(), None).await.unwrap().unwrap();

    let merged = run.merge("theirs".into(), "Merge".into(), vec![Resolution { path: "gone.txt".into(), content: None }]).await.unwrap();
    assert!(matches!(merged, Merged::Conflicts(paths) if paths == ["a.txt"]));
    assert_eq!(scene.git(&["rev-parse", "story/1"]), ours);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "one\nours\nthree\n");
    assert!(run.status().await.unwrap().is_empty());

    let resolved = vec![
        Resolution { path: "a.txt".into(), content: Some(b"both\n".to_vec()) },
        Resolution { path: "gone.txt".into(), content: None },
        Resolution { path: "left-aside.txt".into(), content: Some(b"x".to_vec()) },
    ];
    let commit = clean(run.merge("theirs".into(), "Merge theirs".into(), resolved).await.unwrap());
    assert_eq!(scene.git(&["log", "-1", "--format=%P", &commit]), format!("{ours} {}", scene.git(&["rev-parse", "theirs"])));
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "both\n");
    assert!(!folder.join("gone.txt").exists() && !folder.join("left-aside.txt").exists());
    assert!(run.status().await.unwrap().is_empty());
    // There is nothing more to merge.
    assert_eq!(clean(run.merge("theirs".into(), "Again".into(), Vec::new()).await.unwrap()), commit);
}

#[tokio::test]
async fn a_reset_takes_branch_and_files_back_or_forward() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("a.txt"), "changed").unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    run.commit("Change a".into(), None).await.unwrap();
    fs::write(folder.join("new.txt"), "new").unwrap();
    fs::write(folder.join("build.log"), "kept").unwrap();
    let begin = scene.git(&["rev-parse", "main"]);
    run.reset(begin.clone()).await.unwrap();
    assert_eq!((scene.git(&["rev-parse", "story/1"]), run.status().await.unwrap().len()), (begin, 0));
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert!(!folder.join("new.txt").exists() && folder.join("build.log").exists());
    scene.write("c.txt", "C");
    let ahead = scene.person_commits("Ahead");
    run.reset(ahead.clone()).await.unwrap();
    assert_eq!((scene.git(&["rev-parse", "story/1"]), fs::read_to_string(folder.join("c.txt")).unwrap()), (ahead, "C".to_owned()));
    fs::write(folder.join("a.txt"), "changed").unwrap();
    run.commit("Change a".into(), None).await.unwrap();
    scene.write("d.txt", "D");
    let aside = scene.person_commits("Aside");
    let refused = refusal(run.reset(aside).await);
    assert!(matches!(&refused, CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("does not follow")), "{refused:?}");
}

#[tokio::test]
async fn a_worktree_that_was_given_back_is_used_again_and_nothing_is_left_in_it() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("a.txt"), "changed").unwrap();
    fs::write(folder.join("build.log"), "ignored").unwrap();
    fs::create_dir_all(folder.join(".git/hooks")).unwrap();
    fs::create_dir_all(folder.join("inner")).unwrap();
    git_in(&folder.join("inner"), &["init", "-q"]);
    assert!(matches!(
        refusal(scene.at(&mut recorder, folder.clone()).worktree_remove("story/1".into()).await),
        CallError { kind: ErrorKind::Invalid, .. }
    ));
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    assert_eq!(scene.git(&["branch", "--list", "story/*"]), "", "it held nothing of its own");
    assert!(
        matches!(refusal(scene.at(&mut recorder, folder.clone()).branch().await), CallError { kind: ErrorKind::NotFound, text, .. } if text.contains("was released"))
    );

    scene.write("b.txt", "B");
    scene.person_commits("Add b");
    let given_back = folder;
    let folder = scene.worktree(&mut recorder, "story/2").await;
    assert_eq!(folder.parent(), given_back.parent());
    assert!(!given_back.exists(), "whoever still works there finds nothing");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [".gitignore", "a.txt", "b.txt"]);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(scene.at(&mut recorder, folder).branch().await.unwrap(), "story/2");
}

#[tokio::test]
async fn commits_that_are_nowhere_else_stay_on_their_branch() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("b.txt"), "B").unwrap();
    let commit = scene.at(&mut recorder, folder).commit("Add b".into(), None).await.unwrap().unwrap();
    scene.repositories.give_back(&Bench::run()).await.unwrap();
    assert_eq!(scene.git(&["rev-parse", "story/1"]), commit);
    assert_eq!(scene.repositories.owners().await.unwrap(), []);
    // The branch is in nobody's way, but it is not handed out again.
    let mut recorder = scene.bench.resumed_from(Vec::new());
    let mut run = scene.here(&mut recorder);
    assert!(
        matches!(refusal(run.worktree_add("story/1".into(), "main".into()).await), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("git branch -d"))
    );
    scene.git(&["merge", "-q", "story/1"]);
    run.worktree_add("story/2".into(), "main".into()).await.unwrap();
    scene.repositories.give_back(&Bench::run()).await.unwrap();
    assert_eq!(scene.git(&["branch", "--list", "story/*"]), "  story/1");
}

#[tokio::test]
async fn what_cannot_be_removed_from_a_worktree_is_put_aside() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let stuck = folder.join("stuck");
    fs::create_dir(&stuck).unwrap();
    // Nobody removes a folder in which something is mounted, not even whoever may do anything.
    let mounted = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&stuck).status().is_ok_and(|status| status.success());
    if !mounted {
        // Only root can mount.
        return;
    }
    fs::write(stuck.join("file"), "x").unwrap();
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    let again = scene.worktree(&mut recorder, "story/2").await;
    let left = again.with_extension("discarded").join("stuck");
    assert!(Command::new("umount").arg(&left).status().unwrap().success());
    assert!(!again.join("stuck").exists() && again.join("a.txt").exists());
    assert!(scene.at(&mut recorder, again).status().await.unwrap().is_empty());
    let again = scene.again(&mut recorder, "story/2", "story/3").await;
    assert!(!left.parent().unwrap().exists() && again.join("a.txt").exists(), "it goes as soon as it can");
}

#[tokio::test]
async fn what_a_killed_host_had_for_a_moment_is_swept_away_and_nothing_else() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    scene.here(&mut recorder).status().await.unwrap();
    let git = folder.with_file_name("git");
    let view = fs::read_dir(git.ancestors().nth(3).unwrap().join("views")).unwrap().next().unwrap().unwrap().path();
    let left = ["index.diff-ThreadId(7)", "index.diff-ThreadId(7).lock", "HEAD.new-ThreadId(7)", "info/exclude.new-ThreadId(7)"];
    let left: Vec<_> = [git.clone(), view].iter().flat_map(|of| left.map(|name| of.join(name))).collect();
    left.iter().for_each(|file| fs::write(file, "half").unwrap());
    // A file of a run's may be called anything, and so may a person's.
    let kept = [folder.join("a-ThreadId(7)"), scene.person().join(".git/logs/refs-ThreadId(7)")];
    kept.iter().for_each(|file| fs::write(file, "whole").unwrap());
    scene.repositories.sweep().await;
    assert_eq!(left.iter().filter(|file| file.exists()).collect::<Vec<_>>(), Vec::<&PathBuf>::new());
    assert!(kept.iter().all(|file| file.exists()));
    assert_eq!(scene.at(&mut recorder, folder).status().await.unwrap().len(), 1);
}

#[tokio::test]
async fn looking_leaves_the_lock_of_another_git_alone() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let lock = folder.with_file_name("git").join("index.lock");
    fs::write(&lock, "").unwrap();
    let _diff = scene.at(&mut recorder, folder).diff("main".into()).await.unwrap();
    assert!(lock.exists());
}

#[tokio::test]
async fn git_leaves_files_alone_while_a_command_may_change_them() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    let command = scene.folders.lock(&folder, Work::Command, &Bench::run()).await.unwrap();
    assert_eq!(scene.at(&mut recorder, folder.clone()).branch().await.unwrap(), "story/1", "no file is looked at");
    fs::write(folder.join("b.txt"), "B").unwrap();
    let seat = RunContext { project: "demo".to_owned(), workspace: folder.clone(), root: Bench::run(), pin: None };
    let root = Bench::run();
    let mut looks = Box::pin(scene.repositories.look_at_files(&seat, |checkout| checkout.status()));
    let mut gives_back = Box::pin(scene.repositories.give_back(&root));
    assert!(futures::poll!(&mut looks).is_pending() && futures::poll!(&mut gives_back).is_pending());
    // What waits for no command goes its way meanwhile.
    scene.repositories.look(&seat, |checkout| checkout.branch()).await.unwrap();
    assert!(futures::poll!(&mut looks).is_pending(), "git looks at no file");
    assert!(futures::poll!(&mut gives_back).is_pending(), "nor is the worktree released");
    drop((looks, gives_back));
    drop(command);
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
}

/// Filling goes by paths, so no command may be left that could replace a folder by a link meanwhile.
#[tokio::test]
async fn a_folder_is_used_again_only_once_no_command_may_run_in_it_and_by_another_name() {
    const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_millis(500);
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    // One whose end is not known, because its host was killed.
    let command = scene.folders.lock_for_running(&folder, &Bench::run());
    {
        let mut run = scene.here(&mut recorder);
        let mut removes = Box::pin(run.worktree_remove("story/1".into()));
        assert!(tokio::time::timeout(LONG_ENOUGH, &mut removes).await.is_err() && folder.exists(), "it is released beside a command");
        drop(command);
        removes.await.unwrap();
    }
    let next = scene.worktree(&mut recorder, "story/2").await;
    assert!(next != folder && next.join("a.txt").exists() && !folder.exists());
}

#[tokio::test]
async fn a_huge_file_is_left_out() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    for (name, size) in [("huge*.bin", (1 << 30) + 1), ("a.txt", 5 << 30), ("huge-b.bin", 3)] {
        fs::File::create(folder.join(name)).unwrap().set_len(size).unwrap();
    }
    let mut run = scene.at(&mut recorder, folder.clone());
    let paths: Vec<_> = run.status().await.unwrap().into_iter().map(|change| change.path).collect();
    assert_eq!(paths, ["huge-b.bin"]);
    run.commit("Add".into(), None).await.unwrap().unwrap();
    assert_eq!(scene.git(&["diff", "--name-only", "main", "story/1"]), "huge-b.bin");
    let told = scene.bench.journal.events().into_iter().find(|event| event.name == "left_out").unwrap();
    assert_eq!(told.data["paths"], serde_json::json!(["huge*.bin", "a.txt"]));
    assert!(run.status().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_was_written_again_as_it_was_does_not_stop_a_merge() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    scene.write("a.txt", "one\ntwo\nthree\nfour\n");
    scene.person_commits("Four");
    fs::write(folder.join("b.txt"), "ours\n").unwrap();
    let mut run = scene.at(&mut recorder, folder.clone());
    run.commit("Ours".into(), None).await.unwrap();
    // Another time, as a formatter or a container leaves it.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    fs::File::options().write(true).open(folder.join("a.txt")).unwrap().set_modified(later).unwrap();
    clean(run.merge("main".into(), "Merge".into(), Vec::new()).await.unwrap());
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "one\ntwo\nthree\nfour\n");
}

#[tokio::test]
async fn a_branch_that_a_run_left_is_continued_and_goes_once_it_is_merged() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let left = scene.worktree(&mut recorder, "story/1").await;
    fs::write(left.join("b.txt"), "B").unwrap();
    scene.at(&mut recorder, left).commit("Add b".into(), None).await.unwrap().unwrap();
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    let go_on = async |recorder: &mut Recorder| scene.here(recorder).worktree_add("story/1".into(), "story/1".into()).await;
    assert_eq!(go_on(&mut recorder).await.unwrap(), "story/1");
    let again = scene.folder("story/1").await;
    assert_eq!(fs::read_to_string(again.join("b.txt")).unwrap(), "B", "what was written is there");
    assert!(matches!(refusal(go_on(&mut recorder).await), CallError { kind: ErrorKind::Conflict, .. }), "one run at a time");
    fs::write(again.join("c.txt"), "C").unwrap();
    scene.at(&mut recorder, again).commit("Add c".into(), None).await.unwrap().unwrap();
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    assert_eq!(scene.git(&["rev-list", "--count", "story/1"]), "3", "it is kept, for it is nowhere else");
    scene.git(&["checkout", "-q", "story/1"]);
    assert!(matches!(refusal(go_on(&mut recorder).await), CallError { kind: ErrorKind::Conflict, .. }), "a person works on it");
    scene.git(&["checkout", "-q", "main"]);
    scene.git(&["merge", "-q", "story/1"]);
    go_on(&mut recorder).await.unwrap();
    scene.here(&mut recorder).worktree_remove("story/1".into()).await.unwrap();
    assert_eq!(scene.git(&["branch", "--list"]), "* main");
}

#[tokio::test]
async fn a_branch_of_a_persons_own_is_not_continued() {
    let scene = Scene::new();
    scene.git(&["branch", "story/1"]);
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    for branch in ["story/1", "main", "none"] {
        let refused = refusal(run.worktree_add(branch.into(), branch.into()).await);
        assert!(matches!(&refused, CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("not made by")), "{refused:?}");
    }
}

use super::*;
use crate::bindings::git::ChangeKind;

#[tokio::test]
async fn a_checkout_tells_its_branch_its_changes_and_its_history() {
    let scene = Scene::new();
    let first = scene.git(&["rev-parse", "HEAD"]);
    scene.write("b/c.txt", "new");
    scene.write("x.log", "ignored");
    scene.write("mine/x", "ignored here alone");
    fs::write(scene.person().join(".git/info/exclude"), "/mine/\n").unwrap();
    scene.write(".baton/data/baton.db", "the host's");
    scene.write("a.txt", "one\n2\nthree\n");
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    assert_eq!(run.branch().await.unwrap(), "main");
    let status = run.status().await.unwrap();
    let status: Vec<_> = status.iter().map(|change| (change.path.as_str(), change.kind)).collect();
    assert_eq!(status, [("a.txt", ChangeKind::Modified), ("b/c.txt", ChangeKind::Added)]);
    let log = run.log(None, 10).await.unwrap();
    assert_eq!((log.len(), &log[0].id, log[0].summary.as_str(), log[0].author.as_str()), (1, &first, "Begin", "Pat"));
    assert!(log[0].at_ms > 1_600_000_000_000.0);
    let diff = run.diff("main".into()).await.unwrap();
    assert!(diff.contains("-two\n+2\n") && diff.contains("+++ b/b/c.txt\n@@ -0,0 +1 @@\n+new"), "{diff}");
    assert!(!diff.contains("x.log"), "{diff}");
    assert_eq!(run.read("main".into(), "a.txt".into()).await.unwrap(), b"one\ntwo\nthree\n");
    assert_eq!(run.read(first.clone(), ".gitignore".into()).await.unwrap(), b"*.log\n");
    assert_eq!(run.merge_base("main".into(), first.clone()).await.unwrap(), first);
    assert_eq!(scene.git(&["status", "--porcelain"]), " M a.txt\n?? .baton/\n?? b/", "looking changes nothing");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let scene = Scene::new();
    scene.write("d/e.txt", "E");
    scene.person_commits("More");
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    assert!(matches!(refusal(run.read("main".into(), "none".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert!(
        matches!(refusal(run.read("main".into(), "d".into()).await), CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("folder"))
    );
    assert!(matches!(refusal(run.log(Some("none".into()), 1).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert!(matches!(refusal(run.log(Some("0".repeat(40)), 1).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert!(matches!(refusal(run.log(None, 0).await), CallError { kind: ErrorKind::Invalid, .. }));
    scene.git(&["checkout", "-q", "--orphan", "other"]);
    scene.person_commits("Alone");
    assert!(
        matches!(refusal(run.merge_base("main".into(), "other".into()).await), CallError { kind: ErrorKind::NotFound, text, .. } if text.contains("share no"))
    );
}

#[tokio::test]
async fn names_that_git_could_take_for_something_else_do_not_reach_it() {
    let scene = Scene::new();
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    for name in [
        "",
        "-f",
        "--output=x",
        "a..b",
        "a b",
        "a/",
        "/a",
        "a//b",
        "a.lock",
        "HEAD",
        "@",
        "a@{1}",
        "a\nb",
        "a~1",
        "a^",
        ":a",
        "a:b",
        ".a",
        "a/.b",
    ] {
        assert!(matches!(refusal(run.log(Some(name.into()), 1).await), CallError { kind: ErrorKind::Invalid, .. }), "{name:?}");
        assert!(
            matches!(refusal(run.worktree_add(name.into(), "main".into()).await), CallError { kind: ErrorKind::Invalid, .. }),
            "{name:?}"
        );
    }
    for path in ["", "/etc/passwd", "../x", "a/../b", "./a", ".git/config", "a/.GIT/x", "a\0b", "a\nb"] {
        assert!(matches!(refusal(run.read("main".into(), path.into()).await), CallError { kind: ErrorKind::Invalid, .. }), "{path:?}");
    }
    assert!(scene.bench.journal.history().is_empty());
}

#[tokio::test]
async fn a_huge_file_leaves_the_diff_readable() {
    let scene = Scene::new();
    scene.write("huge.bin", &"\0\u{1}".repeat(10 << 20));
    scene.write("lines.txt", &"a line\n".repeat(400_000));
    scene.write("z", "behind the huge one");
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    let diff = run.diff("main".into()).await.unwrap();
    assert!(diff.len() <= 1 << 20 && diff.contains("Binary files /dev/null and b/huge.bin differ"), "{} bytes", diff.len());
    let rest = "+a line\n(The rest of the diff is left out: it is longer than 1 MiB. All files that differ:)\nhuge.bin\nlines.txt\nz\n";
    assert!(diff.ends_with(rest), "{}", &diff[diff.len() - 200..]);
    scene.person_commits("Huge");
    assert!(
        matches!(refusal(run.read("main".into(), "huge.bin".into()).await), CallError { kind: ErrorKind::Invalid, text, .. } if text.contains("5 MiB"))
    );
}

#[tokio::test]
async fn no_file_says_of_itself_that_it_is_not_to_be_shown() {
    let scene = Scene::new();
    scene.write(".gitattributes", "* -diff -text\n*.txt binary\n");
    scene.write("a.txt", "one\nhidden\nthree\n");
    scene.write("größe 2.txt", "unusual\n");
    scene.write("real.bin", "a\0b");
    let mut recorder = scene.bench.recorder();
    let diff = scene.here(&mut recorder).diff("main".into()).await.unwrap();
    for expected in ["+hidden\n", "+++ b/größe 2.txt\t\n", "+unusual\n", "Binary files /dev/null and b/real.bin differ"] {
        assert!(diff.contains(expected), "{expected}: {diff}");
    }
}

#[tokio::test]
async fn what_interpreters_leave_is_no_change_unless_it_was_committed() {
    let scene = Scene::new();
    scene.write("old/__pycache__/kept.pyc", "committed");
    scene.git(&["add", "-f", "old"]);
    scene.person_commits("Caches");
    scene.write("old/__pycache__/kept.pyc", "changed");
    scene.write("src/__pycache__/a.cpython-311.pyc", "left");
    scene.write("src/a.py", "new");
    let mut recorder = scene.bench.recorder();
    let changed: Vec<_> = scene.here(&mut recorder).status().await.unwrap().into_iter().map(|change| change.path).collect();
    assert_eq!(changed, ["old/__pycache__/kept.pyc", "src/a.py"]);
}

#[tokio::test]
async fn a_grant_is_for_one_use() {
    let scene = Scene::new();
    scene.bench.authority.deny(GIT.word, "worktree");
    scene.bench.authority.deny(BRANCHES.word, "main");
    let mut recorder = scene.bench.recorder();
    let mut run = scene.here(&mut recorder);
    assert!(matches!(refusal(run.worktree_add("story/1".into(), "main".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(run.advance("main".into(), "main".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(run.push("main".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(run.branch().await.is_ok());
    assert!(scene.register.0.lock().unwrap().is_empty());
}

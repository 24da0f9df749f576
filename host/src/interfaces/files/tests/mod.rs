use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{path::RelativePath, *};
use crate::{
    bindings::{
        Fault,
        files::{Host, Kind},
    },
    interfaces::used_by_git::NoGit,
    journal::{CallError, ErrorKind, testing::Bench},
};

/// A run with a workspace `w` beside things that are none of its business.
struct Scene {
    bench: Bench,
    outside: TempDir,
    workspace: Arc<Workspace>,
}

impl Scene {
    fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir(outside.path().join("w")).unwrap();
        fs::write(outside.path().join("secret"), "s3cret").unwrap();
        let workspace = Arc::new(Workspace::open(&outside.path().join("w")).unwrap());
        Self { bench: Bench::new(), outside, workspace }
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.outside.path().join("w").join(path)
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
    }

    /// A new execution of the run.
    fn recorder(&self) -> Recorder {
        self.bench.recorder()
    }
}

/// An execution that knows nothing of earlier calls.
macro_rules! view {
    ($scene:ident) => {
        View { recorder: &mut $scene.bench.resumed_from(Vec::new()), workspace: &$scene.workspace }
    };
}

mod guarding;

fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> CallError {
    match result {
        Err(Fault::Answer(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}

fn invalid<T: std::fmt::Debug>(result: Result<T, Fault>, part: &str) {
    let error = refusal(result);
    assert!(matches!(error, CallError { kind: ErrorKind::Invalid, .. }) && error.to_string().contains(part), "{error:?} lacks `{part}`");
}

fn paths(entries: Vec<crate::bindings::files::Entry>) -> Vec<String> {
    entries.into_iter().map(|entry| entry.path).collect()
}

#[tokio::test]
async fn what_is_written_is_read() {
    let scene = Scene::new();
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    for content in [&b"text"[..], b"", b"\xff\x00binary", "größe".as_bytes()] {
        view.write("./deep//er/a.md".into(), content.to_vec()).await.unwrap();
        assert_eq!(view.read("deep/er/a.md".into()).await.unwrap(), content);
    }
    let requests: Vec<_> = scene.bench.journal.history().into_iter().map(|entry| entry.request).collect();
    assert!(requests[0].contains(r#"{"text":"text"}"#), "{}", requests[0]);
    assert!(requests[4].contains(r#"{"base64":"/wBiaW5hcnk="}"#), "{}", requests[4]);
    let left: Vec<_> = fs::read_dir(scene.at("deep/er")).unwrap().collect();
    assert_eq!(left.len(), 1, "a temporary file was left behind");
}

#[tokio::test]
async fn what_the_host_keeps_inside_is_out_of_reach() {
    let mut scene = Scene::new();
    let home = scene.outside.path().to_owned();
    scene.put(".local/share/baton/baton.db", "rows");
    scene.put(".config/baton/other.toml", "");
    scene.put(".local/share/batons/note", "seen");
    let own = [scene.at(".local/share/baton"), scene.at(".config/baton/baton.toml"), home.join("secret")];
    scene.workspace = Arc::new(Workspace::open_guarded(&home.join("w"), &own, Arc::new(NoGit)).unwrap());

    for path in [".local/share/baton/baton.db", ".local/share/BATON/baton.db", ".config/baton/baton.toml", ".local/share/baton"] {
        invalid(view!(scene).read(path.into()).await, "Baton keeps its own");
        invalid(view!(scene).write(path.into(), b"mine".to_vec()).await, "Baton keeps its own");
        invalid(view!(scene).remove(path.into()).await, "Baton keeps its own");
    }
    assert_eq!(fs::read_to_string(scene.at(".local/share/baton/baton.db")).unwrap(), "rows");
    assert_eq!(paths(view!(scene).find("**/*.{toml,db}".into()).await.unwrap()), [".config/baton/other.toml"]);
    assert!(view!(scene).search("rows".into(), None, 10, 0).await.unwrap().is_empty());
    assert_eq!(view!(scene).read(".local/share/batons/note".into()).await.unwrap(), b"seen");

    let root = Workspace::open_guarded(&scene.at(".local/share/baton"), &own, Arc::new(NoGit));
    assert!(root.unwrap_err().to_string().contains("work in a folder of a project"));
}

#[tokio::test]
async fn no_folder_becomes_a_repository_by_what_is_written() {
    for folder in ["", "sub/deep/"] {
        let scene = Scene::new();
        let write = async |path: &str| view!(scene).write(format!("{folder}{path}"), b"x".to_vec()).await;
        for path in ["config", "objects/x", "hooks/post-checkout", "refs/x"] {
            write(path).await.unwrap();
        }
        for path in ["HEAD", "head", "Head/x", "HEAD:x"] {
            invalid(write(path).await, &format!("`{folder}{path}` would make its folder a git repository"));
        }
        view!(scene).remove(format!("{folder}refs/x")).await.unwrap();
        fs::remove_dir(scene.at(&format!("{folder}refs"))).unwrap();
        write("HEAD").await.unwrap();
        for path in ["Refs/heads/x", "refs", "commondir"] {
            invalid(write(path).await, "would make its folder a git repository");
        }
        assert!(!scene.at(&format!("{folder}Refs")).exists() && !scene.at(&format!("{folder}commondir")).exists());
        write("HEAD").await.unwrap();
    }
}

#[tokio::test]
async fn what_git_executes_in_a_repository_of_a_persons_is_not_written() {
    let scene = Scene::new();
    for path in ["fixture.git/HEAD", "fixture.git/objects/x", "fixture.git/refs/x", "fixture.git/config"] {
        scene.put(path, "theirs");
    }
    for path in ["linked/HEAD", "linked/commondir"] {
        scene.put(path, "theirs");
    }
    for path in ["fixture.git/config", "fixture.git/CONFIG", "fixture.git/config.worktree", "fixture.git/hooks/a/b", "linked/commondir"] {
        invalid(view!(scene).write(path.into(), b"mine".to_vec()).await, "belongs to the settings of a git repository");
    }
    invalid(view!(scene).write("fixture.git/commondir".into(), b"mine".to_vec()).await, "belongs to the settings");
    for path in ["fixture.git/HEAD", "fixture.git/description", "fixture.git/sub/config", "hooks/a", "config"] {
        view!(scene).write(path.into(), b"mine".to_vec()).await.unwrap();
    }
    assert_eq!(fs::read_to_string(scene.at("fixture.git/config")).unwrap(), "theirs");
}

#[test]
fn two_writes_at_the_same_time_make_no_repository_together() {
    for _ in 0..20 {
        let scene = Scene::new();
        scene.put("objects/x", "");
        std::thread::scope(|scope| {
            for path in ["HEAD", "refs/x"] {
                let workspace = &scene.workspace;
                let attempt = crate::journal::Attempt { seq: 1, key: path.to_owned(), again: false, asked_at: 0 };
                scope.spawn(move || workspace.write(&RelativePath::parse(path).unwrap(), b"", &attempt));
            }
        });
        assert!(!(scene.at("HEAD").exists() && scene.at("refs").exists()));
    }
}

#[test]
fn names_that_mean_something_else_are_refused() {
    let long = format!("{}/a", "x".repeat(256));
    let longer = "x/".repeat(2049);
    let bad = [
        "",
        ".",
        "./",
        "/",
        "/etc/passwd",
        "..",
        "a/../b",
        "../secret",
        "a\\b",
        "..\\secret",
        "C:/x",
        "c:x",
        "a\0b",
        "a\nb",
        "a\u{1b}[2J",
        "a\u{85}",
        ".git",
        ".git/config",
        "sub/.GIT/config",
        ".baton/keys",
        ".git\u{200c}/config",
        ".git ",
        "a/.git./config",
        "git~1/config",
        ".git::$INDEX_ALLOCATION/config",
        "a/.git:x",
        ".baton:x",
        &long,
        &longer,
    ];
    for text in bad {
        let error = RelativePath::parse(text).unwrap_err();
        assert!(matches!(error, CallError { kind: ErrorKind::Invalid, .. }) && !error.to_string().contains('\u{1b}'), "{text:?}: {error}");
    }
}

#[test]
fn plain_names_have_one_form() {
    for (text, plain) in [
        ("a", "a"),
        ("./a/./b/", "a/b"),
        ("a//b", "a/b"),
        (".gitignore", ".gitignore"),
        ("...", "..."),
        ("a..b", "a..b"),
        ("ｅ/é", "ｅ/é"),
        ("∕etc", "∕etc"),
    ] {
        assert_eq!(RelativePath::parse(text).unwrap().as_str(), plain);
    }
    // Two ways to write one letter are two names, to a grant and to the disk alike.
    assert_ne!(RelativePath::parse("caf\u{e9}").unwrap(), RelativePath::parse("cafe\u{301}").unwrap());
}

#[tokio::test]
async fn no_link_is_followed() {
    let scene = Scene::new();
    scene.put("src/a.rs", "inside");
    symlink("src/a.rs", scene.at("within")).unwrap();
    symlink("../secret", scene.at("out")).unwrap();
    symlink("..", scene.at("up")).unwrap();
    symlink("/etc", scene.at("etc")).unwrap();
    symlink("nowhere", scene.at("dangling")).unwrap();
    symlink("loop", scene.at("loop")).unwrap();
    symlink(".git", scene.at("git")).unwrap();
    scene.put(".git/config", "token");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };

    invalid(view.read("within".into()).await, "src/a.rs");
    for path in ["out", "up/secret", "etc/passwd"] {
        invalid(view.read(path.into()).await, "out of the workspace");
    }
    for path in ["dangling", "loop"] {
        assert!(matches!(refusal(view.read(path.into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    }
    refusal(view.read("git/config".into()).await);
    refusal(view.write("git/config".into(), b"x".to_vec()).await);
    invalid(view.write("up/planted".into(), b"x".to_vec()).await, "out of the workspace");
    refusal(view.remove("up/secret".into()).await);
    assert!(!scene.outside.path().join("planted").exists());
    assert_eq!(fs::read_to_string(scene.outside.path().join("secret")).unwrap(), "s3cret");
    assert_eq!(fs::read_to_string(scene.at(".git/config")).unwrap(), "token");

    let found = view.find("**".into()).await.unwrap();
    assert!(found.iter().any(|entry| entry.path == "up" && entry.kind == Kind::Symlink));
    assert!(!found.iter().any(|entry| entry.path.starts_with("up/") || entry.path.starts_with("etc/") || entry.path.starts_with(".git")));
    assert!(view.search("s3cret|root:|token".into(), None, 10, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn writing_and_removing_concern_the_link_itself() {
    let scene = Scene::new();
    symlink("../secret", scene.at("out")).unwrap();
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    view.write("out".into(), b"mine".to_vec()).await.unwrap();
    assert_eq!(fs::read_to_string(scene.at("out")).unwrap(), "mine");
    assert!(!scene.at("out").is_symlink());
    fs::remove_file(scene.at("out")).unwrap();
    symlink("../secret", scene.at("out")).unwrap();
    view.remove("out".into()).await.unwrap();
    assert_eq!(fs::read_to_string(scene.outside.path().join("secret")).unwrap(), "s3cret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_swapped_for_a_link_leads_nowhere() {
    let scene = Scene::new();
    scene.put("d/secret", "inside");
    scene.put("other/secret", "s3cret");
    scene.bench.authority.deny(READ.word, "other");
    let (dir, aside) = (scene.at("d"), scene.at("aside"));
    let swapper = std::thread::spawn(move || {
        // Any step may find that the other side was quicker; the next round sets it right.
        for _ in 0..5000 {
            let _ = fs::rename(&dir, &aside);
            let _ = symlink("other", &dir);
            let _ = fs::remove_dir_all(&dir);
            let _ = fs::rename(&aside, &dir);
        }
    });
    while !swapper.is_finished() {
        let (read, search) = (view!(scene).read("d/secret".into()).await, view!(scene).search("s3cret".into(), None, 9, 0).await.unwrap());
        assert!(read.is_err() || read.is_ok_and(|content| content == b"inside"));
        assert!(search.is_empty());
        let _ = view!(scene).write("d/planted".into(), b"x".to_vec()).await;
    }
    swapper.join().unwrap();
    assert!(!scene.at("other/planted").exists());
}

#[tokio::test]
async fn what_is_no_regular_file_is_refused_without_waiting() {
    let scene = Scene::new();
    assert!(Command::new("mkfifo").arg(scene.at("pipe")).status().unwrap().success());
    // A pipe as a list of ignored files must not hang the walk either.
    assert!(Command::new("mkfifo").arg(scene.at(".gitignore")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(scene.at("socket")).unwrap();
    scene.put("dir/a", "x");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    invalid(view.read("pipe".into()).await, "not a regular file");
    invalid(view.read("socket".into()).await, "not a regular file");
    invalid(view.read("dir".into()).await, "directory");
    invalid(view.write("dir".into(), vec![]).await, "directory");
    invalid(view.write("dir/a/b".into(), vec![]).await, "needs a directory");
    invalid(view.remove("dir".into()).await, "not empty");
    assert!(matches!(refusal(view.read("none".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert!(matches!(refusal(view.remove("none".into()).await), CallError { kind: ErrorKind::NotFound, .. }));
    assert_eq!(paths(view.find("**".into()).await.unwrap()), ["dir", "dir/a"]);
}

#[tokio::test]
async fn a_huge_file_is_not_read() {
    let scene = Scene::new();
    fs::File::create(scene.at("huge")).unwrap().set_len(1 << 40).unwrap();
    invalid(view!(scene).read("huge".into()).await, "5 MiB");
    assert!(view!(scene).search("x".into(), None, 10, 0).await.unwrap().is_empty());
}

#[test]
fn a_file_the_host_may_not_read_is_the_operators_matter() {
    let error = workspace::explained(&RelativePath::parse("a").unwrap(), io::ErrorKind::PermissionDenied);
    assert!(matches!(&error, CallError { kind: ErrorKind::Other, text, .. } if text.contains("permissions")), "{error}");
}

#[tokio::test]
async fn a_file_keeps_its_mode() {
    let scene = Scene::new();
    scene.put("run.sh", "old");
    fs::set_permissions(scene.at("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    view.write("run.sh".into(), b"new".to_vec()).await.unwrap();
    view.write("fresh".into(), b"new".to_vec()).await.unwrap();
    let mode = |path| fs::metadata(scene.at(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("run.sh"), mode("fresh")), (0o750, 0o644));
}

#[tokio::test]
async fn listing_leaves_out_what_is_ignored_hidden_or_not_granted() {
    let scene = Scene::new();
    for path in [
        "docs/a.md",
        "docs/deep/b.md",
        "docs/deep/c.txt",
        "docs-x.md",
        "build/out.md",
        "docs/deep/tmp.md",
        "keep/build/x.md",
        "secret/k.md",
        ".git/x.md",
        ".baton/x.md",
    ] {
        scene.put(path, "12345");
    }
    scene.put(".gitignore", "/build\ntmp.*\n*.log\n");
    scene.put(".ignore", "*.bak\n");
    scene.put("docs/.gitignore", "!keep.log\n");
    for path in ["docs/keep.log", "docs/other.log", "docs/x.bak"] {
        scene.put(path, "");
    }
    scene.bench.authority.deny(READ.word, "secret");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    assert_eq!(paths(view.find("**/*.md".into()).await.unwrap()), ["docs-x.md", "docs/a.md", "docs/deep/b.md", "keep/build/x.md"]);
    assert_eq!(paths(view.find("./docs/*".into()).await.unwrap()), ["docs/.gitignore", "docs/a.md", "docs/deep", "docs/keep.log"]);
    assert_eq!(paths(view.find("docs/{a,b}.md".into()).await.unwrap()), ["docs/a.md"]);
    assert_eq!(paths(view.find("docs/deep/c.txt".into()).await.unwrap()), ["docs/deep/c.txt"]);
    assert_eq!(view.find("docs/a.md".into()).await.unwrap()[0].size_bytes as u64, 5);
    for bad in ["", "[", "/etc/*", "../*", "a\\*", "a\0"] {
        invalid(view.find(bad.into()).await, "glob");
    }
}

#[tokio::test]
async fn too_many_matches_ask_for_a_narrower_glob() {
    let scene = Scene::new();
    for number in 0..=10_000 {
        fs::write(scene.at(&format!("{number}.x")), "").unwrap();
    }
    invalid(view!(scene).find("*.x".into()).await, "narrow");
    assert_eq!(view!(scene).find("1*.x".into()).await.map(|found| found.len()).unwrap_or(0), 1112);
}

#[tokio::test]
async fn a_search_finds_lines_in_order_and_within_bounds() {
    let scene = Scene::new();
    scene.put("b.txt", "one\ntwo needle\r\nthree\nneedle four");
    scene.put("a/a.md", format!("needle {}", "ü".repeat(3000)));
    scene.put("bin", b"needle\0needle");
    scene.put("secret/x", "needle");
    scene.put("latin1", b"needle \xe9");
    scene.bench.authority.deny(READ.word, "secret");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    let found = view.search("needle".into(), None, 100, 0).await.unwrap();
    let places: Vec<_> = found.iter().map(|found| (found.path.as_str(), found.line)).collect();
    assert_eq!(places, [("a/a.md", 1), ("b.txt", 2), ("b.txt", 4), ("latin1", 1)]);
    assert_eq!((found[0].text.chars().count(), found[1].text.as_str()), (1000, "two needle"));
    assert_eq!(view.search("needle".into(), Some("*.txt".into()), 1, 0).await.unwrap().len(), 1);
    assert!(view.search("needle".into(), None, 0, 0).await.unwrap().is_empty());
    scene.put("many", "needle\n".repeat(3000));
    assert_eq!(view.search("needle".into(), Some("many".into()), u32::MAX, 0).await.unwrap().len(), 1000);
    for bad in ["(", "a{1000}{1000}", &"x".repeat(5000)] {
        invalid(view.search(bad.into(), None, 1, 0).await, "regular expression");
    }
}

#[tokio::test]
async fn a_search_gives_the_lines_around_within_bounds() {
    let scene = Scene::new();
    scene.put("a", "one\ntwo\r\nneedle\nfour");
    scene.put("long", format!("{}\n", "x".repeat(5000)).repeat(700) + "hay\n");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    let found = view.search("needle".into(), None, 100, 2).await.unwrap();
    assert_eq!((found[0].before.clone(), found[0].after.clone()), (vec!["one".to_owned(), "two".to_owned()], vec!["four".to_owned()]));
    let found = view.search("x|hay".into(), Some("long".into()), 1000, 20).await.unwrap();
    let kept: usize = found.iter().flat_map(|found| found.before.iter().chain(&found.after)).map(String::len).sum();
    assert!(found.len() == 701 && kept <= 1 << 20, "{kept}");
    invalid(view.search("x".into(), None, 1, 21).await, "ask for 0 to 20");
    let request = |call: usize| scene.bench.journal.history()[call].request.clone();
    assert!(request(0).contains("\"context\":2"), "{}", request(0));
}

#[tokio::test]
async fn lines_are_read_and_the_journal_keeps_no_more() {
    let scene = Scene::new();
    scene.put("big", (1..=100_000).map(|line| format!("line {line}\n")).collect::<String>());
    scene.put("bin", b"one\0two");
    scene.put("latin1", b"one \xe9");
    scene.bench.authority.deny(READ.word, "secret");
    scene.put("secret", "s");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    let read = view.read_lines("./big".into(), 99_999, 500, 24 << 10).await.unwrap();
    let lines: Vec<_> = read.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!((read.first, read.total_lines, lines), (99_999, 100_000, vec!["line 99999", "line 100000"]));
    let some = view.read_lines("big".into(), 1, u32::MAX, u32::MAX).await.unwrap();
    assert!(some.lines.iter().map(|line| line.text.len() + 1).sum::<usize>() <= 1 << 20);
    assert_eq!(view.read_lines("big".into(), u32::MAX, 1, 1).await.unwrap().lines.len(), 0);
    invalid(view.read_lines("big".into(), 0, 1, 1).await, "counted from 1");
    invalid(view.read_lines("bin".into(), 1, 1, 1).await, "binary file of 7 bytes");
    invalid(view.read_lines("latin1".into(), 1, 1, 1).await, "not UTF-8");
    invalid(view.read_lines("../big".into(), 1, 1, 1).await, "not a path");
    assert!(matches!(view.read_lines("secret".into(), 1, 1, 1).await, Err(Fault::Answer(CallError { kind: ErrorKind::Denied, .. }))));
    assert!(scene.bench.journal.history()[0].answer.as_ref().unwrap().len() < 200);
}

#[tokio::test]
async fn a_path_without_a_grant_is_not_touched() {
    let scene = Scene::new();
    scene.put("secret/x", "old");
    scene.bench.authority.deny(READ.word, "secret");
    scene.bench.authority.deny(WRITE.word, "secret");
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    for path in ["secret/x", "./secret//x", "secret/./x"] {
        assert!(matches!(refusal(view.read(path.into()).await), CallError { kind: ErrorKind::Denied, .. }), "{path}");
    }
    assert!(matches!(refusal(view.write("secret/x".into(), b"new".to_vec()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert!(matches!(refusal(view.remove("secret/x".into()).await), CallError { kind: ErrorKind::Denied, .. }));
    assert_eq!(fs::read_to_string(scene.at("secret/x")).unwrap(), "old");
}

async fn work(scene: &Scene) -> (Vec<u8>, CallError, Vec<String>, usize) {
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    let content = view.read("a".into()).await.unwrap();
    let missing = refusal(view.read("none".into()).await);
    view.write("b".into(), b"written".to_vec()).await.unwrap();
    view.remove("c".into()).await.unwrap();
    let found = paths(view.find("*".into()).await.unwrap());
    (content, missing, found, view.search("x".into(), None, 10, 0).await.unwrap().len())
}

#[tokio::test]
async fn a_replay_gives_the_same_answers_and_touches_nothing() {
    let scene = Scene::new();
    scene.put("a", "x");
    scene.put("c", "x");
    let first = work(&scene).await;
    let written = scene.bench.journal.written().len();
    for (path, content) in [("a", "changed"), ("b", "changed"), ("c", "back"), ("none", "there")] {
        scene.put(path, content);
    }
    assert_eq!(work(&scene).await, first);
    assert_eq!(fs::read_to_string(scene.at("b")).unwrap(), "changed");
    assert_eq!(fs::read_to_string(scene.at("c")).unwrap(), "back");
    assert_eq!(scene.bench.journal.written().len(), written);
}

#[tokio::test]
async fn a_change_that_was_cut_off_is_made_again() {
    let scene = Scene::new();
    scene.put("c", "x");
    change(&scene).await;
    // The first try came as far as the temporary file, and the removal was done.
    let key = scene.bench.journal.history()[0].key();
    scene.put(&format!(".baton-write-{}", &blake3::hash(key.as_bytes()).to_hex()[..16]), "half");
    let intents: Vec<_> =
        scene.bench.journal.written().into_iter().map(|written| written.entry).filter(|entry| entry.answer.is_none()).collect();
    let mut recorder = scene.bench.resumed_from(intents);
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    view.write("b".into(), b"whole".to_vec()).await.unwrap();
    view.remove("c".into()).await.unwrap();
    assert_eq!(fs::read_to_string(scene.at("b")).unwrap(), "whole");
    assert_eq!(fs::read_dir(scene.at("")).unwrap().count(), 1);
}

async fn change(scene: &Scene) {
    let mut recorder = scene.recorder();
    let mut view = View { recorder: &mut recorder, workspace: &scene.workspace };
    view.write("b".into(), b"whole".to_vec()).await.unwrap();
    view.remove("c".into()).await.unwrap();
}

#[tokio::test]
async fn what_root_writes_in_a_folder_of_another_user_belongs_to_that_user() {
    use std::os::unix::fs::MetadataExt;

    let scene = Scene::new();
    let give = |path: &str, owner: u32| std::os::unix::fs::chown(scene.at(path), Some(owner), Some(owner));
    scene.put("theirs", "x");
    if give("", 65_534).and_then(|()| give("theirs", 65_533)).is_err() {
        // Only root may give a folder away, and nobody else has this to see to.
        return;
    }
    let mut run = view!(scene);
    for path in ["new/folder/file", "file", "theirs"] {
        run.write(path.to_owned(), b"y".to_vec()).await.unwrap();
    }
    let owner = |path: &str| fs::metadata(scene.at(path)).map(|found| (found.uid(), found.gid())).unwrap();
    for (path, user) in [("new", 65_534), ("new/folder", 65_534), ("new/folder/file", 65_534), ("file", 65_534), ("theirs", 65_533)] {
        assert_eq!(owner(path), (user, user), "{path}");
    }
}

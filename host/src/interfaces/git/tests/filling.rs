//! The files of worktrees are those that git itself would check out, whatever lay in the folder before.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use proptest::prelude::*;

use super::*;

/// What lies in a folder: for each path, what kind of thing it is and its content.
fn contents(folder: &Path) -> Vec<(PathBuf, String, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap().map(Result::unwrap).filter(|entry| next != folder || entry.file_name() != ".git") {
            let (path, metadata) = (entry.path(), entry.path().symlink_metadata().unwrap());
            let (kind, content) = if metadata.is_dir() {
                folders.push(path.clone());
                ("folder".to_owned(), Vec::new())
            } else if metadata.is_symlink() {
                ("link".to_owned(), fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes())
            } else {
                (format!("{:o}", metadata.permissions().mode()), fs::read(&path).unwrap())
            };
            found.push((path.strip_prefix(folder).unwrap().to_owned(), kind, content));
        }
    }
    found.sort();
    found
}

impl Scene {
    /// The folder of a worktree by git itself.
    fn by_git(&self, commit: &str) -> PathBuf {
        let folder = self.home.path().join(format!("by-git-{commit}"));
        if folder.exists() {
            return folder;
        }
        self.git(&["worktree", "add", "-q", "--detach", folder.to_str().unwrap(), commit]);
        folder
    }

    /// What the worktree's own index says of its files.
    fn said_of(&self, folder: &Path) -> String {
        let git_dir = folder.with_file_name("git");
        self.git(&["--git-dir", git_dir.to_str().unwrap(), "--work-tree", folder.to_str().unwrap(), "status", "--porcelain"])
    }
}

impl Scene {
    /// A commit of every kind of file, with these attributes.
    fn every_kind(&self, attributes: &str) -> String {
        self.write(".gitattributes", &format!("*.crlf text eol=crlf\n*.bin -text\n*.auto text=auto\n{attributes}"));
        self.write("a.crlf", "one\ntwo\n");
        self.write("c.bin", "one\r\ntwo\n");
        self.write("d.auto", "one\ntwo\n");
        self.write("e.auto", "one\ntwo\0\n");
        self.write("deep/er/and/deeper/file", "deep");
        self.write("deep/.gitattributes", "*.crlf eol=lf\n");
        self.write("deep/e.crlf", "one\r\ntwo\r\n");
        self.write("run.sh", "#!/bin/sh\n");
        self.write("empty", "");
        self.write("c:\\back slash.", "odd");
        self.write("aux", "a device elsewhere");
        self.write("n\u{e4}me with \"quotes\" and\nlines", "odd");
        self.write("f.id", "$Id$\n");
        self.write("g.wide", "w\0i\0d\0e\0\n\0");
        fs::set_permissions(self.person().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        for (link, target) in [("to-file", "a.txt"), ("to-folder", "deep"), ("to-nothing", "not/there"), ("deep/up", "../a.txt")] {
            symlink(target, self.person().join(link)).unwrap();
        }
        let commit = self.person_commits("Every kind");
        // What a person's own attributes say is in force too.
        fs::write(self.person().join(".git/info/attributes"), "empty text\na.txt eol=crlf\n").unwrap();
        commit
    }
}

#[tokio::test]
async fn every_kind_of_file_is_as_git_checks_it_out() {
    let settings = [
        ("core.autocrlf", "false"),
        ("core.autocrlf", "true"),
        ("core.autocrlf", "input"),
        ("core.eol", "crlf"),
        ("core.symlinks", "false"),
    ];
    let odd = "*.id ident\n*.wide text working-tree-encoding=UTF-16LE\n";
    for ((key, value), attributes) in settings.into_iter().map(|setting| (setting, "")).chain([(settings[0], odd)]) {
        let scene = Scene::new();
        let commit = scene.every_kind(attributes);
        scene.git(&["config", key, value]);
        let mut recorder = scene.bench.recorder();
        let folder = scene.worktree(&mut recorder, "story/1").await;
        assert_eq!(contents(&folder), contents(&scene.by_git(&commit)), "{key} = {value}, {attributes:?}");
        assert_eq!(fs::read(folder.join("a.crlf")).unwrap(), b"one\r\ntwo\r\n");
        assert_eq!(scene.said_of(&folder), "", "{key} = {value}, {attributes:?}");
        fs::write(folder.join("new"), "left").unwrap();
        fs::write(folder.join("f.id"), "changed").unwrap();
        let folder = scene.again(&mut recorder, "story/1", "story/2").await;
        assert_eq!(contents(&folder), contents(&scene.by_git("main")), "{key} = {value}, {attributes:?}, again");
    }
}

#[tokio::test]
async fn lists_of_attributes_that_git_reads_its_own_way_are_left_to_it() {
    let long = format!("*.txt text eol=crlf {}\n", "x".repeat(2_100));
    for list in [long.as_str(), "\u{feff}*.txt text eol=crlf\n", "*.id ident\n", "[attr]own ident\n*.id own\n"] {
        let scene = Scene::new();
        scene.write(".gitattributes", list);
        scene.write("b.id", "$Id$\n");
        scene.person_commits("A list");
        let mut recorder = scene.bench.recorder();
        let folder = scene.worktree(&mut recorder, "story/1").await;
        assert_eq!(contents(&folder), contents(&scene.by_git("main")), "{list}");
    }
    let scene = Scene::new();
    scene.write("list", "*.txt text eol=crlf\n");
    symlink("list", scene.person().join(".gitattributes")).unwrap();
    scene.person_commits("A list that is a link");
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    assert_eq!(contents(&folder), contents(&scene.by_git("main")));
}

#[tokio::test]
async fn what_changes_how_files_are_written_has_all_of_them_written_anew() {
    let changes: [fn(&Scene); 5] = [
        |scene| scene.write(".gitattributes", "*.txt text eol=lf\n"),
        |scene| scene.write(".gitattributes", "*.txt text eol=lf\n*.id ident\n"),
        |scene| scene.write("deep/.gitattributes", "*.txt -text\n"),
        |scene| drop(scene.git(&["config", "core.autocrlf", "yes"])),
        |scene| fs::write(scene.person().join(".git/info/attributes"), b"# caf\xe9\n*.txt eol=lf\n").unwrap(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let scene = Scene::new();
        scene.write(".gitattributes", "a.txt text eol=crlf\n");
        scene.write("deep/b.txt", "one\n");
        scene.write("c.id", "$Id$\n");
        scene.person_commits("Before");
        let mut recorder = scene.bench.recorder();
        let folder = scene.worktree(&mut recorder, "story/1").await;
        settled(&folder);
        change(&scene);
        scene.git(&["add", "-A"]);
        scene.git(&["commit", "-q", "--allow-empty", "-m", "After"]);
        let folder = scene.again(&mut recorder, "story/1", "story/2").await;
        assert_eq!(contents(&folder), contents(&scene.by_git("main")), "{number}");
        // A run commits other rules, and what it leaves behind is written by those.
        settled(&folder);
        fs::write(folder.join(".gitattributes"), "*.txt text eol=crlf\n").unwrap();
        fs::write(folder.join("new.txt"), "new\n").unwrap();
        let mut run = scene.at(&mut recorder, folder.clone());
        run.commit("Other rules".into(), None).await.unwrap().unwrap();
        fs::remove_file(folder.join("a.txt")).unwrap();
        run.restore(vec!["a.txt".into()]).await.unwrap();
        settled(&folder);
        let folder = scene.again(&mut recorder, "story/2", "story/3").await;
        assert_eq!(contents(&folder), contents(&scene.by_git("main")), "{number}, after a run's own");
    }
}

/// Makes the index look as if it had been written well after the files.
fn settled(folder: &Path) {
    let index = fs::OpenOptions::new().append(true).open(folder.with_file_name("git").join("index")).unwrap();
    index.set_modified(std::time::SystemTime::now() + std::time::Duration::from_millis(30)).unwrap();
}

#[tokio::test]
async fn who_may_do_what_is_as_in_a_new_worktree() {
    let scene = Scene::new();
    scene.git(&["config", "core.filemode", "false"]);
    for name in ["one", "two", "closed/three", "run"] {
        scene.write(name, "the same");
    }
    scene.git(&["add", "-A"]);
    scene.git(&["update-index", "--chmod=+x", "run"]);
    scene.git(&["commit", "-q", "-m", "Four"]);
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    assert_eq!(folder.join("run").metadata().unwrap().mode() & 0o700, 0o700);
    fs::remove_file(folder.join("two")).unwrap();
    fs::hard_link(folder.join("one"), folder.join("two")).unwrap();
    for (name, mode) in [("a.txt", 0o444), ("closed/three", 0o600), ("closed", 0o500)] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    // As a commit of the run's leaves the index: it takes all of this for unchanged.
    let git_dir = folder.with_file_name("git");
    scene.git(&["--git-dir", git_dir.to_str().unwrap(), "--work-tree", folder.to_str().unwrap(), "update-index", "-q", "--refresh"]);
    settled(&folder);
    let folder = scene.again(&mut recorder, "story/1", "story/2").await;
    fs::write(folder.join("one"), "changed").unwrap();
    assert_eq!(fs::read_to_string(folder.join("two")).unwrap(), "the same");
    assert_eq!(folder.join("a.txt").metadata().unwrap().mode() & 0o600, 0o600);
    fs::write(folder.join("closed/new"), "x").unwrap();
}

#[tokio::test]
async fn a_tree_deeper_than_a_stack_is_filled_and_emptied() {
    let scene = Scene::new();
    let deep = "a/".repeat(1_200);
    scene.write(&format!("{deep}file"), "x");
    scene.person_commits("Deep");
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    settled(&folder);
    fs::create_dir_all(folder.join("b/".repeat(1_500))).unwrap();
    let folder = scene.again(&mut recorder, "story/1", "story/2").await;
    assert!(folder.join(format!("{deep}file")).exists() && !folder.join("b").exists());
}

#[tokio::test]
async fn a_person_who_keeps_no_logs_gets_none() {
    let scene = Scene::new();
    scene.git(&["config", "core.logAllRefUpdates", "false"]);
    fs::remove_dir_all(scene.person().join(".git/logs")).unwrap();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("b.txt"), "B").unwrap();
    scene.at(&mut recorder, folder).commit("Add b".into(), None).await.unwrap().unwrap();
    assert_eq!(scene.git(&["rev-list", "--count", "story/1"]), "2");
    assert!(!scene.person().join(".git/logs").exists());
}

#[tokio::test]
async fn what_keeps_a_secret_is_read_whatever_else_the_file_says() {
    let scene = Scene::new();
    let attributes = scene.person().join(".git/info/attributes");
    fs::write(&attributes, b"# caf\xe9\n*.sec filter=crypt\n").unwrap();
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("top.sec"), "in clear").unwrap();
    let refused = refusal(scene.at(&mut recorder, folder).commit("Add a secret".into(), None).await);
    assert!(refused.to_string().contains("`top.sec` goes through the filter `crypt`"), "{refused}");
    fs::remove_file(&attributes).unwrap();
    fs::create_dir(&attributes).unwrap();
    let refused = refusal(scene.here(&mut recorder).worktree_add("story/2".into(), "main".into()).await);
    assert!(refused.to_string().contains("info/attributes` is not a file"), "{refused}");
}

#[tokio::test]
async fn what_is_unchanged_stays_and_all_else_is_made_right() {
    let scene = Scene::new();
    for name in ["kept", "same-size", "deleted", "to-folder", "to-link", "executable", "part/one", "part/two", "gone/one"] {
        scene.write(name, "0123456789");
    }
    scene.person_commits("Ten bytes each");
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    // Written in the same moment as the index, no file could be told from one that was changed in it.
    settled(&folder);
    let inode = |name: &str| folder.join(name).metadata().unwrap().ino();
    let kept = (inode("kept"), inode("part/two"), inode("same-size"));

    let outside = scene.home.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("one"), "0123456789").unwrap();
    let same_size = fs::OpenOptions::new().write(true).open(folder.join("same-size")).unwrap();
    let before = same_size.metadata().unwrap().modified().unwrap();
    fs::write(folder.join("same-size"), "9876543210").unwrap();
    same_size.set_modified(before).unwrap();
    fs::remove_file(folder.join("deleted")).unwrap();
    fs::remove_file(folder.join("to-folder")).unwrap();
    fs::create_dir_all(folder.join("to-folder/below")).unwrap();
    symlink(&outside, folder.join("to-folder/below/link")).unwrap();
    fs::rename(folder.join("to-link"), folder.join("part/three")).unwrap();
    symlink(outside.join("one"), folder.join("to-link")).unwrap();
    fs::set_permissions(folder.join("executable"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_dir_all(folder.join("gone")).unwrap();
    symlink(&outside, folder.join("gone")).unwrap();
    for planted in [".git", "new/er", "part/.git"] {
        fs::create_dir_all(folder.join(planted)).unwrap();
        fs::write(folder.join(planted).join("config"), "[core]\n\tfsmonitor = /bin/false\n").unwrap();
    }

    let folder = scene.again(&mut recorder, "story/1", "story/2").await;
    assert_eq!(contents(&folder), contents(&scene.by_git("main")));
    assert_eq!(scene.said_of(&folder), "");
    assert_eq!(fs::read_to_string(outside.join("one")).unwrap(), "0123456789");
    let inode = |name: &str| folder.join(name).metadata().unwrap().ino();
    assert_eq!((inode("kept"), inode("part/two")), (kept.0, kept.1), "what is unchanged is not written anew");
    assert_eq!(fs::read_to_string(folder.join("same-size")).unwrap(), "0123456789");
}

#[tokio::test]
async fn an_index_that_cannot_be_read_keeps_no_file() {
    for attributes in ["", "*.id ident\n"] {
        let scene = Scene::new();
        scene.write(".gitattributes", attributes);
        scene.person_commits("Attributes");
        let mut recorder = scene.bench.recorder();
        let folder = scene.worktree(&mut recorder, "story/1").await;
        fs::write(folder.join("a.txt"), "one\ntwo\n3ree\n").unwrap();
        fs::write(folder.with_file_name("git").join("index"), "DIRC and no more").unwrap();
        let folder = scene.again(&mut recorder, "story/1", "story/2").await;
        assert_eq!(contents(&folder), contents(&scene.by_git("main")));
        assert_eq!(scene.said_of(&folder), "");
    }
}

#[tokio::test]
async fn objects_of_another_repository_and_of_another_format_are_found() {
    let scene = Scene::new();
    scene.write("b.txt", "B");
    scene.person_commits("Add b");
    let borrowed = Scene::without_repository();
    fs::remove_dir(borrowed.person()).unwrap();
    git_in(borrowed.home.path(), &["clone", "-q", "--shared", scene.person().to_str().unwrap(), "person"]);
    let wide = Scene::without_repository();
    wide.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    wide.write("b.txt", "B");
    wide.person_commits("Begin");
    for scene in [borrowed, wide] {
        let mut recorder = scene.bench.recorder();
        let folder = scene.worktree(&mut recorder, "story/1").await;
        assert_eq!(fs::read_to_string(folder.join("b.txt")).unwrap(), "B");
        assert_eq!(scene.said_of(&folder), "");
    }
}

#[tokio::test]
async fn a_tree_that_git_never_makes_is_refused() {
    let scene = Scene::new();
    scene.write("blob", "x");
    let blob = scene.git(&["hash-object", "-w", "blob"]);
    let raw = |id: &str| (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect::<Vec<_>>();
    let tree = |entries: &[(&str, &str, &str)]| {
        let entry = |(mode, name, id): &(&str, &str, &str)| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &raw(id)].concat();
        fs::write(scene.person().join("tree"), entries.iter().flat_map(entry).collect::<Vec<_>>()).unwrap();
        scene.git(&["hash-object", "-t", "tree", "--literally", "-w", "tree"])
    };
    let below = tree(&[("100644", "x", &blob)]);
    let outside = scene.home.path().join("x");
    let hostile = [
        vec![("100644", "..", blob.as_str())],
        vec![("40000", "..", below.as_str())],
        vec![("40000", ".git", below.as_str())],
        vec![("40000", ".GIT", below.as_str())],
        vec![("100644", "a/b", blob.as_str())],
        vec![("120000", "a", blob.as_str()), ("40000", "a", below.as_str())],
        vec![("100644", "a", blob.as_str()), ("100644", "a.", blob.as_str()), ("40000", "a", below.as_str())],
    ];
    for (number, entries) in hostile.iter().enumerate() {
        let tree = tree(entries);
        let commit = scene.git(&["commit-tree", "-m", "Hostile", &tree]);
        scene.git(&["update-ref", "refs/heads/hostile", &commit]);
        let mut recorder = scene.bench.resumed_from(Vec::new());
        let refused = scene.here(&mut recorder).worktree_add(format!("story/{number}"), "hostile".to_owned()).await;
        let sentence = refusal(refused).to_string();
        assert!(sentence.ends_with('.') && sentence.contains("repository"), "{entries:?}: {sentence}");
        assert!(!outside.exists(), "{entries:?}");
        assert_eq!(scene.git(&["branch", "--list", "story/*"]), "", "{entries:?}");
    }
}

/// A path of few names, so that files and folders meet in the same place.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4).prop_map(|names| names.join("/"))
}

/// Puts a file where a path leads, and takes away whatever stood in its way.
fn put(root: &Path, path: &str, content: &str) {
    let file = root.join(path);
    for above in file.ancestors().skip(1).take_while(|above| *above != root).filter(|above| above.is_file()) {
        fs::remove_file(above).unwrap();
    }
    if file.is_dir() {
        fs::remove_dir_all(&file).unwrap();
    }
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_run_left_the_next_has_the_files_of_its_commit(
        first in prop::collection::vec((path(), "[xy]{0,2}"), 1..8),
        second in prop::collection::vec((path(), "[xy]{0,2}"), 1..8),
        left in prop::collection::vec((path(), "[xy]{0,2}"), 0..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new();
            first.iter().for_each(|(path, content)| put(&scene.person(), path, content));
            scene.person_commits("First");
            let mut recorder = scene.bench.recorder();
            let folder = scene.worktree(&mut recorder, "story/1").await;
            left.iter().for_each(|(path, content)| put(&folder, path, content));
            second.iter().for_each(|(path, content)| put(&scene.person(), path, content));
            scene.git(&["add", "-A"]);
            scene.git(&["commit", "-q", "--allow-empty", "-m", "Second"]);
            let folder = scene.again(&mut recorder, "story/1", "story/2").await;
            assert_eq!(contents(&folder), contents(&scene.by_git("main")));
            assert_eq!(scene.said_of(&folder), "");
        });
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_for_memory_is_written_by_git() {
    let scene = Scene::new();
    let large = "a line of a large file\n".repeat(100_000);
    scene.write("large.txt", &large);
    scene.person_commits("Add a large file");
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    // Only git notes trees in an index.
    let is_by_git = |folder: &Path| fs::read(folder.with_file_name("git").join("index")).unwrap().windows(4).any(|word| word == b"TREE");
    assert!(is_by_git(&folder));
    assert_eq!(fs::read_to_string(folder.join("large.txt")).unwrap(), large);
    assert_eq!(scene.said_of(&folder), "");
    fs::write(folder.join("large.txt"), "x").unwrap();
    fs::write(folder.join("a.txt"), "x").unwrap();
    let folder = scene.again(&mut recorder, "story/1", "story/2").await;
    assert_eq!((contents(&folder), scene.said_of(&folder)), (contents(&scene.by_git("main")), String::new()));
}

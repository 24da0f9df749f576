//! Workspaces as commands may leave them, over real files.

mod guarding;

use std::{
    ffi::{CString, OsStr},
    fs::{self, Permissions},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, mkfifoat, openat};
use tempfile::TempDir;

use super::{
    Key, Leftovers,
    findings::{Before, PriorState},
    guards::Guards,
    snapshot::Snapshot,
    sweep,
    swept::{Deed, Swept},
    walk,
};
use crate::{interfaces::used_by_git::NoGit, journal::RunId};

/// A workspace, and where things are moved to.
struct Scene {
    folder: TempDir,
    known: PriorState,
    guards: Guards,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap(), known: PriorState::default(), guards: Guards::default() };
        fs::create_dir(scene.at("")).unwrap();
        scene
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("w").join(path)
    }

    fn file(&self, path: &str, content: &str) {
        assert!(!path.starts_with('/'), "{path} is outside");
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
    }

    fn repository(&self, path: &str) {
        self.file(&format!("{path}/HEAD"), "ref: refs/heads/main\n");
        self.file(&format!("{path}/config"), "[core]\n\tfsmonitor = id\n");
        for folder in ["objects", "refs"] {
            fs::create_dir_all(self.at(path).join(folder)).unwrap();
        }
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), Permissions::from_mode(mode)).unwrap();
    }

    fn mode_of(&self, path: &str) -> u32 {
        fs::symlink_metadata(self.at(path)).unwrap().permissions().mode() & 0o7777
    }

    fn note(&mut self) -> Vec<String> {
        let snapshot = Snapshot::take(&self.at(""), Vec::new(), &AtomicBool::new(false)).unwrap();
        self.known = snapshot.known;
        let mut paths: Vec<_> = snapshot.repositories.iter().map(|found| String::from_utf8_lossy(&found.path).into_owned()).collect();
        paths.sort();
        paths
    }

    fn sweep(&self) -> Swept {
        sweep::sweep(&self.at(""), &self.known, &self.guards, &self.away(), &AtomicBool::new(false)).unwrap()
    }

    fn away(&self) -> PathBuf {
        self.folder.path().join("away")
    }

    /// What was done, with the paths in order.
    fn done(&self) -> Vec<(Deed, String)> {
        let mut done: Vec<_> = self.sweep().traces.into_iter().map(|trace| (trace.deed, trace.path)).collect();
        done.sort_by(|one, other| one.1.cmp(&other.1));
        done
    }

    fn exists(&self, path: &str) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }
}

fn told(deed: Deed, path: &str) -> (Deed, String) {
    (deed, path.to_owned())
}

#[test]
fn a_repository_that_appears_is_moved_away_with_all_it_holds_whatever_its_kind() {
    let scene = Scene::new();
    scene.file("inner/src/main.rs", "fn main() {}");
    scene.repository("inner/.git");
    scene.repository("inner/.git/modules/sub");
    scene.file("file/.git", "gitdir: /somewhere\n");
    fs::create_dir_all(scene.at("link")).unwrap();
    symlink("/etc", scene.at("link/.git")).unwrap();
    scene.repository("odd/.GIT");
    scene.file("data/.baton/baton.db", "x");
    fs::create_dir_all(scene.at("empty/.git")).unwrap();
    scene.repository(".git");
    let moved = [".git", "data/.baton", "file/.git", "inner/.git", "link/.git", "odd/.GIT"];
    let swept = scene.sweep();
    let mut paths: Vec<_> = swept.traces.iter().map(|trace| (trace.deed, trace.path.clone())).collect();
    paths.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(paths, moved.map(|path| told(Deed::Moved, path)));
    assert!(moved.iter().chain(&["empty/.git"]).all(|path| !scene.exists(path)));
    assert_eq!(fs::read_to_string(scene.at("inner/src/main.rs")).unwrap(), "fn main() {}", "what lies beside it stays");
    let inner = swept.traces.iter().find(|trace| trace.path == "inner/.git").and_then(|trace| trace.to.clone()).unwrap();
    let kept = |path: &str| Path::new(&inner).join(path).exists();
    assert!(kept("config") && kept("HEAD.disarmed-1") && !kept("HEAD"), "it is whole, and no repository to git");
    assert!(kept("modules/sub/HEAD.disarmed-1") && !kept("modules/sub/HEAD"));
    assert!(scene.sweep().is_empty());
}

#[test]
fn what_was_there_before_stays_as_it_was() {
    let mut scene = Scene::new();
    for path in [".git", "vendor/lib/.git", "fixture.git"] {
        scene.repository(path);
    }
    scene.file("worktree/.git", "gitdir: ../main/.git/worktrees/one\n");
    scene.file("tool", "x");
    scene.mode("tool", 0o4755);
    mkfifoat(CWD, scene.at("pipe"), Mode::from_raw_mode(0o644)).unwrap();
    assert_eq!(scene.note(), [".git", "vendor/lib/.git", "worktree/.git"]);
    assert!(scene.sweep().is_empty());
    // A folder that moves takes its repository along, and nothing of that changed.
    fs::rename(scene.at("vendor"), scene.at("third-party")).unwrap();
    scene.file("fixture.git/refs/heads/new", "0123");
    assert!(scene.sweep().is_empty());
    assert!(scene.exists("third-party/lib/.git/HEAD") && scene.mode_of("tool") == 0o4755 && scene.exists("pipe"));
}

#[test]
fn the_top_of_a_workspace_keeps_its_repository_whatever_became_of_its_mark() {
    let mut scene = Scene::new();
    scene.repository(".git");
    scene.file(".baton/baton.db", "x");
    scene.note();
    // As a file system does that numbers its files again.
    for name in [".git", ".baton"] {
        fs::rename(scene.at(name), scene.at("aside")).unwrap();
        fs::create_dir(scene.at(name)).unwrap();
        for entry in fs::read_dir(scene.at("aside")).unwrap() {
            let entry = entry.unwrap();
            fs::rename(entry.path(), scene.at(name).join(entry.file_name())).unwrap();
        }
        fs::remove_dir(scene.at("aside")).unwrap();
    }
    scene.repository("sub/.git");
    assert_eq!(scene.done(), [told(Deed::Moved, "sub/.git")]);
    assert!(scene.exists(".git/HEAD") && scene.exists(".baton/baton.db"));
    // What is made for a container is nothing that a workspace had.
    let mut scene = Scene::new();
    fs::create_dir(scene.at(".git")).unwrap();
    scene.note();
    fs::remove_dir(scene.at(".git")).unwrap();
    scene.file(".git", "gitdir: /somewhere\n");
    assert_eq!(scene.done(), [told(Deed::Moved, ".git")]);
}

#[test]
fn what_a_command_left_is_not_what_was_there_before_another() {
    let mut scene = Scene::new();
    scene.repository("sub/old/.git");
    scene.file("sub/tree/.git", "gitdir: ../old/.git\n");
    scene.note();
    let first = scene.known.clone();
    scene.repository("sub/new/.git");
    scene.repository("beside/.git");
    scene.repository("sub/bare");
    let take = |path: &str, workspace: &str, known: &PriorState| {
        let before = vec![Before::new(&scene.at(workspace), known.clone())];
        let known = Snapshot::take(&scene.at(path), before, &AtomicBool::new(false)).unwrap().known;
        let swept = sweep::sweep(&scene.at(path), &known, &scene.guards, &scene.away(), &AtomicBool::new(false)).unwrap();
        let mut paths: Vec<_> = swept.traces.into_iter().map(|trace| trace.path).collect();
        paths.sort();
        paths
    };
    assert_eq!(take("sub", "", &first), ["bare/HEAD", "new/.git"], "the second works in a part of the first's workspace");
    scene.repository("sub/new/.git");
    // The second works in more: of what lies beside, the first is not the cause.
    let inner = Snapshot::take(&scene.at("sub/tree"), Vec::new(), &AtomicBool::new(false)).unwrap().known;
    scene.repository("sub/tree/deep/.git");
    assert_eq!(take("", "sub/tree", &inner), ["sub/tree/deep/.git"]);
    assert_eq!(take("", "", &first), ["beside/.git", "sub/new/.git"]);
    assert!(scene.exists("sub/old/.git/HEAD") && scene.exists("sub/tree/.git"));
}

/// The engine takes its time to remove the container of a command that has ended.
#[tokio::test]
async fn what_a_person_makes_after_a_command_ended_is_theirs() {
    let scene = Scene::new();
    let leftovers = Arc::new(Leftovers::new(scene.away().join("data"), Arc::new(NoGit)));
    let [first, second] = [0, 1].map(|seq| Key { run: RunId::from_text("run"), seq });
    leftovers.prepare(&first, &scene.at(""), true).await.unwrap();
    scene.repository("left/.git");
    leftovers.sweep_ended(&first).await.unwrap();
    scene.file(".baton/data/key", "theirs");
    scene.repository("made/.git");
    leftovers.prepare(&second, &scene.at(""), true).await.unwrap();
    leftovers.finish(&first).await.unwrap();
    leftovers.finish(&second).await.unwrap();
    assert!(scene.exists(".baton/data/key") && scene.exists("made/.git/HEAD") && !scene.exists("left/.git"));
}

#[test]
fn a_repository_that_is_elsewhere_in_the_workspace_is_covered_where_it_is() {
    let mut scene = Scene::new();
    scene.repository("all");
    scene.file("all/worktrees/one/commondir", "../..\n");
    scene.file("one/.git", "gitdir: ../all/worktrees/one\n");
    scene.file("two/.git", "gitdir: /\n");
    scene.file("three/.git", "gitdir: ..\n");
    scene.repository("four/.git/modules/five");
    scene.file("four/five/.git", "gitdir: ../.git/modules/five\n");
    assert_eq!(scene.note(), ["all", "four/.git", "four/five/.git", "one/.git", "three/.git", "two/.git"]);
}

#[test]
fn what_took_the_place_of_something_is_not_what_was_there_before() {
    let mut scene = Scene::new();
    for path in ["vendor/.git", "fixture.git"] {
        scene.repository(path);
    }
    scene.file("worktree/.git", "gitdir: ../main/worktrees/one\n");
    scene.file("tool", "x");
    scene.mode("tool", 0o4755);
    scene.note();
    fs::rename(scene.at("vendor"), scene.at("elsewhere")).unwrap();
    scene.repository("vendor/.git");
    // Where it says by its path how it is found, another path is another repository.
    fs::rename(scene.at("worktree"), scene.at("elsewhere/worktree")).unwrap();
    fs::write(scene.at("fixture.git/config"), "[core]\n\tpager = id\n").unwrap();
    fs::write(scene.at("tool"), "y").unwrap();
    scene.mode("tool", 0o4755);
    assert_eq!(
        scene.done(),
        [
            told(Deed::Moved, "elsewhere/worktree/.git"),
            told(Deed::Renamed, "fixture.git/HEAD"),
            told(Deed::Stripped, "tool"),
            told(Deed::Moved, "vendor/.git"),
        ]
    );
    assert!(scene.exists("elsewhere/.git/HEAD") && scene.exists("fixture.git/HEAD.disarmed-1") && scene.mode_of("tool") == 0o755);
}

#[test]
fn a_folder_that_is_laid_out_as_a_repository_is_none_any_more() {
    let scene = Scene::new();
    scene.repository(".");
    scene.repository("deep/bare");
    scene.file("linked/HEAD", "ref: refs/heads/main\n");
    scene.file("linked/commondir", "../deep/bare\n");
    scene.file("harmless/HEAD", "a file by this name");
    let renamed = ["HEAD", "deep/bare/HEAD", "linked/HEAD"];
    assert_eq!(scene.done(), renamed.map(|path| told(Deed::Renamed, path)));
    assert!(scene.exists("HEAD.disarmed-1") && scene.exists("harmless/HEAD"));
}

#[test]
fn rights_and_what_is_no_file_do_not_stay() {
    let scene = Scene::new();
    for (name, mode) in [("user", 0o4755), ("group", 0o2755), ("both", 0o6777), ("plain", 0o755), ("secret", 0o000)] {
        scene.file(name, "x");
        scene.mode(name, mode);
    }
    fs::create_dir(scene.at("shared")).unwrap();
    scene.mode("shared", 0o2775);
    let _socket = UnixListener::bind(scene.at("socket")).unwrap();
    mkfifoat(CWD, scene.at("pipe"), Mode::from_raw_mode(0o644)).unwrap();
    symlink("/dev/null", scene.at("link")).unwrap();
    let expected = [
        told(Deed::Stripped, "both"),
        told(Deed::Stripped, "group"),
        told(Deed::Removed, "pipe"),
        told(Deed::Opened, "secret"),
        told(Deed::Removed, "socket"),
        told(Deed::Stripped, "user"),
    ];
    assert_eq!(scene.done(), expected);
    let modes = ["user", "group", "both", "plain", "secret", "shared"].map(|name| scene.mode_of(name));
    assert_eq!(modes, [0o755, 0o755, 0o777, 0o755, 0o400, 0o2775], "a folder hands its group on, which gives no rights");
    assert!(scene.exists("link") && !scene.exists("pipe") && !scene.exists("socket"));
}

#[test]
fn a_closed_folder_hides_nothing_and_a_link_leads_nowhere() {
    let scene = Scene::new();
    let outside = scene.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("tool"), "x").unwrap();
    fs::set_permissions(outside.join("tool"), Permissions::from_mode(0o4755)).unwrap();
    fs::create_dir(outside.join(".git")).unwrap();
    fs::write(outside.join(".git/config"), "theirs").unwrap();
    symlink(&outside, scene.at("out")).unwrap();
    symlink(outside.join("tool"), scene.at("tool")).unwrap();
    scene.repository("closed/below/.git");
    scene.mode("closed/below", 0o500);
    scene.mode("closed", 0o000);
    scene.mode("", 0o000);
    assert_eq!(scene.done(), [told(Deed::Opened, "closed"), told(Deed::Moved, "closed/below/.git")]);
    assert_eq!((scene.mode_of("") & 0o700, scene.mode_of("closed"), scene.mode_of("closed/below")), (0o700, 0o500, 0o500));
    assert!(outside.join(".git/config").exists());
    assert_eq!(fs::metadata(outside.join("tool")).unwrap().permissions().mode() & 0o7777, 0o4755);
}

#[test]
fn names_that_are_no_text_and_folders_that_no_path_reaches_are_swept_too() {
    const DEEP: usize = 3000;
    let scene = Scene::new();
    let odd = scene.at(OsStr::from_bytes(b"odd\xff\n\x1b[2J"));
    fs::create_dir_all(odd.join(".git")).unwrap();
    fs::write(odd.join(".git/HEAD"), "x").unwrap();
    let name = CString::new("d").unwrap();
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let mut folder = walk::open(&scene.at("")).unwrap();
    for _ in 0..DEEP {
        mkdirat(&folder, &name, Mode::from_raw_mode(0o755)).unwrap();
        folder = openat(&folder, &name, flags, Mode::empty()).unwrap();
    }
    mkfifoat(&folder, "pipe", Mode::from_raw_mode(0o644)).unwrap();
    mkdirat(&folder, ".git", Mode::from_raw_mode(0o755)).unwrap();
    let repository = openat(&folder, ".git", flags, Mode::empty()).unwrap();
    mkdirat(&repository, "objects", Mode::from_raw_mode(0o755)).unwrap();
    let swept = scene.sweep();
    assert_eq!(swept.traces.len(), 3, "{swept:?}");
    assert!(swept.traces.iter().any(|trace| trace.path == "odd\u{fffd}\\n\\u{1b}[2J/.git"), "{swept:?}");
    assert!(swept.traces.iter().all(|trace| trace.path.chars().count() <= 201));
    assert!(
        rustix::fs::statat(&folder, ".git", AtFlags::empty()).is_err() && rustix::fs::statat(&folder, "pipe", AtFlags::empty()).is_err()
    );
}

#[test]
fn a_repository_that_cannot_be_moved_is_renamed_where_it_lies() {
    let scene = Scene::new();
    fs::write(scene.away(), "no folder").unwrap();
    scene.repository("inner/.git");
    assert_eq!(scene.done(), [told(Deed::Renamed, "inner/.git")]);
    assert!(scene.exists("inner/git.repository-1/config") && scene.exists("inner/git.repository-1/HEAD.disarmed-1"));
    assert!(scene.sweep().is_empty());
}

#[test]
fn a_default_access_list_does_not_lock_the_owner_out_of_what_is_made_later() {
    let scene = Scene::new();
    fs::create_dir(scene.at("lists")).unwrap();
    // Nothing for the owner, nothing for the group, nothing for others.
    let entries =
        [(1_u16, 0_u16), (4, 0), (32, 0)].map(|(tag, rights)| [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &[0xff; 4]].concat());
    let list = [2_u32.to_le_bytes().to_vec(), entries.concat()].concat();
    let set = rustix::fs::setxattr(scene.at("lists"), "system.posix_acl_default", &list, rustix::fs::XattrFlags::empty());
    if set.is_err() {
        // This file system knows no access lists, so none can be left.
        return;
    }
    assert_eq!(scene.done(), [told(Deed::Opened, "lists")]);
    fs::write(scene.at("lists/made"), "x").unwrap();
    assert_eq!(scene.mode_of("lists/made") & 0o400, 0o400);
}

#[test]
fn all_of_five_thousand_files_are_looked_at() {
    let mut scene = Scene::new();
    for folder in 0..50 {
        fs::create_dir(scene.at(format!("f{folder}"))).unwrap();
        for file in 0..100 {
            fs::write(scene.at(format!("f{folder}/{file}")), "x").unwrap();
        }
    }
    scene.note();
    assert!(scene.sweep().is_empty());
    (0..50).for_each(|folder| scene.mode(&format!("f{folder}/{folder}"), 0o4755));
    let swept = scene.sweep();
    assert_eq!((swept.traces.len(), swept.more), (50, 0));
}

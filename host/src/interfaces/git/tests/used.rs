//! Which files settings have a person's git execute or read.

use super::*;
use crate::interfaces::used_by_git::{Used, UsedBy, UsedByGit};

impl Scene {
    fn set(&self, key: &str, value: &str) {
        self.git(&["config", "--add", key, value]);
    }

    /// The paths below the home of the scene, each once, in order.
    fn list_used(&self) -> Vec<String> {
        let home = self.home.path().canonicalize().unwrap();
        let inside = |used: Used| Some(plain(used.path.strip_prefix(&home).ok()?.to_str().unwrap()));
        let mut paths: Vec<_> = self.repositories.list_used(&self.person()).unwrap().into_iter().filter_map(inside).collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

#[test]
fn commands_and_folders_of_hooks_in_every_file_of_settings_are_found() {
    let scene = Scene::new();
    assert_eq!(scene.list_used(), Vec::<String>::new());
    scene.write("tools/textconv.py", "x");
    scene.write("clean.py", "x");
    scene.set("core.hooksPath", ".husky/_");
    scene.set("core.fsmonitor", "./tools/watch --quick");
    scene.set("filter.a.clean", "python3 clean.py %f");
    scene.set("filter.b.process", "sh -c 'exec tools/missing \"$1\"' -");
    scene.set("diff.c.textconv", "python3 tools/textconv.py");
    scene.set("credential.helper", "store --file=.credentials");
    scene.set("core.attributesFile", "more.attributes");
    // What only a person asks for, folders, and words that are no paths.
    scene.set("alias.x", "!tools/alias.sh");
    scene.set("core.pager", "less tools");
    scene.set("user.name", "tools/name");
    fs::write(scene.home.path().join(".gitconfig"), "[core]\n\tsshCommand = person/ssh\n\teditor = ~/editor/vi\n").unwrap();
    let wanted = [
        "editor/vi",
        "person/.husky",
        "person/.husky/_",
        "person/clean.py",
        "person/more.attributes",
        "person/person/ssh",
        "person/tools/missing",
        "person/tools/textconv.py",
        "person/tools/watch",
    ];
    assert_eq!(scene.list_used(), wanted);
}

#[test]
fn includes_are_followed_from_file_to_file_whatever_their_condition() {
    let scene = Scene::new();
    scene.set("include.path", "../shared/one");
    scene.set("includeIf.onbranch:never.path", "../shared/never");
    scene.set("include.path", "../absent");
    scene.write("shared/one", "[include]\n\tpath = two\n\tpath = ../../outside\n");
    scene.write("shared/two", "[core]\n\thooksPath = from-two\n");
    scene.write("shared/never", "[core]\n\tfsmonitor = from/never\n");
    fs::write(scene.home.path().join("outside"), "[includeIf \"gitdir:/nowhere\"]\n\tpath = person/last\n").unwrap();
    scene.write("last", "[core]\n\taskPass = from/last\n");
    let wanted = [
        "outside",
        "person/absent",
        "person/from-two",
        "person/from/last",
        "person/from/never",
        "person/last",
        "person/shared/never",
        "person/shared/one",
        "person/shared/two",
    ];
    assert_eq!(scene.list_used(), wanted);
}

/// A path as its folders lie.
fn plain(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else if part != "." {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn only_committed_hooks_are_reviewed() {
    let scene = Scene::new();
    scene.set("core.hooksPath", "hooks");
    scene.write(".gitignore", "hooks/ignored\n");
    scene.write("hooks/pre-commit", "x");
    scene.write("hooks/ignored", "x");
    scene.person_commits("Add hooks");
    scene.write("hooks/new", "x");
    let hooks = scene.repositories.list_used(&scene.person()).unwrap();
    let reviewed = vec![scene.person().join("hooks/pre-commit")];
    assert_eq!(hooks, [Used { path: scene.person().join("hooks"), by: UsedBy::Hooks { reviewed } }]);
}

#[test]
fn settings_that_cannot_be_read_are_told_and_no_repository_has_none() {
    let scene = Scene::new();
    fs::write(scene.person().join(".git/config"), "[core\n").unwrap();
    let told = scene.repositories.list_used(&scene.person()).unwrap_err();
    assert!(told.contains("The git settings of") && told.contains("bad config line 1"), "{told}");
    let scene = Scene::without_repository();
    assert!(scene.list_used().is_empty());
    fs::write(scene.person().join(".git"), "gitdir: /nowhere\n").unwrap();
    assert!(scene.list_used().is_empty());
}

#[test]
fn what_git_does_not_take_for_a_repository_has_no_settings() {
    let scene = Scene::new();
    let folder = scene.home.path().join("junk");
    fs::create_dir_all(folder.join(".git")).unwrap();
    fs::write(folder.join(".git/config"), "not settings").unwrap();
    assert_eq!(scene.repositories.list_used(&folder).unwrap(), []);
    fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    assert!(scene.repositories.list_used(&folder).unwrap_err().contains("cannot be read"), "now it is one");
}

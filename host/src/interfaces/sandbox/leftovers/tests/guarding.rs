//! What a person's git settings have git execute in a workspace.

use super::*;
use crate::interfaces::used_by_git::{Used, UsedBy};

impl Scene {
    fn hooks(&self, path: &str, reviewed: &[&str]) -> Used {
        let reviewed = reviewed.iter().map(|path| self.root().join(path)).collect();
        Used { path: self.root().join(path), by: UsedBy::Hooks { reviewed } }
    }

    fn executed(&self, path: &str) -> Used {
        Used { path: self.root().join(path), by: UsedBy::File }
    }

    fn root(&self) -> PathBuf {
        self.at("").canonicalize().unwrap()
    }

    fn guard(&mut self, used: Vec<Used>) {
        self.guards = Guards::note(&self.at(""), used, &[], &AtomicBool::new(false)).unwrap();
    }

    fn content(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }
}

#[test]
fn hooks_that_appear_where_git_looks_are_moved_away_and_nothing_else() {
    let mut scene = Scene::new();
    scene.file(".husky/pre-commit", "npm test");
    scene.guard(vec![scene.hooks(".husky/_", &[]), scene.executed("tools/clean"), scene.executed("absent/settings")]);
    scene.file(".husky/_/pre-commit", "evil");
    scene.file(".husky/notes", "x");
    scene.file("tools/clean", "evil");
    scene.file("tools/other", "x");
    symlink("../tools/other", scene.at("tools/link")).unwrap();
    fs::create_dir_all(scene.at("absent")).unwrap();
    symlink("../tools/other", scene.at("absent/settings")).unwrap();
    assert_eq!(
        scene.done(),
        [told(Deed::Withheld, ".husky/_"), told(Deed::Withheld, "absent/settings"), told(Deed::Withheld, "tools/clean")]
    );
    for path in [".husky/pre-commit", ".husky/notes", "tools/other", "tools/link"] {
        assert!(scene.exists(path), "{path}");
    }
    assert_eq!(fs::read_to_string(scene.away().join("1/pre-commit")).unwrap(), "evil", "it is kept");
    assert!(scene.sweep().is_empty());
}

#[test]
fn what_was_there_stays_until_it_is_another() {
    let mut scene = Scene::new();
    for name in ["same", "changed", "program", "reviewed", "post-index-change"] {
        scene.file(&format!("hooks/{name}"), "a person's");
    }
    scene.file("config", "[core]\n");
    let committed = ["hooks/reviewed", "hooks/post-index-change"];
    scene.guard(vec![scene.hooks("hooks", &committed), scene.executed("config")]);
    assert!(scene.sweep().is_empty());
    fs::remove_file(scene.at("hooks/same")).unwrap();
    for (name, content) in
        [("same", "a person's"), ("changed", "evil"), ("reviewed", "evil"), ("post-index-change", "evil"), ("new", "evil")]
    {
        scene.file(&format!("hooks/{name}"), content);
    }
    scene.mode("hooks/program", 0o755);
    scene.file("config", "[include]\n");
    let gone = ["config", "hooks/changed", "hooks/new", "hooks/post-index-change", "hooks/program"];
    assert_eq!(scene.done(), gone.map(|path| told(Deed::Withheld, path)));
    assert_eq!((scene.content("hooks/same"), scene.content("hooks/reviewed")), ("a person's".to_owned(), "evil".to_owned()));
}

#[test]
fn a_folder_in_the_place_of_the_hooks_is_another_but_for_what_is_reviewed() {
    let mut scene = Scene::new();
    scene.file("hooks/pre-commit", "reviewed");
    scene.file("hooks/_/helper", "ignored");
    scene.guard(vec![scene.hooks("hooks", &["hooks/pre-commit"])]);
    fs::rename(scene.at("hooks"), scene.at("old")).unwrap();
    scene.file("hooks/pre-commit", "changed");
    scene.file("hooks/_/helper", "evil");
    scene.file("hooks/deep/down", "evil");
    assert_eq!(scene.done(), [told(Deed::Withheld, "hooks/_/helper"), told(Deed::Withheld, "hooks/deep")]);
    assert_eq!((scene.content("hooks/pre-commit"), scene.content("old/_/helper")), ("changed".to_owned(), "ignored".to_owned()));
    // Nor is a link or a folder by the name of a reviewed file that file.
    fs::remove_file(scene.at("hooks/pre-commit")).unwrap();
    symlink("../evil", scene.at("hooks/pre-commit")).unwrap();
    assert_eq!(scene.done(), [told(Deed::Withheld, "hooks/pre-commit")]);
    scene.file("hooks/pre-commit/x", "evil");
    assert_eq!(scene.done(), [told(Deed::Withheld, "hooks/pre-commit")]);
}

#[test]
fn a_link_on_the_way_is_a_place_as_well_as_what_it_leads_to() {
    let mut scene = Scene::new();
    scene.file("real/in/pre-commit", "a person's");
    symlink("real", scene.at("hooks")).unwrap();
    symlink(scene.root().join("missing"), scene.at("whole")).unwrap();
    scene.guard(vec![scene.hooks("hooks/in", &[]), scene.executed("whole"), scene.executed("plain/settings")]);
    assert!(scene.sweep().is_empty());
    scene.file("real/in/pre-push", "evil");
    scene.file("missing", "evil");
    scene.file("evil/in/pre-commit", "evil");
    scene.file("evil/settings", "evil");
    symlink("evil", scene.at("plain")).unwrap();
    assert_eq!(scene.done(), ["missing", "plain", "real/in/pre-push"].map(|path| told(Deed::Withheld, path)));
    fs::remove_file(scene.at("hooks")).unwrap();
    symlink("evil", scene.at("hooks")).unwrap();
    assert_eq!(scene.done(), [told(Deed::Withheld, "hooks")]);
    assert_eq!(scene.content("evil/in/pre-commit"), "evil", "what no setting leads to stays");
    assert_eq!(scene.content("real/in/pre-commit"), "a person's");
}

#[test]
fn other_letters_and_other_names_of_the_workspace_lead_to_the_same_place() {
    let mut scene = Scene::new();
    symlink(scene.at(""), scene.folder.path().join("alias")).unwrap();
    symlink(scene.at("led"), scene.folder.path().join("outside")).unwrap();
    let at = |path: &str| Used { path: scene.folder.path().join(path), by: UsedBy::File };
    let used = vec![
        scene.hooks("Build/../.Husky/./_", &[]),
        at("alias/settings"),
        at("w/../outside/deep"),
        at("elsewhere"),
        scene.executed("../x"),
    ];
    scene.guard(used);
    scene.file(".HUSKY/_/pre-commit", "evil");
    scene.file("settings", "evil");
    scene.file("led/deep", "evil");
    scene.file("elsewhere", "x");
    assert_eq!(scene.done(), [".HUSKY/_", "led/deep", "settings"].map(|path| told(Deed::Withheld, path)));
}

#[test]
fn of_a_folder_that_is_more_than_one_of_hooks_only_the_hooks_matter() {
    let mut scene = Scene::new();
    fs::create_dir(scene.at("src")).unwrap();
    (0..1100).for_each(|number| scene.file(&format!("src/{number}"), "x"));
    scene.guard(vec![scene.hooks("", &[]), scene.hooks("src", &[])]);
    scene.file("src/new", "x");
    scene.file("src/pre-commit", "evil");
    scene.file("pre-push", "evil");
    scene.file("Makefile", "x");
    assert_eq!(scene.done(), [told(Deed::Withheld, "pre-push"), told(Deed::Withheld, "src/pre-commit")]);
}

#[test]
fn what_another_command_left_meanwhile_was_not_there_before() {
    let mut scene = Scene::new();
    scene.file("hooks/pre-commit", "a person's");
    scene.guard(vec![scene.hooks("hooks", &[])]);
    scene.file("hooks/pre-push", "evil");
    let used = vec![scene.hooks("hooks", &[]), scene.executed("other")];
    scene.file("other", "a person's");
    scene.guards = Guards::note(&scene.at(""), used, std::slice::from_ref(&scene.guards), &AtomicBool::new(false)).unwrap();
    assert_eq!(scene.done(), [told(Deed::Withheld, "hooks/pre-push")]);
}

#[test]
fn what_cannot_be_moved_is_renamed_once() {
    let mut scene = Scene::new();
    fs::write(scene.away(), "no folder").unwrap();
    scene.file("hooks/pre-commit", "a person's");
    scene.guard(vec![scene.hooks("hooks", &[])]);
    scene.file("hooks/pre-push", "evil");
    assert_eq!(scene.done(), [told(Deed::Withheld, "hooks/pre-push")]);
    assert_eq!(scene.content("hooks/pre-push.disarmed-1"), "evil");
    assert!(scene.sweep().is_empty());
}

#[test]
fn a_copy_shows_the_same_and_is_made_once() {
    use super::super::{copies::copied, covers::executed};

    let mut scene = Scene::new();
    scene.file("hooks/pre-commit", "a person's");
    scene.mode("hooks/pre-commit", 0o755);
    scene.file("hooks/_/h", "x");
    symlink("pre-commit", scene.at("hooks/link")).unwrap();
    mkfifoat(CWD, scene.at("hooks/pipe"), Mode::from_raw_mode(0o644)).unwrap();
    scene.file("large", "x");
    fs::File::options().write(true).open(scene.at("large")).unwrap().set_len(17 << 20).unwrap();
    let copies = scene.folder.path().join("copies");
    scene.guard(vec![scene.hooks("hooks", &[]), scene.hooks("hooks/_", &[]), scene.executed("large"), scene.executed("absent")]);
    let covered = executed(&scene.at(""), &scene.guards, &copies).unwrap();
    let told: Vec<_> = covered.iter().map(|covered| (covered.path.as_str(), covered.is_folder, covered.shown.is_some())).collect();
    assert_eq!(told, [("hooks", true, true), ("large", false, false)]);
    let copy = covered[0].shown.clone().unwrap();
    assert_eq!(fs::read_to_string(copy.join("link")).unwrap(), "a person's");
    assert_eq!((fs::metadata(copy.join("pre-commit")).unwrap().permissions().mode() & 0o777, copy.join("pipe").exists()), (0o755, false));
    assert_eq!(executed(&scene.at(""), &scene.guards, &copies).unwrap(), covered);
    assert_eq!(fs::read_dir(&copies).unwrap().count(), 1, "nothing else is left");
    // A link on the way leads nowhere.
    symlink("/", scene.at("out")).unwrap();
    let workspace = walk::open(&scene.at("")).unwrap();
    assert!(copied(&workspace, b"out/etc", &copies).unwrap().is_none() && copied(&workspace, b"out", &copies).unwrap().is_none());
}

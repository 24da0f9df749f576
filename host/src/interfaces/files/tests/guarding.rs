//! What git on this machine executes or reads settings from, which no plugin changes whatever it was granted.

use super::*;
use crate::interfaces::used_by_git::{Used, UsedBy, UsedByGit};

/// Settings by the folder of the checkout; an error where they cannot be read.
struct Settings(Vec<(PathBuf, Result<Vec<Used>, String>)>);

impl UsedByGit for Settings {
    fn list_used(&self, checkout: &Path) -> Result<Vec<Used>, String> {
        self.0.iter().find(|(folder, _)| folder == checkout).map_or(Ok(Vec::new()), |(_, used)| used.clone())
    }
}

impl Scene {
    fn root(&self) -> PathBuf {
        self.at("").canonicalize().unwrap()
    }

    fn hooks(&self, path: &str, reviewed: &[&str]) -> Used {
        let reviewed = reviewed.iter().map(|path| self.root().join(path)).collect();
        Used { path: self.root().join(path), by: UsedBy::Hooks { reviewed } }
    }

    fn file(&self, path: &str) -> Used {
        Used { path: self.root().join(path), by: UsedBy::File }
    }

    /// The same with git settings of the checkouts at these paths.
    fn guarded(mut self, settings: Vec<(&str, Result<Vec<Used>, String>)>) -> Self {
        for (checkout, _) in &settings {
            fs::create_dir_all(self.at(checkout).join(".git")).unwrap();
        }
        let settings = settings.into_iter().map(|(checkout, used)| (self.root().join(checkout), used)).collect();
        self.workspace = Arc::new(Workspace::open_guarded(&self.at(""), &[], Arc::new(Settings(settings))).unwrap());
        self
    }
}

const LED_TO: &str = "Git settings lead to";

#[tokio::test]
async fn what_git_executes_by_the_settings_of_a_person_is_not_changed() {
    let scene = Scene::new();
    scene.put(".husky/pre-commit", "a person's");
    scene.put(".husky/_/h", "a person's");
    let settings = vec![scene.hooks(".husky/_", &[]), scene.hooks(".husky", &[".husky/pre-commit"]), scene.file("tools/clean.py")];
    let scene = scene.guarded(vec![("", Ok(settings))]);
    for path in [
        ".husky/_/pre-commit",
        ".husky/_/h",
        ".HUSKY/_/pre-commit",
        ".husky/_./pre-commit",
        ".husky/_ /pre-commit",
        ".hus\u{200c}ky/_/pre-commit",
        ".husky/_::$INDEX_ALLOCATION/pre-commit",
        ".husky/pre-push",
        ".husky",
        "tools/clean.py",
        "TOOLS/clean.py.",
    ] {
        invalid(view!(scene).write(path.into(), b"evil".to_vec()).await, LED_TO);
        invalid(view!(scene).remove(path.into()).await, LED_TO);
    }
    assert_eq!(fs::read_to_string(scene.at(".husky/_/h")).unwrap(), "a person's");
    assert!(!scene.at(".husky/_/pre-commit").exists() && !scene.at("tools").exists());
    // What a person sees in `git diff` first may be changed, and files of git that name no command are files like any other.
    for path in [".husky/pre-commit", "tools/other.py", ".gitattributes", ".gitignore", ".gitmodules", "huskies"] {
        view!(scene).write(path.into(), b"mine".to_vec()).await.unwrap();
    }
    assert_eq!(view!(scene).read(".husky/_/h".into()).await.unwrap(), b"a person's", "reading is not changed by it");
}

#[tokio::test]
async fn settings_of_a_repository_above_or_inside_count_as_well_and_links_on_the_way() {
    let scene = Scene::new();
    scene.put("inner/real/pre-commit", "a person's");
    symlink("real", scene.at("inner/hooks")).unwrap();
    let above = scene.root().parent().unwrap().to_owned();
    let settings = vec![(above.to_str().unwrap(), Ok(vec![scene.file("shared")])), ("inner", Ok(vec![scene.hooks("inner/hooks", &[])]))];
    let scene = scene.guarded(settings);
    for path in ["shared", "inner/real/pre-commit", "inner/real/new", "inner/hooks"] {
        invalid(view!(scene).write(path.into(), b"evil".to_vec()).await, LED_TO);
    }
    view!(scene).write("inner/other".into(), b"mine".to_vec()).await.unwrap();
    assert_eq!(fs::read_to_string(scene.at("inner/real/pre-commit")).unwrap(), "a person's");
}

#[tokio::test]
async fn of_a_folder_that_is_more_than_one_of_hooks_only_the_hooks_are_guarded() {
    let scene = Scene::new();
    (0..1100).for_each(|number| scene.put(&format!("src/{number}"), "x"));
    let settings = vec![scene.hooks("", &[]), scene.hooks("src", &[])];
    let scene = scene.guarded(vec![("", Ok(settings))]);
    for path in ["pre-commit", "src/post-index-change", "src/Pre-Push"] {
        invalid(view!(scene).write(path.into(), b"evil".to_vec()).await, LED_TO);
    }
    for path in ["Makefile", "src/new", "src/deep/pre-push"] {
        view!(scene).write(path.into(), b"mine".to_vec()).await.unwrap();
    }
}

#[tokio::test]
async fn where_the_settings_cannot_be_read_the_run_waits_for_its_operator() {
    let scene = Scene::new();
    let unread = |what: &str| Err(format!("The settings of {what} cannot be read."));
    let scene = scene.guarded(vec![("", unread("this")), ("fixture", unread("a fixture"))]);
    let Err(Fault::Interrupt(interrupt)) = view!(scene).write("a".into(), b"x".to_vec()).await else { panic!("it was written") };
    let reason = interrupt.to_string();
    assert!(reason.starts_with("The settings of this cannot be read.") && reason.ends_with("resume the run."), "{reason}");
    assert!(!scene.at("a").exists());
    let scene = Scene::new().guarded(vec![("fixture", unread("a fixture"))]);
    view!(scene).write("fixture/a".into(), b"x".to_vec()).await.unwrap();
}

#[test]
fn a_workspace_in_a_repositorys_own_files_is_rejected() {
    let scene = Scene::new();
    for path in ["bare/HEAD", "bare/objects/x", "bare/refs/x", "bare/hooks/x", ".git/hooks/x", "a/.GIT/modules/x/y", "objects/x", "refs/x"]
    {
        scene.put(path, "x");
    }
    let open = |path: &str| Workspace::open_guarded(&scene.at(path), &[], Arc::new(Settings(Vec::new())));
    for path in ["bare/hooks", ".git", ".git/hooks", "a/.GIT/modules/x"] {
        assert!(open(path).unwrap_err().to_string().contains("work in a checkout"), "{path}");
    }
    // Of the top of such a folder a plugin may change the files that are not settings.
    for path in ["", "a", "bare", "objects"] {
        open(path).unwrap();
    }
}

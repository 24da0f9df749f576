//! Repositories as people have them: with submodules and files of Git LFS, sparse, shallow and partial.

use super::*;

impl Scene {
    /// A clone of this person's repository, in which runs work.
    fn cloned(&self, how: &[&str]) -> Self {
        for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            self.git(&["config", setting, "true"]);
        }
        let clone = Self::without_repository();
        let from = format!("file://{}", self.person().display());
        clone.git(&[&["clone", "-q"], how, &[&from, "."]].concat());
        clone
    }

    /// A repository of three folders and three commits.
    fn with_history() -> Self {
        let scene = Self::new();
        for (folder, version) in [("one", "1"), ("two", "1"), ("three", "1"), ("two", "2"), ("two", "3")] {
            scene.write(&format!("{folder}/file"), &format!("{folder} {version}\n"));
            scene.person_commits(version);
        }
        scene
    }

    /// Two stories are written side by side, merged and landed, and the branch is pushed.
    async fn lands(&self) {
        let main = self.git(&["rev-parse", "main"]);
        let mut recorder = self.bench.resumed_from(Vec::new());
        for (branch, path) in [("story/1", "one/file"), ("story/2", "two/new")] {
            let folder = self.worktree(&mut recorder, branch).await;
            assert_eq!(fs::read_to_string(folder.join("two/file")).unwrap(), "two 3\n", "a worktree holds all files");
            fs::write(folder.join(path), "changed\n").unwrap();
            let mut run = self.at(&mut recorder, folder.clone());
            run.commit(branch.into(), None).await.unwrap().unwrap();
            assert!(run.diff("main".into()).await.unwrap().contains("+changed"));
        }
        let folder = self.worktree(&mut recorder, "land/1").await;
        for branch in ["story/1", "story/2"] {
            clean(self.at(&mut recorder, folder.clone()).merge(branch.into(), format!("Merge {branch}"), Vec::new()).await.unwrap());
        }
        self.at(&mut recorder, folder).advance("main".into(), main).await.unwrap();
        let mut person = self.here(&mut recorder);
        assert!(person.status().await.unwrap().is_empty());
        assert!(person.log(None, 10).await.unwrap().iter().any(|revision| revision.summary == "Merge story/2"));
        person.push("story/1".into()).await.unwrap();
        assert_eq!(self.git(&["status", "--porcelain"]), "");
    }

    async fn refused_worktree(&self) -> CallError {
        let mut recorder = self.bench.resumed_from(Vec::new());
        let refused = refusal(self.here(&mut recorder).worktree_add("story/1".into(), "main".into()).await);
        assert_eq!(self.git(&["branch", "--list", "story/*"]), "");
        refused
    }

    /// What `baton doctor` hears.
    fn looked_at(&self) -> Result<(), CallError> {
        program().check_files(&self.person(), &self.home.path().join("worktrees"), self.settings.lfs_pointers)
    }
}

#[tokio::test]
async fn stories_land_in_a_shallow_clone() {
    let origin = Scene::with_history();
    let clone = origin.cloned(&["--depth", "1"]);
    assert_eq!((clone.git(&["rev-list", "--count", "main"]).as_str(), clone.looked_at()), ("1", Ok(())));
    clone.lands().await;
    assert_eq!(origin.git(&["log", "-1", "--format=%s", "story/1"]), "story/1");
    // The history may come later, while worktrees are there.
    clone.git(&["fetch", "-q", "--unshallow"]);
    let mut recorder = clone.bench.resumed_from(Vec::new());
    assert!(clone.here(&mut recorder).log(None, 20).await.unwrap().iter().any(|revision| revision.summary == "Begin"));
}

#[tokio::test]
async fn stories_land_in_a_sparse_checkout() {
    let (modes, kept) = ([&["--cone"][..], &["--no-cone"], &["--cone", "--sparse-index"]], "one/file");
    for mode in modes {
        let scene = Scene::with_history();
        scene.git(&["remote", "add", "origin", "../remote"]);
        git_in(scene.home.path(), &["clone", "-q", "--bare", "person", "remote"]);
        scene.git(&[&["sparse-checkout", "set"], mode, &["one"]].concat());
        assert_eq!((scene.person().join("two").exists(), scene.looked_at()), (false, Ok(())), "{mode:?}");
        scene.lands().await;
        assert_eq!(fs::read_to_string(scene.person().join(kept)).unwrap(), "changed\n", "{mode:?}");
        assert!(!scene.person().join("two").exists(), "{mode:?}: what is not checked out stays so");
        scene.git(&["sparse-checkout", "disable"]);
        assert_eq!(fs::read_to_string(scene.person().join("two/new")).unwrap(), "changed\n", "{mode:?}");
    }
}

#[tokio::test]
async fn what_a_person_has_where_nothing_is_checked_out_is_not_overwritten() {
    let scene = Scene::with_history();
    scene.git(&["sparse-checkout", "set", "one"]);
    let main = scene.git(&["rev-parse", "main"]);
    let mut recorder = scene.bench.recorder();
    let folder = scene.worktree(&mut recorder, "story/1").await;
    fs::write(folder.join("two/file"), "a story's\n").unwrap();
    fs::write(folder.join("two/new"), "a story's\n").unwrap();
    scene.at(&mut recorder, folder.clone()).commit("Both".into(), None).await.unwrap();
    for path in ["two/file", "two/new"] {
        scene.write(path, "mine\n");
        let advanced = scene.at(&mut recorder, folder.clone()).advance("main".into(), main.clone()).await;
        assert!(matches!(refusal(advanced), CallError { kind: ErrorKind::Conflict, text, .. } if text.contains("not committed")), "{path}");
        assert_eq!(fs::read_to_string(scene.person().join(path)).unwrap(), "mine\n");
        fs::remove_dir_all(scene.person().join("two")).unwrap();
    }
}

#[tokio::test]
async fn stories_land_in_a_partial_clone_that_has_the_files_of_its_commit() {
    let origin = Scene::with_history();
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let clone = origin.cloned(&[filter]);
        assert!(clone.git(&["rev-list", "--objects", "--missing=print", "main"]).contains('?'), "{filter}");
        assert_eq!(clone.looked_at(), Ok(()), "{filter}");
        clone.lands().await;
        origin.git(&["branch", "-D", "story/1"]);
    }
}

#[tokio::test]
async fn a_partial_clone_that_lacks_files_is_refused_until_it_has_them() {
    let origin = Scene::with_history();
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let clone = origin.cloned(&[filter, "--sparse"]);
        for refused in [clone.refused_worktree().await, clone.looked_at().unwrap_err()] {
            assert!(
                refused.kind == ErrorKind::Invalid && refused.text.contains("`git fetch --refetch --no-filter`"),
                "{filter}: {refused}"
            );
        }
        clone.git(&["fetch", "-q", "--refetch", "--no-filter"]);
        clone.lands().await;
        origin.git(&["branch", "-D", "story/1"]);
    }
}

#[tokio::test]
async fn submodules_are_refused() {
    let (scene, other) = (Scene::new(), Scene::new());
    scene.git(&["submodule", "--quiet", "add", other.person().to_str().unwrap(), "vendor/other"]);
    scene.person_commits("Add a submodule");
    for refused in [scene.refused_worktree().await, scene.looked_at().unwrap_err()] {
        assert!(refused.kind == ErrorKind::Invalid && refused.text.contains("submodules (`vendor/other`)"), "{refused}");
    }
    let mut recorder = scene.bench.resumed_from(Vec::new());
    assert!(scene.here(&mut recorder).status().await.unwrap().is_empty());
    // Without its repository, the name of one is left.
    scene.git(&["rm", "-q", "--cached", "vendor/other"]);
    scene.git(&["commit", "-q", "-m", "Half of it"]);
    assert!(scene.refused_worktree().await.text.contains("`.gitmodules`"));
}

/// What Git LFS commits in the place of a file.
const POINTER: &str =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

#[tokio::test]
async fn files_of_git_lfs_are_refused_unless_their_pointers_do() {
    let mut scene = Scene::new();
    scene.write("deep/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    scene.write("deep/whole.bin", "whole");
    scene.person_commits("Attributes alone");
    assert_eq!(scene.looked_at(), Ok(()), "a file that is there as a whole is like any other");
    scene.write("deep/a.bin", POINTER);
    scene.write("b.txt", POINTER);
    scene.person_commits("Pointers");
    for refused in [scene.refused_worktree().await, scene.looked_at().unwrap_err()] {
        assert!(refused.kind == ErrorKind::Invalid && refused.text.contains("2 files in Git LFS, such as `b.txt`"), "{refused}");
    }
    scene.settings.lfs_pointers = true;
    assert_eq!(scene.looked_at(), Ok(()));
    let mut recorder = scene.bench.resumed_from(Vec::new());
    let folder = scene.worktree(&mut recorder, "story/1").await;
    assert_eq!(fs::read_to_string(folder.join("deep/a.bin")).unwrap(), POINTER);
    fs::write(folder.join("c.txt"), "a story's").unwrap();
    scene.at(&mut recorder, folder.clone()).commit("Another file".into(), None).await.unwrap().unwrap();
    fs::write(folder.join("deep/a.bin"), "a story's").unwrap();
    let refused = refusal(scene.at(&mut recorder, folder).commit("The content".into(), None).await);
    assert!(refused.text.contains("goes through the filter `lfs`"), "{refused}");
}

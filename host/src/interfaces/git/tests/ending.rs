//! A git that is at work when its run is cancelled.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::interfaces::folder_locks::Work;

impl Scene {
    /// A git that writes a file when it is asked for `hanging`, stays, and writes another when it is told to end.
    fn hanging_at(self, hanging: &str) -> Self {
        let (home, git) = (self.home.path().canonicalize().unwrap(), program().path);
        let path = home.join("slow-git");
        let script = format!(
            "#!/bin/sh\nhome={}\nfor word; do case \"$word\" in {hanging})\n trap 'echo > $home/ended; exit 1' TERM; echo > $home/begun\n \
             while :; do /bin/sleep 0.05; done;;\nesac; done\nexec {} \"$@\"\n",
            home.display(),
            git.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let program = Program { path, ..program() };
        let root = home.join("worktrees");
        let repositories = Arc::new(Repositories::new(Some(program), root, self.register.clone(), self.folders.clone()));
        Self { repositories, ..self }
    }

    /// Waits for a file that the slow git writes, while a call is made.
    async fn sees<T>(&self, name: &str, call: impl Future<Output = T>) {
        let (file, mut call) = (self.home.path().join(name), std::pin::pin!(call));
        while !file.exists() {
            assert!(futures::poll!(&mut call).is_pending(), "the call is over before {name}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn what_changes_a_worktree_ends_with_its_caller_and_lets_the_next_in() {
    let scene = Scene::new();
    let folder = scene.worktree(&mut scene.bench.recorder(), "story/1").await;
    fs::write(folder.join("b.txt"), "B").unwrap();
    let scene = scene.hanging_at("commit-tree");
    {
        let mut recorder = scene.bench.resumed_from(Vec::new());
        let mut run = scene.at(&mut recorder, folder.clone());
        scene.sees("begun", run.commit("Add b".into(), None)).await;
    }
    scene.sees("ended", std::future::pending::<()>()).await;
    let root = Bench::run();
    drop(scene.folders.lock(&folder, Work::Command, &root).await.unwrap());
    assert_eq!(scene.git(&["rev-parse", "story/1"]), scene.git(&["rev-parse", "main"]), "nothing was committed");
    fs::write(scene.home.path().join("slow-git"), format!("#!/bin/sh\nexec {} \"$@\"\n", program().path.display())).unwrap();
    let mut recorder = scene.bench.resumed_from(Vec::new());
    scene.at(&mut recorder, folder).commit("Add b".into(), None).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_push_ends_with_its_caller() {
    let scene = Scene::new().hanging_at("push");
    scene.git(&["remote", "add", "origin", "https://git.example.invalid/x"]);
    let mut recorder = scene.bench.recorder();
    {
        let mut run = scene.here(&mut recorder);
        scene.sees("begun", run.push("main".into())).await;
    }
    scene.sees("ended", std::future::pending::<()>()).await;
}

//! Nothing that appears in a workspace gives its run another repository than that of the workspace when the run began. What a
//! command could leave is put there while the run is paused, for the sweep after a command moves it away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use baton::kernel::run::{Run, State};
use baton_tests::host::{TestHost, tester};
use serde_json::{Value, json};

/// A host whose commands are plain processes, and a repository of the user's that no run is to touch.
struct Scene {
    host: TestHost,
    before: String,
}

impl Scene {
    async fn new() -> Self {
        let host = TestHost::with_settings(json!({ "sandbox": { "engine": "process" } })).await;
        begin(&host.folder.path().join("theirs"));
        let theirs = host.folder.path().join("theirs");
        git(&theirs, &["branch", "story/one"]);
        git(&theirs, &["worktree", "add", "--quiet", "../linked", "-b", "side"]);
        let before = state(&theirs);
        Self { host, before }
    }

    fn workspace(&self) -> PathBuf {
        self.host.workspace()
    }

    /// What becomes of a run that asks for a worktree after this line of shell was executed in its workspace.
    async fn planted(&self, line: &str) -> State {
        self.run_around(None, line, Some(worktree("story/planted"))).await.state
    }

    /// A run that does something, is suspended while the line of shell is executed, and does something else. The line stands for
    /// a command whose sweep did not find what it left: a repository that a command plants is moved away by that.
    async fn run_around(&self, before: Option<Value>, line: &str, after: Option<Value>) -> Run {
        let pause = json!({ "do": "pause", "say": "Now.", "times": 1 });
        let inputs: Vec<_> = before.into_iter().chain([pause]).chain(after).collect();
        let run = self.host.run(json!({ "do": "in-turn", "inputs": inputs })).await;
        assert!(paused(&run.state, line).contains("Now."), "{:?}", run.state);
        shell(&self.workspace(), line);
        self.host.app.kernel.resume(&run, None, &tester()).await.unwrap();
        self.host.drive(&run.id).await;
        self.host.find(&run.id).await
    }

    fn is_untouched(&self, tried: &str) {
        assert_eq!(state(&self.host.folder.path().join("theirs")), self.before, "{tried}");
    }
}

fn worktree(branch: &str) -> Value {
    json!({ "do": "worktree", "say": branch })
}

fn shell(folder: &Path, line: &str) {
    assert!(Command::new("sh").args(["-c", &format!("set -e; {line}")]).current_dir(folder).status().unwrap().success(), "{line}");
}

fn begin(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    fs::write(folder.join("secret.txt"), "theirs").unwrap();
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=Begin"]);
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]).args(arguments);
    let output = git.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// All that a run could change of a repository.
fn state(folder: &Path) -> String {
    let config = fs::read_to_string(folder.join(".git/config")).unwrap();
    let status = git(folder, &["status", "--porcelain", "--branch"]);
    format!("{}\n{config}\n{status}\n{}", git(folder, &["for-each-ref"]), git(folder, &["count-objects", "-v"]))
}

fn paused(state: &State, tried: &str) -> String {
    match state {
        State::Paused { pause } => pause.reason.clone(),
        other => panic!("{tried}: {other:?}"),
    }
}

/// Threat: A command puts a `.git` into a workspace that has none: a file or a link that leads to another repository of the
/// user, a folder with a `commondir`, with links, or with a copy.
/// Stopped by: Baton pins what the workspace was when the run begins and compares it at each use of `git` and `forge`. Child
/// runs have the same pin.
/// Expects: The run is paused: "A repository appeared in the workspace". Nothing of the other repository is read or changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_appears_is_not_believed() {
    let scene = Scene::new().await;
    for line in [
        "echo \"gitdir: $PWD/../theirs/.git\" > .git",
        "echo \"gitdir: ../theirs/.git/worktrees/linked\" > .git",
        "cp ../linked/.git .git",
        "ln ../linked/.git .git",
        "ln -s ../theirs/.git .git",
        "mkdir .git; cp ../theirs/.git/HEAD .git; echo ../../theirs/.git > .git/commondir",
        "mkdir .git; cd .git; cp ../../theirs/.git/HEAD .; for part in objects refs packed-refs; do ln -s ../../theirs/.git/$part $part; done",
        "cp -R ../theirs/.git .git",
        "git init -q .; mkdir -p .git/objects/info; echo \"$PWD/../theirs/.git/objects\" > .git/objects/info/alternates",
        "git init -q .; git config core.worktree ../../theirs",
        "mkdir sub; git init -q sub; echo 'gitdir: sub/.git' > .git",
        "echo 'gitdir: other' > .git; echo \"gitdir: $PWD/../theirs/.git\" > other",
    ] {
        let state = scene.planted(line).await;
        assert!(paused(&state, line).contains("A repository appeared in the workspace"), "{line}: {state:?}");
        scene.is_untouched(line);
        fs::remove_dir_all(scene.workspace()).unwrap();
        fs::create_dir(scene.workspace()).unwrap();
    }
    // What only looks like `.git`, or lies deeper, is not the workspace's.
    for line in
        ["cp -R ../theirs/.git .GIT", "cp -R ../theirs/.git '.git '", "cp -R ../theirs/.git 'git~1'", "mkdir sub; cp -R ../theirs/.git sub"]
    {
        let state = scene.planted(line).await;
        assert!(matches!(&state, State::Failed { error } if error.text.contains("not a git repository")), "{line}: {state:?}");
        scene.is_untouched(line);
    }
}

/// Threat: A command replaces the workspace's repository with another: another folder `.git`, another workspace, another source
/// of objects.
/// Stopped by: The pin identifies the folders of the repository by their inode numbers and ages. Baton follows no link on the
/// way to a branch.
/// Expects: The run is paused: "is not the one it was when this run began". Once the repository is back, the run can be
/// resumed.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_in_the_place_of_another_is_not_believed() {
    let scene = Scene::new().await;
    let workspace = scene.workspace();
    begin(&workspace);
    for (line, back) in [
        ("mv .git kept; cp -R ../theirs/.git .git", "rm -rf .git; mv kept .git"),
        ("mv .git ../kept; ln -s ../theirs/.git .git", "rm .git; mv ../kept .git"),
        ("mv .git ../kept; echo 'gitdir: ../theirs/.git' > .git", "rm .git; mv ../kept .git"),
        ("mv .git/refs .git/kept; ln -s ../../theirs/.git/refs .git/refs", "rm .git/refs; mv .git/kept .git/refs"),
        ("mv .git/objects .git/kept; cp -R ../theirs/.git/objects .git/objects", "rm -rf .git/objects; mv .git/kept .git/objects"),
        ("echo \"$PWD/../theirs/.git/objects\" > .git/objects/info/alternates", "rm .git/objects/info/alternates"),
        ("echo ../../theirs/.git > .git/commondir", "rm .git/commondir"),
        (
            "mv .git/refs/heads .git/kept; ln -s ../../../theirs/.git/refs/heads .git/refs/heads",
            "rm .git/refs/heads; mv .git/kept .git/refs/heads",
        ),
    ] {
        let run = scene.run_around(None, line, Some(worktree("story/planted"))).await;
        assert!(paused(&run.state, line).contains("is not the one it was when this run began"), "{line}: {:?}", run.state);
        scene.is_untouched(line);
        shell(&workspace, back);
        scene.host.app.kernel.resume(&run, None, &tester()).await.unwrap();
        scene.host.drive(&run.id).await;
        assert_eq!(scene.host.find(&run.id).await.state, State::Succeeded, "{line}");
    }
    let state = scene.planted("cd ..; mv workspace kept; mkdir workspace; cp -R theirs/. workspace").await;
    assert!(matches!(state, State::Paused { .. } | State::Failed { .. }), "{state:?}");
    scene.is_untouched("another workspace");
}

/// Threat: A command replaces the workspace's repository with another and waits for the run to end, so that Baton deletes the
/// branches of its worktrees there.
/// Stopped by: A worktree is bound to the repository that it was created from, also when it is released.
/// Expects: The run succeeds, and a branch of the same name in the other repository stays.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_tidied_up_in_another_repository() {
    let scene = Scene::new().await;
    begin(&scene.workspace());
    let run = scene.run_around(Some(worktree("story/one")), "mv .git ../kept; cp -R ../theirs/.git .git", None).await;
    assert_eq!(run.state, State::Succeeded);
    assert_eq!(git(&scene.workspace(), &["branch", "--list", "story/*"]), "story/one");
    scene.is_untouched("a copy is what the branch would go from");
}

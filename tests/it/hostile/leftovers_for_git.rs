//! Commands that write where a person's own git settings have git look: hooks, settings that are included, programs. What that
//! git does next is what it did before.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    process::Command,
};

use baton_tests::{
    docker::{self, IMAGE},
    host::{TestHost, output_of},
};
use serde_json::{Value, json};

/// A checkout as husky leaves it: hooks that are not committed, in a folder that is.
struct Scene {
    host: TestHost,
    /// Appears where a planted file was executed.
    marker: PathBuf,
}

impl Scene {
    async fn new(sandbox: Value) -> Self {
        let host = TestHost::with_settings(json!({ "sandbox": sandbox })).await;
        let marker = host.folder.path().join("pwned");
        let scene = Self { host, marker };
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        scene.git(&["config", "core.hooksPath", ".husky/_"]);
        scene.write(".husky/.gitignore", "_\n");
        scene.write(".husky/pre-commit", "echo tests >> ../ran\n");
        scene.commit();
        scene
    }

    /// The same with containers; none where there is no engine.
    async fn in_containers() -> Option<Self> {
        let images = json!({ "default": { "image": IMAGE, "memory-mib": 64, "ready": false } });
        if docker::ready() { Some(Self::new(json!({ "images": images })).await) } else { None }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.host.workspace().join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What husky writes when a person installs the project.
    fn install(&self) {
        self.write(".husky/_/pre-commit", "#!/bin/sh\nsh \"$(dirname \"$(dirname \"$0\")\")/pre-commit\"\n");
    }

    fn git(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.org", "-c", "safe.directory=*"]).args(arguments);
        command.current_dir(self.host.workspace()).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap()
    }

    /// What a person does next; whether nothing of a command's was executed by it.
    fn commit(&self) -> bool {
        self.git(&["status"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "Work"]);
        fs::remove_file(&self.marker).is_err()
    }

    /// What a line of shell came to that a command executed; `$EVIL` writes a file there that leaves the marker.
    async fn executed(&self, line: &str) -> Value {
        let evil = format!(
            "evil() {{ mkdir -p \"$(dirname \"$1\")\"; printf '#!/bin/sh\\ntouch {}\\n' > \"$1\"; chmod 755 \"$1\"; }}",
            self.marker.display()
        );
        let run =
            self.host.run(json!({ "do": "execute", "command": ["sh", "-c", format!("exec 2>&1; {evil}; {line}")], "timeout": 30 })).await;
        output_of(run)
    }

    fn exists(&self, path: &str) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }
}

fn text<'a>(outcome: &'a Value, stream: &str) -> &'a str {
    outcome[stream].as_str().unwrap()
}

/// How often a command was told that it may not write.
fn kept_out(said: &str) -> usize {
    said.matches("Read-only file system").count() + said.matches("Permission denied").count()
}

/// Threat: A command changes the hooks that `core.hooksPath` names in a user's repository, as husky sets it: their content,
/// their folder, the folder above.
/// Stopped by: What git settings have git execute is mounted read-only, as a copy. What took its place is moved out of the
/// workspace before the end of the command is reported.
/// Expects: "Read-only file system", "Permission denied" or "busy" in the container, which can read the hooks. `git commit`
/// executes the user's hooks or none.
#[tokio::test(flavor = "multi_thread")]
async fn the_hooks_of_a_person_are_read_and_not_changed() {
    let Some(scene) = Scene::in_containers().await else { return };
    scene.install();
    assert!(scene.commit() && fs::read_to_string(scene.host.folder.path().join("ran")).unwrap().contains("tests"), "the hook is executed");
    let line = "cat .husky/_/pre-commit; evil .husky/_/pre-commit; evil .husky/_/post-commit; evil .husky/post-commit; echo x >> .husky/pre-commit; \
                rm -rf .husky; mv .husky x; mv .husky/_ x; ln -s x .husky; ln -sfn x .husky/_; echo done";
    let outcome = scene.executed(line).await;
    let said = text(&outcome, "stdout");
    assert!(said.contains("dirname") && said.contains("done"), "{said}");
    assert!(kept_out(said) >= 4 && said.contains("busy"), "{said}");
    assert!(scene.commit(), "{said}");
    assert!(fs::read_to_string(scene.at(".husky/_/pre-commit")).unwrap().contains("dirname"));
    assert!(scene.git(&["status", "--porcelain"]).stdout.is_empty());
}

/// Threat: A command creates the hooks that `core.hooksPath` names where they are missing: as a folder, through a link, in
/// other letters; or replaces the folder that holds them with another folder or a link.
/// Stopped by: Baton notes the places that git settings lead to when the command starts, also where nothing exists, with each
/// link on the way, and checks them when it ends.
/// Expects: What the command created there is moved to the data directory and reported to the caller, the watchers and the
/// operator. `git commit` executes none of it.
#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_a_command_makes_are_not_executed() {
    let lines = [
        ("evil .husky/_/pre-commit", ".husky/_"),
        ("evil made/pre-commit; ln -s ../made .husky/_", ".husky/_"),
        ("mv .husky x; evil made/_/pre-commit; ln -s made .husky", ".husky"),
        ("mv .husky x; evil .husky/_/pre-commit", ".husky/_"),
        ("evil .HUSKY/_/pre-commit; evil .husky/_/pre-commit", ".HUSKY/_"),
    ];
    for (line, moved) in lines {
        let Some(scene) = Scene::in_containers().await else { return };
        // The folder that is committed cannot be changed; what lies above it can.
        scene.git(&["config", "core.hooksPath", ".husky/_/"]);
        fs::remove_dir_all(scene.at(".husky")).unwrap();
        let outcome = scene.executed(&format!("mkdir -p .husky; {line}")).await;
        assert!(text(&outcome, "stderr").contains(&format!("`{moved}`")), "{line}: {outcome}");
        assert!(scene.commit(), "{line}: {outcome}");
    }
}

/// Threat: A command changes or creates a file in the workspace that the user's git settings include, or that such a file
/// includes in turn, so that the next `git status` executes what it says.
/// Stopped by: Baton follows included files from one to the next, whatever their condition, and guards them like hooks. The
/// same holds for attributes and programs that settings name.
/// Expects: `git status` and `git commit` execute nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_persons_git_includes_are_not_changed() {
    let Some(scene) = Scene::in_containers().await else { return };
    scene.git(&["config", "include.path", "../team/settings"]);
    scene.git(&["config", "includeIf.onbranch:main.path", "../team/main"]);
    scene.git(&["config", "core.fsmonitor", "team/watch"]);
    scene.git(&["config", "filter.clean.clean", "sh team/clean.sh"]);
    scene.write("team/settings", "[include]\n\tpath = more\n[core]\n\thooksPath = team/hooks\n");
    scene.write("team/clean.sh", "cat\n");
    symlink("real", scene.at("linked")).unwrap();
    scene.git(&["config", "--add", "include.path", "../linked"]);
    let evil = format!("[core]\\n\\tfsmonitor = touch {}\\n", scene.marker.display());
    let line = format!(
        "echo x >> team/settings; printf '{evil}' > team/more; printf '{evil}' > team/main; printf '{evil}' > real; evil team/watch; evil team/hooks/pre-commit; \
         echo x >> team/clean.sh; mv team x; mkdir team; printf '{evil}' > team/settings; evil team/clean.sh; cp x/more x/main team"
    );
    let outcome = scene.executed(&line).await;
    assert!(kept_out(text(&outcome, "stdout")) >= 2, "{outcome}");
    assert!(scene.commit(), "{outcome}");
    assert!(["team/settings", "team/more", "team/main", "real", "team/clean.sh"].iter().all(|path| !scene.exists(path)), "{outcome}");
    assert!(fs::read_to_string(scene.at("x/settings")).unwrap().ends_with("hooks\n"), "what was there is kept");
}

/// Threat: A command that runs as a plain process, without isolation, leaves hooks, settings or programs for the user's git.
/// Stopped by: Baton sweeps the places that git settings lead to after such a command as well. What is committed may change,
/// because `git diff` shows that before a hook of that name is executed.
/// Expects: New and changed files that are not committed are moved away. A committed hook that was changed stays for review.
#[tokio::test(flavor = "multi_thread")]
async fn a_plain_process_leaves_no_hooks_either() {
    let scene = Scene::new(json!({ "engine": "process" })).await;
    scene.install();
    assert!(scene.commit());
    let outcome = scene
        .executed("evil .husky/_/pre-commit; evil .husky/_/post-commit; evil .husky/pre-push; echo '# work' >> .husky/pre-commit")
        .await;
    for path in [".husky/_/pre-commit", ".husky/_/post-commit", ".husky/pre-push"] {
        assert!(!scene.exists(path) && text(&outcome, "stderr").contains(&format!("`{path}`")), "{path}: {outcome}");
    }
    assert!(fs::read_to_string(scene.at(".husky/pre-commit")).unwrap().ends_with("# work\n"));
    assert!(scene.commit());
    let kept = Command::new("find").arg(scene.host.folder.path().join("data/sandbox/moved")).args(["-type", "f"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&kept.stdout).lines().count(), 3, "nothing is deleted");
}

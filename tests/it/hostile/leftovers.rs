//! Commands that leave something in their workspace for whoever comes after them: a person's shell, the next command, the
//! host's git. It is gone, or harmless, before anybody else looks.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
};

use baton_tests::{
    docker::{self, IMAGE},
    host::{TestHost, output_of},
};
use serde_json::{Value, json};

async fn host(ready: bool) -> Option<TestHost> {
    let images = json!({ "default": { "image": IMAGE, "memory-mib": 64, "ready": ready } });
    if !docker::ready() {
        return None;
    }
    Some(TestHost::with_settings(json!({ "sandbox": { "images": images } })).await)
}

/// What a line of shell came to.
async fn executed(host: &TestHost, line: &str) -> Value {
    let run = host.run(json!({ "do": "execute", "command": ["sh", "-c", format!("exec 2>&1; {line}")], "timeout": 30 })).await;
    output_of(run)
}

/// What lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A line of shell that makes a repository by whose settings `git status` executes a command.
fn repository(at: &str, marker: &Path) -> String {
    format!(
        "mkdir -p {at}/objects {at}/refs && echo ref: refs/heads/main > {at}/HEAD && printf '[core]\\n\\tbare = false\\n\\tworktree = .\\n\\tfsmonitor = touch {}\\n' > {at}/config",
        marker.display()
    )
}

/// What a person's prompt does in a folder.
fn status(folder: &Path) {
    let set = [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ];
    let _whatever = Command::new("git").arg("status").current_dir(folder).envs(set).output().unwrap();
}

/// Threat: A command creates a repository, or a data directory of Baton, at the top of a workspace that has none, or that lies
/// below a repository: as a folder, a file or a link, in other letters, moved there or in its place.
/// Stopped by: `.git` and `.baton` are covered in every container, whether they exist or not. Baton removes the cover
/// afterwards.
/// Expects: "Read-only file system" or "busy" in the container. Afterwards the workspace contains nothing of that name, and the
/// repository above it is unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn no_repository_appears_at_the_top_of_a_workspace() {
    let tries = "echo gitdir: /elsewhere > .git; mkdir -p .git/objects; echo x > .git/config; ln -s /elsewhere .git/link; \
                 mkdir made && mv made .git; ln -sfn made .git; mv .git taken; rm -rf .git .baton; rmdir .git; echo x > .baton/baton.db; mkdir -p .baton/plugins; \
                 mv .baton taken; ls -A .git .baton; cp -r made .GIT; echo gitdir: /elsewhere > .Git; mkdir -p .BATON/x";
    for below in [false, true] {
        let Some(host) = host(false).await else { return };
        if below {
            assert!(Command::new("git").args(["init", "--quiet"]).arg(host.folder.path()).status().unwrap().success());
        }
        let before = below.then(|| fs::read_to_string(host.folder.path().join(".git/config")).unwrap());
        let outcome = executed(&host, tries).await;
        let said = outcome["stdout"].as_str().unwrap();
        assert!(said.matches("Read-only file system").count() >= 4 && said.contains("busy"), "{said}");
        let left = names(&host.workspace());
        assert!(left.iter().all(|name| name == "made" || name == "taken"), "{left:?}");
        assert_eq!(before, below.then(|| fs::read_to_string(host.folder.path().join(".git/config")).unwrap()));
    }
}

/// Threat: A command leaves a repository in a folder of the workspace, or turns a folder into one, whose settings make a user's
/// `git status` execute a command.
/// Stopped by: Before the end of the command is reported, the host checks the workspace: what git would find and was not there
/// before is moved out of it, or renamed.
/// Expects: `git status` executes nothing in any folder. The files beside it stay, Baton keeps what it moved in the data
/// directory, and reports it to the caller, the watchers and the operator.
#[tokio::test(flavor = "multi_thread")]
async fn no_repository_that_a_command_leaves_is_believed() {
    let Some(host) = host(false).await else { return };
    let marker = host.folder.path().join("pwned");
    let control = host.folder.path().join("control");
    fs::create_dir(&control).unwrap();
    let planted = |at: &str| repository(at, &marker);
    assert!(Command::new("sh").args(["-c", &planted(".git")]).current_dir(&control).status().unwrap().success());
    status(&control);
    assert!(fs::remove_file(&marker).is_ok(), "such a repository has commands executed");
    let line = [
        planted("inner/.git"),
        "echo kept > inner/file; mkdir file link closed".to_owned(),
        planted("hidden"),
        "echo gitdir: ../hidden > file/.git; ln -s ../hidden link/.git".to_owned(),
        planted("closed/.git"),
        "chmod 000 closed".to_owned(),
        planted("."),
        "echo done".to_owned(),
    ];
    let run = host.run(json!({ "do": "execute", "command": ["sh", "-c", line.join("; ")], "timeout": 30 })).await;
    let outcome = run.output.unwrap();
    assert_eq!(outcome["stdout"], "done\n", "{outcome}");
    let workspace = host.workspace();
    for folder in ["", "inner", "file", "link", "hidden", "closed", "objects"] {
        status(&workspace.join(folder));
        assert!(!marker.exists(), "`git status` in {folder:?} executed what a command had planted");
    }
    assert_eq!(names(&workspace.join("inner")), ["file"]);
    let told = outcome["stderr"].as_str().unwrap();
    assert!(told.contains("`inner/.git`") && told.contains("`hidden/HEAD`"), "{told}");
    let events = host.events(&run.id).await;
    let swept = events.iter().find(|event| event.draft.name == "swept").unwrap();
    let moved = swept.draft.data["traces"].as_array().unwrap().iter().find(|trace| trace["path"] == "inner/.git").unwrap();
    let kept = Path::new(moved["to"].as_str().unwrap());
    assert!(fs::read_to_string(kept.join("config")).unwrap().contains("fsmonitor"));
    status(kept);
    assert!(!marker.exists(), "nor does it where it is kept");
}

/// Threat: A command changes a repository in a folder of the workspace: its settings, or by putting another in its place after
/// moving the folder above it.
/// Stopped by: Each existing repository is covered, wherever its folder is moved to. One that takes its place was not there
/// before.
/// Expects: Nothing of it is read or changed, not even by a container that was started before the repository existed. What took
/// its place is moved away.
#[tokio::test(flavor = "multi_thread")]
async fn repositories_in_folders_are_covered_and_not_exchanged() {
    let Some(host) = host(true).await else { return };
    let repository = host.workspace().join("vendor/lib/.git");
    let tree = host.workspace().join("vendor/tree");
    // The container that waits from now on knows of no repository.
    executed(&host, "mkdir -p vendor/tree").await;
    let begun = std::time::Instant::now();
    while !docker::containers(&host.folder.path().join("data")).iter().any(|name| name.starts_with("baton-ready-")) {
        assert!(begun.elapsed().as_secs() < 20, "no container waits");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    fs::create_dir_all(repository.join("hooks")).unwrap();
    fs::write(repository.join("config"), "a secret").unwrap();
    fs::write(tree.join(".git"), "gitdir: a secret\n").unwrap();
    let tries = "cat vendor/lib/.git/config vendor/tree/.git; echo x > vendor/lib/.git/config; echo x > vendor/lib/.git/hooks/post-checkout; \
                 rm -rf vendor/lib/.git; mv vendor/lib/.git x; mv vendor moved; echo y > moved/lib/.git/config; cat moved/lib/.git/config moved/tree/.git; \
                 mkdir -p vendor/lib/.git vendor/tree; echo evil > vendor/lib/.git/config; echo gitdir: evil > vendor/tree/.git";
    let outcome = executed(&host, tries).await;
    assert!(!outcome["stdout"].as_str().unwrap().contains("secret"), "{outcome}");
    assert!(outcome["stderr"].as_str().unwrap().contains("`vendor/lib/.git`"), "{outcome}");
    let moved = host.workspace().join("moved/lib/.git");
    assert_eq!(
        (names(&moved), fs::read_to_string(moved.join("config")).unwrap()),
        (vec!["config".to_owned(), "hooks".to_owned()], "a secret".to_owned())
    );
    assert!(names(&moved.join("hooks")).is_empty() && names(repository.parent().unwrap()).is_empty());
    host.app.close().await;
}

/// Threat: A command leaves files that give more rights than they should to a user who executes or reads them: the set-user-id
/// and set-group-id bits, pipes, sockets, folders that cannot be opened.
/// Stopped by: The host checks the workspace before the end of the command is reported.
/// Expects: No such bit, pipe or socket is left. What was there before keeps its bits. The owner of a folder can open it.
#[tokio::test(flavor = "multi_thread")]
async fn no_rights_and_no_pipes_are_left_behind() {
    let Some(host) = host(false).await else { return };
    let own = host.workspace().join("own");
    fs::write(&own, "x").unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o4750)).unwrap();
    let line = "cp /bin/busybox user; chmod 4755 user; cp /bin/busybox group; chmod 2755 group; mkfifo pipe; mknod null c 1 3; mknod white c 0 0; \
                nc -l -U socket & sleep 0.2; mkdir -p shut/in; cp /bin/busybox shut/in/user; chmod 6777 shut/in/user; chmod 0 shut/in shut";
    let outcome = executed(&host, line).await;
    let mode = |path: &str| fs::symlink_metadata(host.workspace().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("user"), mode("group"), mode("shut/in/user"), mode("own") & 0o7000), (0o755, 0o755, 0o777, 0o4000), "{outcome}");
    assert!(mode("shut") & 0o500 == 0o500 && mode("shut/in") & 0o500 == 0o500);
    let special = |entry: fs::DirEntry| {
        let kind = entry.file_type().unwrap();
        kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device()
    };
    assert!(!fs::read_dir(host.workspace()).unwrap().any(|entry| special(entry.unwrap())));
    assert!(outcome["stderr"].as_str().unwrap().contains("`user`") && outcome["stderr"].as_str().unwrap().contains("`pipe`"), "{outcome}");
}

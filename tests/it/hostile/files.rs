//! No path leads out of a workspace, whoever made the links in it and whenever.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use baton_tests::hostile::{Stage, output};
use serde_json::{Value, json};

const SECRET: &str = "the secret outside";

/// A stage whose workspace lies beside a secret, with links to it.
async fn stage() -> Stage {
    let stage = Stage::new().await;
    let (outside, workspace) = (stage.host.folder.path(), stage.host.workspace());
    fs::create_dir(outside.join("outside")).unwrap();
    fs::write(outside.join("outside/content"), SECRET).unwrap();
    fs::create_dir_all(workspace.join(".git")).unwrap();
    fs::write(workspace.join(".git/config"), SECRET).unwrap();
    symlink(outside.join("outside"), workspace.join("folder-link")).unwrap();
    symlink("../outside/content", workspace.join("file-link")).unwrap();
    symlink("..", workspace.join("up")).unwrap();
    symlink("loop", workspace.join("loop")).unwrap();
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_workspace() {
    let stage = stage().await;
    let absolute = stage.host.folder.path().join("outside/content");
    let (long_name, long_path) = ("n".repeat(256), "p/".repeat(3000));
    let paths = [
        "../outside/content",
        "a/../../outside/content",
        "./../outside/content",
        absolute.to_str().unwrap(),
        "//etc/passwd",
        "/proc/self/environ",
        "folder-link/content",
        "folder-link/planted",
        "up/outside/content",
        "loop/content",
        "..\\outside\\content",
        "C:\\outside",
        "outside\0content",
        "\u{2025}/outside/content",
        "\u{ff0e}\u{ff0e}/outside/content",
        "\u{2e}\u{200b}\u{2e}/outside/content",
        "..\u{2215}outside\u{2215}content",
        "%2e%2e/outside/content",
        ".git/config",
        ".GIT/config",
        ".git/../.git/config",
        ".baton/state",
        "",
        ".",
        "..",
        &long_name,
        &long_path,
    ];
    let run = stage.play("leave_workspace", json!({ "paths": paths })).await;
    let answers = output(&run);
    assert!(!answers.to_string().contains(SECRET), "{answers}");
    for tried in answers["tried"].as_array().unwrap() {
        let (path, way) = (tried["path"].as_str().unwrap(), tried["way"].as_str().unwrap());
        // Names that only look like `..` are names like any other.
        let lookalike = ["\u{2025}", "\u{ff0e}", "\u{2e}\u{200b}", "..\u{2215}", "%2e"].iter().any(|beginning| path.starts_with(beginning));
        match tried["refused"].as_str() {
            Some(refusal) => assert!(refusal.ends_with('.') && !refusal.contains(char::is_control), "{path:?} {way}: {refusal}"),
            None => assert!(lookalike, "{path:?} {way}: {tried}"),
        }
    }
    let found: Vec<_> = answers["found"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(!found.iter().any(|path| path.contains("content") && !path.contains("outside")), "{found:?}");
    nothing_happened_outside(&stage);
    assert_eq!(fs::read_to_string(stage.host.workspace().join(".git/config")).unwrap(), SECRET);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_itself_removed_and_never_what_it_leads_to() {
    let stage = stage().await;
    let run = stage.play("leave_workspace", json!({ "paths": ["file-link", "folder-link"] })).await;
    assert!(!output(&run).to_string().contains(SECRET), "{}", output(&run));
    nothing_happened_outside(&stage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_appears_in_the_middle_of_a_call_is_not_followed() {
    let stage = Stage::with_settings(json!({})).await;
    let (root, workspace) = (stage.host.folder.path().to_owned(), stage.host.workspace());
    fs::create_dir(root.join("outside")).unwrap();
    fs::write(root.join("outside/content"), SECRET).unwrap();
    let done = AtomicBool::new(false);
    let (played, swaps) = std::thread::scope(|threads| {
        let swapping = threads.spawn(|| {
            let (swapped, mut swaps) = (workspace.join("swapped"), 0_u64);
            while !done.load(Ordering::Relaxed) {
                // The guest makes the folder too, so that any of these may come too late.
                let _ = fs::create_dir(&swapped).and_then(|()| fs::write(swapped.join("content"), "the content inside"));
                let _ = fs::remove_dir_all(&swapped);
                swaps += u64::from(symlink(root.join("outside"), &swapped).is_ok());
                let _ = fs::remove_file(&swapped);
            }
            swaps
        });
        let played =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(stage.play("race_links", json!({ "times": 300 }))));
        done.store(true, Ordering::Relaxed);
        (played, swapping.join().unwrap())
    });
    let answers = output(&played);
    assert!(swaps > 300, "it was swapped {swaps} times");
    assert!(!answers.to_string().contains(SECRET), "{answers}");
    for refusal in answers["refused"].as_array().unwrap() {
        assert!(refusal.as_str().unwrap().ends_with('.'), "{refusal}");
    }
    nothing_happened_outside(&stage);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_settings_lead_to_is_not_written() {
    let stage = Stage::new().await;
    let (workspace, marker) = (stage.host.workspace(), stage.host.folder.path().join("pwned"));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.org", "-c", "safe.directory=*"]).args(arguments);
        command.current_dir(&workspace).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap()
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    for (key, value) in [("core.hooksPath", ".husky/_"), ("core.fsmonitor", "./tools/monitor"), ("include.path", "../shared.inc")] {
        git(&["config", key, value]);
    }
    fs::create_dir_all(workspace.join(".husky/_")).unwrap();
    fs::write(workspace.join(".husky/_/post-commit"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(workspace.join(".husky/_/post-commit"), fs::Permissions::from_mode(0o755)).unwrap();
    let paths = [
        ".husky/_/pre-commit",
        ".husky/_/post-commit",
        ".Husky/_/post-commit",
        ".husky/_./post-commit",
        ".husky\u{200d}/_/post-commit",
        ".husky/post-index-change",
        "tools/monitor",
        "shared.inc",
        "Shared.inc",
    ];
    let program = format!("#!/bin/sh\ntouch {}\n", marker.display());
    let run = stage.play("plant_hooks", json!({ "program": program, "paths": paths })).await;
    let tried = output(&run).as_array().unwrap();
    assert_eq!(tried.len(), 2 * paths.len());
    for answer in tried {
        assert!(answer[1].as_str().is_some_and(|refusal| refusal.contains("Git settings lead to")), "{answer}");
    }
    git(&["status"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "Work"]);
    assert!(!marker.exists());
    assert_eq!(fs::read_to_string(workspace.join(".husky/_/post-commit")).unwrap(), "#!/bin/sh\n");
}

fn nothing_happened_outside(stage: &Stage) {
    let outside = stage.host.folder.path().join("outside");
    let names: Vec<_> = fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["content"]);
    assert_eq!(fs::read_to_string(outside.join("content")).unwrap(), SECRET);
}

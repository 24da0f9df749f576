//! Commands that mean harm, in real containers with narrow limits. Each is stopped by what its test says, and the next
//! command of the same host works as if nothing were.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use baton::kernel::run::State;
use baton_tests::{
    docker::{self, IMAGE},
    host::{TestHost, output_of, tester},
};
use serde_json::{Value, json};

async fn host() -> Option<TestHost> {
    with(json!({})).await
}

/// A host with narrow limits and these settings of the sandbox.
async fn with(mut sandbox: Value) -> Option<TestHost> {
    if !docker::ready() {
        return None;
    }
    let narrow = json!({ "image": IMAGE, "memory-mib": 64, "processes": 32, "temporary-mib": 8, "cpus": 0.5, "ready": false });
    sandbox["images"] = json!({ "default": narrow });
    Some(TestHost::with_settings(json!({ "sandbox": sandbox })).await)
}

/// What a line of shell came to within so many seconds.
async fn within(host: &TestHost, timeout: u32, line: &str) -> Value {
    let run = host.run(json!({ "do": "execute", "command": ["sh", "-c", line], "timeout": timeout })).await;
    output_of(run)
}

/// What a line of shell printed, complaints among it.
async fn said(host: &TestHost, line: &str) -> String {
    let outcome = within(host, 30, &format!("exec 2>&1; {line}")).await;
    outcome["stdout"].as_str().unwrap().to_owned()
}

async fn goes_on(host: &TestHost) {
    assert_eq!(said(host, "echo well").await, "well\n");
}

/// Threat: A command starts processes that start processes, without end.
/// Stopped by: The image's limit `processes`, enforced by the kernel for the whole container.
/// Expects: "can't fork: Resource temporarily unavailable". The command ends, or is ended at its timeout, and nothing of it
/// remains.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_ends_at_the_limit_of_processes() {
    let Some(host) = host().await else { return };
    assert_eq!(said(&host, "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null").await, "32\n");
    let outcome = within(&host, 5, "bomb() { bomb | bomb & }; bomb; sleep 3").await;
    assert!(outcome["stderr"].as_str().unwrap().contains("can't fork: Resource temporarily unavailable"), "{outcome}");
    goes_on(&host).await;
}

/// Threat: A command allocates memory without end: for itself, as files in `/tmp`, or as shared memory.
/// Stopped by: The image's limit `memory-mib`, which includes `/tmp` and `/dev/shm`, without swap.
/// Expects: The outcome is `out-of-memory`, or an error of the program that writes into a folder limited to 8 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn a_memory_bomb_ends_at_the_limit_of_memory() {
    let Some(host) = host().await else { return };
    let limit = said(&host, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null").await;
    assert_eq!(limit, format!("{}\n", 64 << 20));
    let outcome = within(&host, 30, "head -c 1000000000 /dev/zero | tail").await;
    assert_eq!(outcome["ending"], "out-of-memory", "{outcome}");
    for folder in ["/tmp", "/var/tmp"] {
        let full = said(&host, &format!("head -c 100000000 /dev/zero > {folder}/x; wc -c < {folder}/x")).await;
        assert!(full.contains("error") && full.ends_with(&format!("{}\n", 8 << 20)), "{folder}: {full}");
    }
    let shared = within(&host, 30, "head -c 100000000 /dev/zero > /dev/shm/x").await;
    assert_ne!(shared["exit-code"], 0, "{shared}");
    goes_on(&host).await;
}

/// Threat: A command fills the disk of the container, or that of the workspace, which it may write.
/// Stopped by: The container's root is read-only. Baton checks the workspace's disk before the command and twice a second, and
/// ends the command while `keep-free-mib` are left.
/// Expects: "Read-only file system". The run is paused for its operator, with "The disk of the workspace is nearly full"; no
/// model is told, and resuming the run executes the command again.
#[tokio::test(flavor = "multi_thread")]
async fn the_disk_is_not_filled() {
    let Some(host) = with(json!({ "keep-free-mib": mebibytes_free() - 100 })).await else { return };
    let line = "echo tried >> tries; test -e big || { head -c 400000000 /dev/zero > big; sleep 20; }; echo well";
    let run = host.run(json!({ "do": "execute", "command": ["sh", "-c", line] })).await;
    assert!(matches!(&run.state, State::Paused { pause } if pause.reason.contains("The disk of the workspace is nearly full")), "{run:?}");
    assert!(docker::containers(&host.folder.path().join("data")).is_empty(), "it is not found again");
    let host = host.restarted_with(json!({ "sandbox": { "images": { "default": { "image": IMAGE, "ready": false } } } })).await;
    host.app.kernel.resume(&host.find(&run.id).await, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output.unwrap()["stdout"], "well\n");
    let root = said(&host, "for place in / /bin /etc /usr /var /dev /sys /proc; do echo x > $place/x; done").await;
    assert_eq!(
        root.matches("Read-only file system").count()
            + root.matches("ermission denied").count()
            + root.matches("nonexistent directory").count(),
        8,
        "{root}"
    );
    assert!(root.matches("Read-only file system").count() >= 3, "{root}");
}

/// What the disk of temporary files has left.
fn mebibytes_free() -> u64 {
    let told = Command::new("df").args(["--output=avail", "-B1M"]).arg(std::env::temp_dir()).output().unwrap().stdout;
    String::from_utf8(told).unwrap().lines().nth(1).and_then(|line| line.trim().parse().ok()).unwrap()
}

/// Threat: A command connects to the network: to servers of this machine, to the engine, to the internet.
/// Stopped by: An empty network of its own, unless the operator's image sets `network = true`. The engine's socket is not
/// mounted.
/// Expects: It has one interface, its own loopback; "Network is unreachable" or "Connection refused".
#[tokio::test(flavor = "multi_thread")]
async fn the_network_is_out_of_reach() {
    let Some(host) = host().await else { return };
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let interfaces = said(&host, "grep -c : /proc/net/dev; grep -c lo: /proc/net/dev").await;
    assert_eq!(interfaces, "1\n1\n");
    for address in ["127.0.0.1", "172.17.0.1", "1.1.1.1", "169.254.169.254"] {
        let reached = within(&host, 10, &format!("nc -w 2 {address} {port} </dev/null")).await;
        assert_ne!(reached["exit-code"], 0, "{address}: {reached}");
    }
    assert!(listener.accept().is_err(), "nobody came");
    assert!(said(&host, "ls /var/run/docker.sock /run/docker.sock").await.matches("No such file").count() == 2);
}

/// Threat: A command reads other data of this machine: files outside the workspace, by `..`, by links, by `/proc`; the
/// environment of the host; other processes.
/// Stopped by: A file system of its own, in which only the workspace is mounted; separate processes and users.
/// Expects: "No such file or directory". The command sees only its own processes, and only the variables of the image and its
/// own.
#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_not_seen() {
    let Some(host) = host().await else { return };
    let secret = host.folder.path().join("secret");
    fs::write(&secret, "a secret of the host").unwrap();
    let secret = secret.display();
    let tries = format!(
        "ln -s {secret} link; ln -s ../secret up; cat link up {secret} ../secret /workspace/../secret /proc/1/root{secret} /proc/1/cwd/../secret; ln {secret} hard; ls {}",
        host.folder.path().display()
    );
    let found = said(&host, &tries).await;
    assert!(!found.contains("a secret") && found.matches("No such file or directory").count() >= 8, "{found}");
    // A program that the shell is about to become goes by `exe`.
    assert_eq!(said(&host, "ps -o comm | grep -v -e COMMAND -e ps -e sh -e grep -e exe; echo").await, "\n");
    fs::create_dir_all(host.workspace().join(".baton/data")).unwrap();
    fs::write(host.workspace().join(".baton/data/key"), "a secret of the host").unwrap();
    let covered = said(&host, "cat .baton/data/key; echo x > .baton/y; rm -rf .baton; mv .baton elsewhere; ls -A .baton").await;
    assert!(!covered.contains("a secret"), "{covered}");
    assert_eq!(fs::read_to_string(host.workspace().join(".baton/data/key")).unwrap(), "a secret of the host");
    let variables = said(&host, "env").await;
    let names: Vec<_> = variables.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(names.iter().all(|name| ["PATH", "HOME", "HOSTNAME", "PWD", "SHLVL", "OLDPWD"].contains(name)), "{variables}");
}

/// Threat: A command raises its privileges: to root, by a file with the set-user-id bit, by `su`; new mounts, devices,
/// namespaces; settings of the kernel.
/// Stopped by: A user who is not root, no capability, `no-new-privileges`, and the engine's own filter of system calls.
/// Expects: "Operation not permitted" or "Permission denied" for each. The status of the process shows the same.
#[tokio::test(flavor = "multi_thread")]
async fn privileges_are_not_raised() {
    let Some(host) = host().await else { return };
    let status = said(&host, "grep -E '^(NoNewPrivs|Seccomp|Cap...):' /proc/self/status; id -u").await;
    let words: Vec<_> = status.split_whitespace().collect();
    let none = "0000000000000000";
    let expected =
        ["CapInh:", none, "CapPrm:", none, "CapEff:", none, "CapBnd:", none, "CapAmb:", none, "NoNewPrivs:", "1", "Seccomp:", "2"];
    assert_eq!(words[..expected.len()], expected, "{status}");
    assert_ne!(words[expected.len()..], ["0"], "nobody is root");
    for attempt in [
        "mount -t tmpfs x /workspace",
        "mount -o remount,rw /",
        "umount /workspace",
        "mknod /tmp/disk b 8 0",
        "unshare -U true",
        "unshare -m true",
        "chown 0 /workspace",
        "su -c true",
        "echo 1 > /proc/sys/kernel/sysrq",
        "echo b > /proc/sysrq-trigger",
        "cp /bin/busybox /tmp/root && chown 0:0 /tmp/root",
        "kill -9 0 -1 2>/dev/null; kill -0 2",
    ] {
        let outcome = within(&host, 10, attempt).await;
        assert_ne!(outcome["exit-code"], 0, "{attempt}: {outcome}");
    }
    goes_on(&host).await;
}

/// Threat: A command changes the workspace's repository: hooks and settings that git executes on the host.
/// Stopped by: `.git` is covered in the container, whether it is a folder or the file of a worktree, and cannot be moved. A
/// link in its place is rejected.
/// Expects: The command reads nothing of it, and it is unchanged on the host.
#[tokio::test(flavor = "multi_thread")]
async fn the_repository_is_neither_read_nor_changed() {
    let Some(host) = host().await else { return };
    let tries = "cat .git .git/config; echo 'gitdir: evil' > .git; echo x > .git/config; mkdir -p .git/hooks; rm -rf .git; mv .git elsewhere; ln -sf evil .git; ls -A .git";
    let git = host.workspace().join(".git");
    fs::write(&git, "gitdir: /home/somebody/secret\n").unwrap();
    let seen = said(&host, tries).await;
    assert!(!seen.contains("secret"), "{seen}");
    assert_eq!(fs::read_to_string(&git).unwrap(), "gitdir: /home/somebody/secret\n");
    fs::remove_file(&git).unwrap();
    fs::create_dir(&git).unwrap();
    fs::write(git.join("config"), "[core] secret\n").unwrap();
    let seen = said(&host, tries).await;
    assert!(!seen.contains("secret"), "{seen}");
    let left: Vec<_> = fs::read_dir(&git).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((left, fs::read_to_string(git.join("config")).unwrap()), (vec!["config".into()], "[core] secret\n".to_owned()));
    fs::remove_dir_all(&git).unwrap();
    for link in [".git", ".baton"] {
        std::os::unix::fs::symlink("elsewhere", host.workspace().join(link)).unwrap();
        let run = host.run(json!({ "do": "execute", "command": ["true"] })).await;
        assert!(matches!(&run.state, State::Failed { error } if error.text.contains("is a link")), "{:?}", run.state);
        fs::remove_file(host.workspace().join(link)).unwrap();
    }
}

/// Threat: A command leaves links in the workspace that lead outside, for the host to follow when a plugin reads, or when the
/// host gives the next container access.
/// Stopped by: The host opens what is in a workspace one name at a time, and follows no link.
/// Expects: Reading is rejected. The target of the link keeps its content, its mode and its access list.
#[tokio::test(flavor = "multi_thread")]
async fn links_that_a_command_leaves_lead_nowhere() {
    let Some(host) = host().await else { return };
    let outside = host.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "private").unwrap();
    let closed = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    closed(&outside.join("file"), 0o600);
    closed(&outside, 0o700);
    let line = format!("mkdir out; ln -s {0} out/folder; ln -s {0}/file out/file; ln -s / out/root; echo made", outside.display());
    assert_eq!(said(&host, &line).await, "made\n");
    goes_on(&host).await;
    for path in ["out/file", "out/folder/file", "out/root/etc/passwd"] {
        let run = host.run(json!({ "do": "read", "path": path })).await;
        assert!(matches!(run.state, State::Failed { .. }), "{path}: {:?}", run.output);
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&outside), mode(&outside.join("file"))), (0o700, 0o600));
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "private");
}

/// Threat: A command prints without end.
/// Stopped by: Limits on what is kept: 64 KiB of each stream in the answer, 16 MiB as an artifact, 256 KiB in events, two files
/// of 24 MB in the engine.
/// Expects: The command runs until its timeout. What is kept says how much is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_is_kept_in_part() {
    let Some(host) = host().await else { return };
    let run = host.run(json!({ "do": "execute", "command": ["yes", "a flood of words"], "timeout": 8 })).await;
    let outcome = run.output.unwrap();
    assert_eq!(outcome["ending"], "timed-out");
    let kept = outcome["stdout"].as_str().unwrap();
    assert!(kept.contains(" left out") && (63 << 10..65 << 10).contains(&kept.len()), "{}", kept.len());
    let whole = host.app.artifacts().load(outcome["output"].as_str().unwrap()).await.unwrap();
    let end = &whole[whole.len() - 80..];
    assert!(whole.len() < (16 << 20) + 200 && end.contains(" bytes more were printed and are not kept]"), "{} {end}", whole.len());
    let events = host.events(&run.id).await;
    let told: usize = events.iter().filter_map(|event| event.draft.data["text"].as_str()).map(str::len).sum();
    assert!((200 << 10..300 << 10).contains(&told), "{told}");
    goes_on(&host).await;
}

/// Threat: A command leaves processes running after it has ended.
/// Stopped by: The container ends with the command, with everything in it. The next command has another container.
/// Expects: Nothing more is written, and the next command sees neither the processes nor what they left in `/tmp`.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_on_after_the_end() {
    let Some(host) = host().await else { return };
    let left = "touch /tmp/left && ls /tmp; (trap '' HUP TERM; while :; do echo more >> log; sleep 0.1; done) >/dev/null 2>&1 & sleep 0.5";
    assert_eq!(said(&host, left).await, "left\n");
    let lines = || fs::read_to_string(host.workspace().join("log")).unwrap().lines().count();
    let before = lines();
    assert!(before > 0);
    assert_eq!(said(&host, "ls /tmp; sleep 0.5").await, "");
    assert_eq!(lines(), before);
}

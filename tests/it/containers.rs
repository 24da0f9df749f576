//! Commands in real containers: how they end, what is kept of what they say, and that each is executed once, whatever
//! becomes of the host.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use baton::{
    journal::{EntryState, NeedKind, Needed, RunId, Wait},
    kernel::run::{Run, State},
};
use baton_tests::{
    PROBE,
    docker::{self, IMAGE, containers, docker},
    host::{TestHost, output_of, tester},
    program,
    registry::{self, Registry},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A host whose images are that of the tests.
async fn host() -> Option<TestHost> {
    if !docker::ready() {
        return None;
    }
    let narrow =
        |ready: bool| json!({ "image": IMAGE, "memory-mib": 64, "processes": 32, "temporary-mib": 8, "timeout-s": 100, "ready": ready });
    let images = json!({ "default": narrow(false), "warm": narrow(true), "nowhere": { "image": "localhost:1/no/such:image" } });
    Some(TestHost::with_settings(json!({ "sandbox": { "images": images } })).await)
}

/// What a line of shell came to.
async fn shell(host: &TestHost, line: &str) -> Value {
    execute(host, json!({ "command": ["sh", "-c", line] })).await
}

async fn execute(host: &TestHost, job: Value) -> Value {
    let run = started(host, job).await;
    output_of(run)
}

/// Why a job was refused.
async fn refused(host: &TestHost, job: Value) -> String {
    match started(host, job).await.state {
        State::Failed { error } => error.text,
        other => panic!("{other:?}"),
    }
}

async fn started(host: &TestHost, mut job: Value) -> Run {
    job["do"] = json!("execute");
    host.run(job).await
}

fn ended(outcome: &Value) -> (&str, i64) {
    (outcome["ending"].as_str().unwrap(), outcome["exit-code"].as_i64().unwrap())
}

/// Waits for `done`, at most twenty seconds.
async fn until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn data(host: &TestHost) -> std::path::PathBuf {
    host.folder.path().join("data")
}

/// The containers that are commands, and none that waits for one.
fn commands(data: &Path) -> Vec<String> {
    containers(data).into_iter().filter(|name| !name.starts_with("baton-ready-")).collect()
}

/// An image that lies in a registry and nowhere else.
fn pushed(registry: &Registry) -> String {
    let image = format!("{}/fetched/image:1", registry.host());
    docker::import(&image, |root| fs::write(root.join("from-afar"), &image).unwrap());
    docker(&["push", "--quiet", &image]).expect("the image can be pushed");
    docker(&["rmi", &image]).unwrap();
    image
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_missing_is_fetched_once_and_its_progress_told() {
    let (true, Some(program)) = (docker::ready(), registry::program()) else { return };
    let registry = Registry::start(&program);
    let image = pushed(&registry);
    let host = TestHost::with_settings(json!({ "sandbox": { "images": { "default": { "image": image, "ready": false } } } })).await;
    let run = started(&host, json!({ "command": ["cat", "/from-afar"] })).await;
    assert_eq!(run.output.as_ref().map(|output| &output["stdout"]), Some(&json!(image)), "{:?}", run.state);
    let pulling = |events: Vec<baton::events::Event>| events.iter().filter(|event| event.draft.name == "pulling").count();
    assert!(pulling(host.events(&run.id).await) > 0, "nobody was told");
    drop(registry);
    let again = started(&host, json!({ "command": ["true"] })).await;
    assert_eq!((again.state, pulling(host.events(&again.id).await)), (State::Succeeded, 0));
    host.app.close().await;
    let _ = docker(&["rmi", "--force", &image]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_works_in_the_workspace_and_ends_with_its_own_word() {
    let Some(host) = host().await else { return };
    fs::write(host.workspace().join("in.txt"), "from the host").unwrap();
    let line = "pwd; cat in.txt; echo $A $HOME >&2; echo made > out.txt; echo more >> in.txt; exit 3";
    let outcome = execute(&host, json!({ "command": ["sh", "-c", line], "env": [["A", "b c"]] })).await;
    assert_eq!(ended(&outcome), ("exited", 3), "{outcome}");
    assert_eq!(outcome["stdout"], "/workspace\nfrom the host");
    assert_eq!(outcome["stderr"], "b c /tmp\n");
    assert_eq!(outcome["output"], Value::Null);
    assert_eq!(fs::read_to_string(host.workspace().join("out.txt")).unwrap(), "made\n");
    assert_eq!(fs::read_to_string(host.workspace().join("in.txt")).unwrap(), "from the hostmore\n");
    until(|| commands(&data(&host)).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_are_told_apart() {
    let Some(host) = host().await else { return };
    let missing = execute(&host, json!({ "command": ["no-such-program"] })).await;
    assert_eq!(ended(&missing), ("exited", 127), "{missing}");
    assert!(missing["stderr"].as_str().unwrap().contains("no-such-program"), "{missing}");
    assert_eq!(ended(&execute(&host, json!({ "command": ["/etc/passwd"] })).await), ("exited", 126));
    assert_eq!(ended(&shell(&host, "kill -SEGV $$").await).0, "exited");
    let late = execute(&host, json!({ "command": ["sleep", "60"], "timeout": 1 })).await;
    assert_eq!(ended(&late), ("timed-out", 137), "{late}");
    assert!((1000..15_000).contains(&late["took"].as_u64().unwrap()), "{late}");
    let greedy = shell(&host, "head -c 200000000 /dev/zero | tail").await;
    assert_eq!(ended(&greedy), ("out-of-memory", 137), "{greedy}");
    assert_eq!(ended(&shell(&host, "echo well").await), ("exited", 0), "the next is not held to what the one before did");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_somebody_kills_was_killed() {
    let Some(host) = host().await else { return };
    let run = host.start(json!({ "do": "execute", "command": ["sleep", "60"] })).await;
    let name = format!("baton-{}-1", run.id);
    let killer = tokio::spawn(async move {
        until(|| docker(&["kill", &name]).is_some()).await;
    });
    host.drive(&run.id).await;
    killer.await.unwrap();
    assert_eq!(ended(&host.find(&run.id).await.output.unwrap()), ("killed", 137));
}

#[tokio::test(flavor = "multi_thread")]
async fn output_is_told_while_it_comes_and_kept_whole() {
    let Some(host) = host().await else { return };
    // The engine reads two pipes, and what comes at the same moment may overtake.
    let line = "echo begun; sleep 2; seq 1 30000; sleep 1; echo bad >&2";
    let run = host.start(json!({ "do": "execute", "command": ["sh", "-c", line], "read-from": 20_000 })).await;
    let told = |events: &[baton::events::Event]| -> String {
        let output = events.iter().filter(|event| event.draft.name == "output" && event.draft.data["stream"] == "stdout");
        output.filter_map(|event| event.draft.data["text"].as_str().map(str::to_owned)).collect()
    };
    let early = async {
        let begun = Instant::now();
        while told(&host.events(&run.id).await) != "begun\n" {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is told");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        host.find(&run.id).await.state
    };
    let (early, ()) = tokio::join!(early, host.drive(&run.id));
    assert_eq!(early, State::Running, "it was told before the end");
    let outcome = host.find(&run.id).await.output.unwrap();
    let stdout = outcome["stdout"].as_str().unwrap();
    assert!(stdout.starts_with("begun\n1\n2\n") && stdout.ends_with("29999\n30000\n"), "{}", stdout.len());
    assert!(stdout.contains(" bytes left out …]\n") && stdout.len() <= (64 << 10) + 40, "{}", stdout.len());
    assert_eq!(outcome["lines"], json!(["19999", "20000", "20001"]));
    let whole = host.app.artifacts().load(outcome["output"].as_str().unwrap()).await.unwrap();
    assert!(whole.starts_with("begun\n1\n2\n") && whole.contains("30000\n") && whole.contains("bad\n"), "{}", whole.len());
    let events = host.events(&run.id).await;
    assert!(told(&events).ends_with("29999\n30000\n"));
    let executed = events.iter().find(|event| event.draft.name == "executed").unwrap();
    assert_eq!(executed.draft.data["output"], outcome["output"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_leaves_a_command() {
    let Some(host) = host().await else { return };
    host.app.config.redactor.learn("hunter2-hunter2");
    let outcome = shell(&host, "echo a hunter2-hunter2 b; seq 1 20000; echo hunter2-hunter2 >&2").await;
    assert_eq!(outcome["stderr"], "[key]\n");
    let whole = host.app.artifacts().load(outcome["output"].as_str().unwrap()).await.unwrap();
    assert!(whole.contains("a [key] b") && !whole.contains("hunter2"));
    let events = host.app.kernel.events().after(0, None, 100_000).await.unwrap();
    assert!(!serde_json::to_string(&events).unwrap().contains("hunter2"));
}

/// What a command waits for.
async fn needed(host: &TestHost, job: Value) -> Needed {
    match started(host, job).await.state {
        State::Waiting { wait: Wait::Needed(needed) } => needed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_executed_is_refused_with_a_sentence() {
    let Some(host) = host().await else { return };
    let unknown = refused(&host, json!({ "command": ["true"], "image": "rust" })).await;
    assert!(unknown.contains("no image `rust`") && unknown.contains("`default`") && unknown.contains("[sandbox.images.NAME]"), "{unknown}");
    let fetched = needed(&host, json!({ "command": ["true"], "image": "nowhere" })).await;
    assert_eq!(fetched.kind, NeedKind::Image);
    assert!(fetched.reason.contains("cannot be fetched") && fetched.reason.contains("docker load"), "{fetched:?}");
    let long = refused(&host, json!({ "command": ["true"], "timeout": 101 })).await;
    assert!(long.contains("more than the 100 s that the operator allows"), "{long}");
    assert!(refused(&host, json!({ "command": [] })).await.contains("no command"));
    assert!(refused(&host, json!({ "command": ["a\u{0}b"] })).await.contains("NUL"));
    assert!(refused(&host, json!({ "command": ["true"], "env": [["A=B", "c"]] })).await.contains("not a name of a variable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_engine_a_command_waits_for_one() {
    let host = TestHost::with_settings(json!({ "sandbox": { "socket": "/nowhere/docker.sock" } })).await;
    let needed = needed(&host, json!({ "command": ["true"] })).await;
    assert_eq!(needed.kind, NeedKind::Engine);
    assert_eq!(
        needed.reason,
        "No container engine answers: there is no socket /nowhere/docker.sock. Install Docker, start it and let this user use it, or set `socket` under [sandbox]; `baton doctor` tells whether it works."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_processes_end_like_containers_where_the_operator_chose_them() {
    let path = std::env::var("PATH").unwrap();
    let host = TestHost::with_settings(json!({ "sandbox": { "engine": "process" } })).await;
    let line = |line: &str| json!({ "command": ["sh", "-c", line], "env": [["PATH", path]] });
    let outcome = execute(&host, line("pwd; echo bad >&2; exit 3")).await;
    assert_eq!((ended(&outcome), outcome["stderr"].as_str()), (("exited", 3), Some("bad\n")));
    assert_eq!(outcome["stdout"].as_str().unwrap().trim(), host.workspace().canonicalize().unwrap().to_str().unwrap());
    let mut late = line("sleep 60 & echo $! > child; wait");
    late["timeout"] = json!(1);
    assert_eq!(ended(&execute(&host, late).await), ("timed-out", 137));
    let child = fs::read_to_string(host.workspace().join("child")).unwrap();
    until(|| !Path::new("/proc").join(child.trim()).join("cwd").exists()).await;
    assert_eq!(ended(&execute(&host, json!({ "command": ["no-such-program"] })).await), ("exited", 127));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_runs_commands_where_tool_and_image_are_granted() {
    let Some(host) = host().await else { return };
    let call = |arguments: Value| json!({ "do": "call-tools", "calls": [["run_command", arguments]] });
    let answers = host.run(call(json!({ "command": "echo one; echo two >&2; exit 4" }))).await.output.unwrap();
    assert_eq!(answers[0]["failed"], true);
    let content = answers[0]["content"].as_str().unwrap();
    assert_eq!(content, "The command ended with exit code 4.\n--- stdout\none\n--- stderr\ntwo\n");
    let refused = host.run(call(json!({ "command": "true", "image": "other" }))).await.output.unwrap();
    assert!(refused[0]["error"].as_str().unwrap().contains("no image `other`"), "{refused}");
    until(|| commands(&data(&host)).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_waits_takes_the_next_command_and_no_other() {
    let Some(host) = host().await else { return };
    let warm = |line: &str| json!({ "command": ["sh", "-c", line], "image": "warm", "env": [["A", "é 'x'\ny"]] });
    let said = |outcome: &Value| outcome["stdout"].as_str().unwrap().to_owned();
    let waiting = || containers(&data(&host)).into_iter().filter(|name| name.starts_with("baton-ready-")).count();
    let running = |state: &str| {
        docker(&["ps", "--filter", "name=baton-ready-", "--filter", &format!("status={state}"), "--format", "{{.Names}}"]).unwrap()
    };
    assert_eq!(said(&execute(&host, warm("echo $$; echo cold > /tmp/left")).await), "1\n");
    for _ in 0..2 {
        until(|| waiting() == 1 && containers(&data(&host)).iter().any(|name| running("running").contains(name.as_str()))).await;
        let outcome = execute(&host, warm("echo $$ $0; echo \"$A\"; ls /tmp; cat; echo left > /tmp/left; exit 7")).await;
        assert_eq!((ended(&outcome), &outcome["stderr"]), (("exited", 7), &json!("")));
        assert_eq!(said(&outcome), "1 sh\né 'x'\ny\n", "a container of its own, and nothing to read");
        assert!(outcome["took"].as_u64().unwrap() < 5_000, "{outcome}");
    }
    until(|| waiting() == 1).await;
    let missing = execute(&host, json!({ "command": ["no-such-program"], "image": "warm" })).await;
    assert_eq!(ended(&missing), ("exited", 127));
    let data = data(&host);
    host.app.close().await;
    assert_eq!(containers(&data), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_takes_its_container_along() {
    let Some(host) = host().await else { return };
    let line = "mkdir -p inner/.git; echo x > inner/.git/config; sleep 60";
    let run = host.start(json!({ "do": "execute", "command": ["sh", "-c", line] })).await;
    let planted = host.workspace().join("inner/.git");
    let cancel = async {
        until(|| planted.join("config").exists()).await;
        host.app.kernel.cancel(&host.find(&run.id).await, &tester()).await.unwrap();
        Instant::now()
    };
    let (told, ()) = tokio::join!(cancel, host.drive(&run.id));
    assert_eq!(host.find(&run.id).await.state, State::Cancelled);
    until(|| containers(&data(&host)).is_empty() && !planted.exists()).await;
    assert!(told.elapsed() < Duration::from_secs(5), "it took {:?}", told.elapsed());
    assert!(!host.workspace().join(".git").exists() && !host.workspace().join(".baton").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_takes_its_processes_along() {
    let host = TestHost::with_settings(json!({ "sandbox": { "engine": "process" } })).await;
    let line = "sleep 60 & echo $! > child; mkdir -p inner/.git; echo x > inner/.git/config; wait";
    let run = host.start(json!({ "do": "execute", "command": ["sh", "-c", line] })).await;
    let planted = host.workspace().join("inner/.git");
    let cancel = async {
        until(|| planted.join("config").exists()).await;
        host.app.kernel.cancel(&host.find(&run.id).await, &tester()).await.unwrap();
    };
    tokio::join!(cancel, host.drive(&run.id));
    let child = fs::read_to_string(host.workspace().join("child")).unwrap();
    until(|| !Path::new("/proc").join(child.trim()).join("cwd").exists() && !planted.exists()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_host_left_is_removed_and_nothing_else() {
    let Some(host) = host().await else { return };
    let run = host.run(json!({ "do": "execute", "command": ["true"] })).await;
    until(|| containers(&data(&host)).is_empty()).await;
    let owner = format!("baton.data={}", fs::read_to_string(data(&host).join("sandbox.id")).unwrap().trim());
    let unique = run.id.as_str();
    let [answered, nobodys, waiting, stranger] =
        [format!("baton-{unique}-1"), format!("baton-{unique}x-1"), format!("baton-ready-{unique}"), format!("stranger-{unique}")];
    let make = |name: &str, labels: &[&str]| {
        docker(&[&["create", "--name", name], labels, &[IMAGE, "true"]].concat()).unwrap();
    };
    for name in [&answered, &nobodys, &waiting] {
        make(name, &["--label", &owner]);
    }
    make(&stranger, &["--label", "baton.data=another"]);
    let host = host.restarted().await;
    until(|| containers(&data(&host)).is_empty()).await;
    assert!(docker(&["rm", &stranger]).is_some(), "the stranger was left alone");
}

#[test]
fn too_few_file_handles_are_called_so() {
    let home = tempfile::tempdir().unwrap();
    let line = format!("ulimit -n 24; exec '{}' runs list --data-dir data", program::path().display());
    let output = std::process::Command::new("sh").args(["-c", &line]).env("HOME", home.path()).current_dir(home.path()).output().unwrap();
    let ended = program::ended(output).exits(1);
    assert!(ended.stderr.contains("only 24 files") && ended.stderr.contains("`ulimit -n`"), "{}", ended.stderr);
}

/// A user with the real program, the probe and the image of the tests.
struct User(TempDir);

impl User {
    fn new(ready: bool) -> Option<Self> {
        if !docker::ready() {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work", ".config/baton"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        fs::write(
            home.path().join(".config/baton/baton.toml"),
            format!("[sandbox.images.default]\nimage = \"{IMAGE}\"\nready = {ready}\n"),
        )
        .unwrap();
        let user = Self(home);
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        Some(user)
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::run(self.0.path(), &[arguments, &["--data-dir", "data"]].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    /// Begins a run and leaves it at work.
    fn begin(&self, input: &Value) -> Child {
        let input = input.to_string();
        let arguments = ["run", "probe", "--workspace", "work", "--input", &input, "--data-dir", "data"];
        program::command(self.0.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn lines(&self) -> String {
        fs::read_to_string(self.0.path().join("work/log")).unwrap_or_default()
    }

    fn run_id(&self) -> RunId {
        RunId::from_text(self.json(&["runs", "list"])["items"][0]["id"].as_str().unwrap())
    }

    fn data(&self) -> std::path::PathBuf {
        self.0.path().join("data")
    }
}

/// The host is killed while a command runs; the run that is resumed finds it, running or ended.
fn killed(user: &User, before: &[Value], line: &str, pause: Duration) -> Value {
    ended_by("KILL", user, before, line, pause)
}

fn ended_by(signal: &str, user: &User, before: &[Value], line: &str, pause: Duration) -> Value {
    let execute = json!({ "do": "execute", "command": ["sh", "-c", line] });
    let inputs: Vec<_> = before.iter().chain([&execute]).collect();
    let mut child = user.begin(&json!({ "do": "in-turn", "inputs": inputs }));
    assert!(program::wait_until(&mut child, || user.lines().contains("begun\n")), "the command begins");
    let told = Instant::now();
    let sent = std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap();
    let outlives = usize::from(signal == "KILL");
    assert_eq!(commands(&user.data()).len(), outlives, "a command outlives its host where that is killed");
    assert!(outlives == 1 || told.elapsed() < Duration::from_secs(9), "it took {:?}", told.elapsed());
    std::thread::sleep(pause);
    let run = user.run_id();
    let _resumed = user.baton(&["runs", "resume", run.as_str()]).exits(0);
    let shown = user.json(&["runs", "show", run.as_str()]);
    assert_eq!(containers(&user.data()), Vec::<String>::new());
    let work = user.0.path().join("work");
    assert!([".git", ".baton", "inner/.git"].iter().all(|name| !work.join(name).exists()), "nothing is left of what was made or planted");
    shown["output"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn a_host_that_is_killed_finds_the_command_running() {
    let Some(user) = User::new(false) else { return };
    let line =
        "mkdir -p inner/.git; echo x > inner/.git/config; echo heard; echo begun >> log; sleep 4; echo ended >> log; echo last; exit 9";
    let outcome = killed(&user, &[], line, Duration::ZERO);
    assert_eq!((ended(&outcome), &outcome["stdout"]), (("exited", 9), &json!("heard\nlast\n")));
    assert!(outcome["stderr"].as_str().unwrap().contains("`inner/.git`"), "{outcome}");
    assert_eq!(user.lines(), "begun\nended\n", "it was executed once");
}

#[test]
fn a_host_that_is_told_to_stop_ends_its_command_and_executes_it_again_when_it_is_back() {
    let Some(user) = User::new(false) else { return };
    let line = "mkdir -p inner/.git; echo x > inner/.git/config; echo begun >> log; test -e once && exit 9; touch once; sleep 60";
    let outcome = ended_by("TERM", &user, &[], line, Duration::ZERO);
    assert_eq!(ended(&outcome), ("exited", 9));
    assert_eq!(user.lines(), "begun\nbegun\n");
}

#[test]
fn a_host_that_is_killed_finds_the_command_ended() {
    let Some(user) = User::new(false) else { return };
    let outcome = killed(&user, &[], "echo heard; echo begun >> log; sleep 1; echo ended >> log; exit 9", Duration::from_secs(3));
    assert_eq!((ended(&outcome), &outcome["stdout"]), (("exited", 9), &json!("heard\n")));
    assert!((900..3_000).contains(&outcome["took"].as_u64().unwrap()), "{outcome}");
    assert_eq!(user.lines(), "begun\nended\n", "it was executed once");
}

#[test]
fn a_command_in_a_container_that_waited_is_found_again_too() {
    let Some(user) = User::new(true) else { return };
    let first = json!({ "do": "execute", "command": ["true"] });
    let rest = json!({ "do": "sleep", "milliseconds": 1500 });
    let line = "echo heard; echo begun >> log; sleep 3; echo ended >> log; exit 9";
    let outcome = killed(&user, &[first, rest], line, Duration::ZERO);
    assert_eq!((ended(&outcome), &outcome["stdout"]), (("exited", 9), &json!("heard\n")));
    assert_eq!(user.lines(), "begun\nended\n", "it was executed once");
}

#[test]
fn a_command_whose_answer_was_not_written_is_not_executed_again() {
    let Some(user) = User::new(false) else { return };
    let input = json!({ "do": "execute", "command": ["sh", "-c", "echo done >> log"] }).to_string();
    let arguments = ["run", "probe", "--workspace", "work", "--input", &input, "--data-dir", "data"];
    let mut passed = false;
    for writes in 1..20 {
        fs::write(user.0.path().join("work/log"), "").unwrap();
        let _ = fs::remove_file(user.data().join("frozen"));
        let mut command = program::command(user.0.path(), &arguments);
        let mut child =
            command.env("BATON_FREEZE_AFTER_WRITES", writes.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if !program::wait_until(&mut child, || user.data().join("frozen").exists()) {
            break;
        }
        passed |= writes == 1;
        std::thread::sleep(Duration::from_millis(600));
        child.kill().unwrap();
        child.wait().unwrap();
        let run = user.run_id();
        let _resumed = user.baton(&["runs", "resume", run.as_str()]).exits(0);
        assert_eq!(user.lines(), "done\n", "killed after write {writes}");
        let journal = user.json(&["runs", "journal", run.as_str()]);
        assert_eq!(journal["entries"][0]["state"], json!(EntryState::Done));
        assert_eq!(containers(&user.data()), Vec::<String>::new(), "killed after write {writes}");
    }
    assert!(passed, "the rehearsal does not rehearse");
}

//! The operator's MCP servers: the reference server over both transports, and one that dies whenever it is told to.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use baton::{
    journal::{EntryState, PauseKind},
    kernel::{
        registry::{Origin, Plugin},
        run::{Run, State},
    },
};
use baton_tests::{
    CALCULATOR, CLERK, PROBE,
    host::{TestHost, tester},
    node,
};
use serde_json::{Value, json};

const CACHE: &str = env!("CARGO_TARGET_TMPDIR");

/// A host with the server `web`, and what that server wrote down.
struct Scene {
    host: TestHost,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new(freeze_after_writes: Option<u64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        Self { host: TestHost::frozen_after(freeze_after_writes, node::web(&log)).await, log, _folder: folder }
    }

    async fn call(&self, calls: Value) -> Run {
        self.host.run(json!({ "do": "call-tools", "calls": calls })).await
    }

    /// How often the server did something.
    fn count(&self, what: &str) -> usize {
        std::fs::read_to_string(&self.log).unwrap_or_default().lines().filter(|line| *line == what).count()
    }
}

fn is_ambiguous(run: &Run) -> bool {
    matches!(&run.state, State::Paused { pause } if pause.kind == PauseKind::Ambiguous && pause.at.is_some())
}

fn text(run: &Run, number: usize) -> String {
    let answer = &run.output.as_ref().unwrap()[number];
    answer["content"].as_str().or(answer["error"].as_str()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_started_once_and_only_when_it_is_wanted() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    scene.host.run(json!({ "do": "echo" })).await;
    assert_eq!(scene.count("started"), 0);
    let run = scene.call(json!([["web.post", {}], ["web.look", {}], ["web.nothing", {}]])).await;
    assert!(text(&run, 0).starts_with("post by "), "{:?}", run.output);
    assert!(text(&run, 2).starts_with("not-found: "));
    let seen = text(&run, 1);
    let seen = seen.split_once("seeing ").unwrap().1;
    assert!(seen.split(',').all(|name| ["HOME", "LANG", "PATH", "TMPDIR"].contains(&name)), "it sees {seen}");
    assert_eq!((scene.count("started"), scene.count("post"), scene.count("look")), (1, 1, 1));
    let names = scene.host.run(json!({ "do": "tools" })).await.output.unwrap();
    assert!(names.as_array().unwrap().contains(&json!("web.put")), "{names}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_over_what_cannot_be_done_twice_pauses_the_run() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    let run = scene.call(json!([["web.post", { "die": "always" }]])).await;
    assert!(is_ambiguous(&run), "{:?}", run.state);
    scene.host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    scene.host.drive(&run.id).await;
    assert!(is_ambiguous(&scene.host.find(&run.id).await));
    assert_eq!(scene.count("post"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_done_twice_is_asked_again_of_a_new_server() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    let run = scene.call(json!([["web.put", { "die": "once" }], ["web.look", { "die": "always" }]])).await;
    assert!(text(&run, 0).starts_with("put by "), "{:?}", run.output);
    assert!(text(&run, 1).starts_with("unavailable: "), "{:?}", run.output);
    assert_eq!((scene.count("put"), scene.count("look"), scene.count("started")), (2, 2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_call_and_its_answer_a_run_does_not_call_twice() {
    if !node::is_there() {
        return;
    }
    for (tool, again) in [("post", false), ("put", true)] {
        // The intent is the first write of the run's journal; the answer never arrives.
        let scene = Scene::new(Some(1)).await;
        let run = scene.host.start(json!({ "do": "call-tools", "calls": [[format!("web.{tool}"), {}]] })).await;
        let drive = baton::kernel::Drive { root: Some(run.id.clone()), until_idle: true };
        let halt = baton::journal::Halt::default();
        tokio::select! {
            driven = scene.host.app.kernel.drive(&drive, &halt) => panic!("it came to an end: {driven:?}"),
            () = until(|| scene.host.folder.path().join("data/frozen").exists()) => {}
        }
        assert_eq!(scene.count(tool), 1);
        assert_eq!(scene.host.journal(&run.id).await[0].state, EntryState::Intended);
        let host = scene.host.restarted_with(node::web(&scene.log)).await;
        host.drive(&run.id).await;
        let run = host.find(&run.id).await;
        let count = std::fs::read_to_string(&scene.log).unwrap().lines().filter(|line| *line == tool).count();
        assert_eq!((is_ambiguous(&run), count), (!again, 1 + usize::from(again)), "{tool}: {:?}", run.state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_holds_up_the_end_for_some_seconds_alone() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    let run = scene.host.start(json!({ "do": "call-tools", "calls": [["web.hang", {}]] })).await;
    let drive = baton::kernel::Drive { root: Some(run.id.clone()), until_idle: true };
    let halt = baton::journal::Halt::default();
    let stopping = async {
        until(|| scene.count("hang") == 1).await;
        halt.stop();
    };
    // A call may take 60 s.
    let ended = tokio::time::timeout(Duration::from_secs(40), async { tokio::join!(scene.host.app.kernel.drive(&drive, &halt), stopping) });
    ended.await.expect("the call holds up the end").0.unwrap();
    let run = scene.host.find(&run.id).await;
    assert!(is_ambiguous(&run), "{:?}", run.state);
    assert!(
        matches!(&run.state, State::Paused { pause } if pause.reason.contains("5 s after the host was told to stop")),
        "{:?}",
        run.state
    );
    assert_eq!(scene.host.journal(&run.id).await[0].state, EntryState::Intended);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_bounded() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    let run = scene.call(json!([["web.large", {}], ["web.look", {}]])).await;
    assert!(text(&run, 0).contains("more than the 1048576"), "{:?}", run.output);
    assert!(text(&run, 1).starts_with("look by "));
}

/// What a run that waits for its operator says.
fn reason(run: &Run) -> &str {
    match &run.state {
        State::Paused { pause } if pause.kind == PauseKind::Operator => &pause.reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_start_pauses_the_runs_that_want_it_until_it_does() {
    if !node::is_there() {
        return;
    }
    for (command, part) in [
        (json!(["no-such-program"]), "no-such-program"),
        (json!(["true"]), "it ended with exit code 0 before it answered"),
        (json!(["sh", "-c", "echo nonsense"]), "before it answered"),
    ] {
        let host = TestHost::with_settings(json!({ "mcp": { "web": { "command": command } } })).await;
        let calls = json!({ "do": "call-tools", "calls": [["read_file", { "path": "a" }], ["web.post", {}]] });
        let (called, listed) = (host.run(calls).await, host.run(json!({ "do": "tools" })).await);
        for run in [&called, &listed] {
            let reason = reason(run);
            assert!(reason.starts_with("The MCP server `web` cannot be used: ") && reason.contains(part), "{command}: {reason}");
            assert!(reason.contains("correct [mcp.web] in the settings. Then resume the run."), "{command}: {reason}");
        }
        assert_eq!(host.run(json!({ "do": "echo", "say": "a" })).await.state, State::Succeeded, "others are not held up");

        let log = host.folder.path().join("log");
        let settings = node::web(&log);
        let host = host.restarted_with(settings).await;
        for run in [&called, &listed] {
            host.app.kernel.resume(run, None, &tester()).await.unwrap();
            host.drive(&run.id).await;
        }
        let (called, listed) = (host.find(&called.id).await, host.find(&listed.id).await);
        assert!(text(&called, 0).starts_with("not-found: ") && text(&called, 1).starts_with("post by "), "{:?}", called.output);
        assert!(listed.output.unwrap().as_array().unwrap().contains(&json!("web.post")));
        assert_eq!(std::fs::read_to_string(&log).unwrap().lines().filter(|line| *line == "post").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_with_the_host() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    let answer = text(&scene.call(json!([["web.post", {}]])).await, 0);
    let process = answer.split(' ').nth(2).unwrap().trim_end_matches(',').to_owned();
    let alive = || Path::new("/proc").join(&process).join("cwd").read_link().is_ok();
    assert!(alive());
    drop(scene.host);
    tokio::time::timeout(Duration::from_secs(5), until(|| !alive())).await.expect("the server outlives its host");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_cannot_take_the_name_of_a_server() {
    let host = TestHost::with_settings(json!({ "mcp": { "scribe": { "command": ["cat"] } } })).await;
    let manifest = "name = \"probe\"";
    let wasm = PROBE.windows(manifest.len()).position(|part| part == manifest.as_bytes()).unwrap();
    let mut renamed = PROBE.to_vec();
    // The section keeps its length: one name has to be as long as the other, with a blank line for the rest.
    renamed[wasm..wasm + manifest.len()].copy_from_slice(b"name=\"scribe\"\n");
    let plugin = Plugin::read(renamed, Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
    let refused = host.app.kernel.registry().add(plugin).err().expect("the name is taken").to_string();
    assert!(refused.contains("tool server"), "{refused}");
}

/// What the clerk's model says: it looks at the bill, calls a toolbox and a server, and answers once it has seen all three.
const CLERKS_WORDS: &str = r#"
rules:
  - { name: looks, when: { plugin: clerk, turn: 0 }, calls: [{ name: read_file, arguments: { path: bill.txt } }] }
  - name: adds
    when: { plugin: clerk, turn: 1, contains: "0.1 and 0.2" }
    calls: [{ name: calculator.add, arguments: { a: "0.1", b: "0.2" } }, { name: web__look }]
  - { name: answers, when: { plugin: clerk, turn: 2, contains: ["0.3", "look by"] }, reply: It is exactly 0.3. }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_made_of_a_persona_uses_all_three_kinds_of_tools() {
    if !node::is_there() {
        return;
    }
    let scene = Scene::new(None).await;
    for wasm in [CALCULATOR, CLERK] {
        let plugin = Plugin::read(wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
        scene.host.app.kernel.registry().add(plugin).unwrap();
    }
    std::fs::write(scene.host.folder.path().join("answers.yaml"), CLERKS_WORDS).unwrap();
    std::fs::write(scene.host.workspace().join("bill.txt"), "0.1 and 0.2").unwrap();
    let run = scene.host.run(json!({ "do": "perform", "agent": "clerk", "goal": "Add up bill.txt" })).await;
    assert_eq!(run.output, Some(json!("It is exactly 0.3.")), "{:?}", run.state);
    assert_eq!(scene.count("look"), 1);
    let agent = scene.host.journal(&run.id.child(1)).await;
    let calls: Vec<_> = agent.iter().map(|entry| entry.call.as_str()).filter(|call| *call != "assets.read").collect();
    let expected =
        ["tools.available", "llm.describe", "llm.complete", "files.read-lines", "llm.complete", "tools.call", "tools.call", "llm.complete"];
    assert_eq!(calls, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_server_is_down_waits_for_it() {
    if !node::is_there() {
        return;
    }
    let clerk = |host: &TestHost| {
        for wasm in [CALCULATOR, CLERK] {
            let plugin = Plugin::read(wasm.to_vec(), Origin::Bundled, |package| package.manifest.needs.clone()).unwrap();
            host.app.kernel.registry().add(plugin).unwrap();
        }
    };
    let host = TestHost::with_settings(json!({ "mcp": { "web": { "command": ["false"] } } })).await;
    clerk(&host);
    std::fs::write(host.folder.path().join("answers.yaml"), CLERKS_WORDS).unwrap();
    std::fs::write(host.workspace().join("bill.txt"), "0.1 and 0.2").unwrap();
    let run = host.run(json!({ "do": "perform", "agent": "clerk", "goal": "Add up bill.txt" })).await;
    assert_eq!(run.state.as_str(), "waiting");
    let agent = host.find(&run.id.child(1)).await;
    assert!(reason(&agent).starts_with("The MCP server `web` cannot be used: it ended with exit code 1"), "{}", reason(&agent));
    let settings = node::web(&host.folder.path().join("log"));
    let host = host.restarted_with(settings).await;
    clerk(&host);
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    let run = host.find(&run.id).await;
    assert_eq!(run.output, Some(json!("It is exactly 0.3.")), "{:?}", run.state);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_server_is_spoken_to_over_both_transports() {
    let Some(script) = node::is_there().then(|| node::everything(Path::new(CACHE))).flatten() else { return };
    let stdio = json!({ "mcp": { "everything": { "command": ["node", script, "stdio"] } } });
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("node");
    command
        .arg(&script)
        .arg("streamableHttp")
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut server = command.spawn().unwrap();
    let listening = until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    tokio::time::timeout(Duration::from_secs(30), listening).await.expect("the server does not listen");
    let http = json!({ "mcp": { "everything": { "url": format!("http://127.0.0.1:{port}/mcp") } } });
    for settings in [stdio, http] {
        let host = TestHost::with_settings(settings.clone()).await;
        let offered = host.run(json!({ "do": "tools" })).await.output.unwrap();
        assert!(offered.as_array().unwrap().contains(&json!("everything.get-sum")), "{settings}: {offered}");
        let calls = json!([
            ["everything.echo", { "message": "carry on" }],
            ["everything.get-sum", { "a": 2, "b": 40 }],
            ["everything.get-tiny-image", {}],
            ["everything.get-sum", { "a": "two", "b": 40 }],
        ]);
        let run = host.run(json!({ "do": "call-tools", "calls": calls })).await;
        for (number, part) in ["Echo: carry on", "42", "[an image (image/png), which is left out]", "at /a:"].into_iter().enumerate() {
            assert!(text(&run, number).contains(part), "{settings}: {:?}", run.output);
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

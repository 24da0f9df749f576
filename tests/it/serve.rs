//! A host that serves: what is put into its plugin folder, replaced there and taken away, with the real program, killed
//! and started again in between.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use baton::{
    errors::Hint as _,
    kernel::compiler::{ChildProcess, CompileLimits, Compiler},
};
use baton_tests::{PROBE, changed_probe, compiled, host::TestHost, program};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user with a data directory, who starts a host over it now and then.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work/out"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        Self(home)
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home().join(format!("data/plugins/{name}.wasm"))
    }

    /// Puts a file there as careful people do: whole, under its last name.
    fn put(&self, name: &str, content: &[u8]) {
        let (part, file) = (self.home().join("data/plugins/part"), self.file(name));
        fs::write(&part, content).unwrap();
        fs::rename(part, file).unwrap();
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::run(self.home(), &[arguments, &["--data-dir", "data"]].concat())
    }

    fn settings(&self, text: &str) {
        let folder = self.home().join(".config/baton");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("baton.toml"), text).unwrap();
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.baton(&[arguments, &["-o", "json"]].concat()).exits(0).stdout).unwrap()
    }

    fn run(&self, input: &Value) -> program::Ended {
        self.baton(&["run", "probe", "--workspace", "work", "--input", &input.to_string()])
    }

    /// Starts a run beside the host and leaves it once it waits for a person; gives its id and its question's.
    fn waiting(&self, host: &Host, after: &Value) -> (String, String) {
        let input = json!({ "do": "in-turn", "inputs": [{ "do": "ask-person", "say": "Go on?", "options": ["yes"] }, after] });
        let open = || self.json(&["questions", "list"])["items"].as_array().unwrap().clone();
        let before = open();
        let input = input.to_string();
        let arguments = ["run", "probe", "--workspace", "work", "--input", &input, "--data-dir", "data"];
        let mut beside = program::command(self.home(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(program::wait_until(&mut beside, || open().len() > before.len()));
        beside.kill().unwrap();
        beside.wait().unwrap();
        let asked = open().into_iter().find(|asked| !before.contains(asked)).unwrap();
        let id = |key: &str| asked[key].as_str().unwrap().to_owned();
        let (run, question) = (id("run"), id("id"));
        host.event(|event| event["name"] == "waiting" && event["run"] == run.as_str());
        (run, question)
    }

    /// Answers the question and gives the run once it has ended, or waits for a decision.
    fn answered(&self, (run, question): &(String, String)) -> Value {
        let _answered = self.baton(&["questions", "answer", question, "yes"]).exits(0);
        eventually("the run ends", || {
            let shown = self.json(&["runs", "show", run]);
            let is_undecided = shown.to_string().contains("was not granted it");
            (is_undecided || ["succeeded", "failed", "paused"].iter().any(|state| shown["state"] == *state)).then_some(shown)
        })
    }

    fn version_of(&self, plugin: &str) -> Option<Value> {
        let listed = self.json(&["plugin", "list"]);
        let found = listed["items"].as_array().unwrap().iter().find(|listed| listed["name"] == plugin)?;
        Some(found["version"].clone())
    }
}

/// A host that serves, and what it said so far.
struct Host {
    child: Child,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Host {
    fn over(user: &User) -> Self {
        let mut child = program::command(user.home(), &["serve", "--data-dir", "data", "-o", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (lines, said) = (BufReader::new(child.stdout.take().unwrap()).lines(), Arc::new(Mutex::new(Vec::new())));
        let saying = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines {
                let line = line.unwrap();
                let event = serde_json::from_str(&line).unwrap_or_else(|error| json!({ "no-json": line, "error": error.to_string() }));
                saying.lock().unwrap().push(event);
            }
        });
        let mut host = Self { child, said };
        eventually("the host is ready", || {
            assert_eq!(host.child.try_wait().unwrap(), None, "the host has ended");
            host.said.lock().unwrap().iter().any(|event| event["event"] == "ready").then_some(())
        });
        host
    }

    /// The first event like this, once it is said.
    fn event(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually("the event is told", || self.said.lock().unwrap().iter().find(|event| wanted(event)).cloned())
    }

    /// What became of a plugin of the folder, once it is said.
    fn told(&self, name: &str, version_or_file: &str) -> Value {
        let ends = |value: &Value| value.as_str().is_some_and(|text| text.ends_with(version_or_file));
        let wanted = |event: &Value| {
            event["category"] == "plugin" && event["name"] == name && (ends(&event["data"]["version"]) || ends(&event["data"]["file"]))
        };
        self.event(wanted)["data"].clone()
    }

    fn killed(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and gives how it did.
    fn ended(&mut self) -> Option<i32> {
        let _asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        eventually("the host ends", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not for a minute");
}

fn version(number: &str) -> Vec<u8> {
    changed_probe(|manifest| manifest.replacen("0.1.0", number, 1))
}

/// The same with a section that does nothing, so that there is no compiled code of it yet.
fn with_other_code(mut wasm: Vec<u8>, name: u8) -> Vec<u8> {
    wasm.extend([0, 2, 1, name]);
    wasm
}

/// A version that does not ask to write.
fn narrow(number: &str) -> Vec<u8> {
    changed_probe(|manifest| manifest.replacen("0.1.0", number, 1).replacen("write = [\"out/**\"]\n", "", 1))
}

fn write() -> Value {
    json!({ "do": "write", "path": "out/a.txt", "content": "x" })
}

#[test]
fn a_dropped_file_is_published_replaced_and_taken_out_while_the_host_serves() {
    let user = User::new();
    let mut host = Host::over(&user);
    user.put("any", PROBE);
    let published = host.told("published", "any.wasm");
    assert_eq!((&published["plugin"], &published["version"], &published["replaced"]), (&json!("probe"), &json!("0.1.0"), &Value::Null));
    let waits = user.run(&write()).exits(3);
    assert!(waits.stderr.contains("baton plugin grant probe"), "{}", waits.stderr);
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let _written = user.run(&write()).exits(0);
    assert!(user.home().join("work/out/a.txt").exists());

    user.put("any", &version("0.2.0"));
    assert_eq!(host.told("published", "0.2.0")["replaced"], published["hash"]);
    let _written = user.run(&write()).exits(0);

    fs::rename(user.file("any"), user.file("other")).unwrap();
    let moved = host.told("moved", "other.wasm");
    assert!(moved["from"].as_str().unwrap().ends_with("any.wasm") && moved["version"] == "0.2.0", "{moved}");
    let _written = user.run(&write()).exits(0);

    fs::remove_file(user.file("other")).unwrap();
    host.told("removed", "other.wasm");
    let unknown = user.run(&write()).exits(2);
    assert!(unknown.stderr.contains("The workflow `probe` is not installed"), "{}", unknown.stderr);

    assert_eq!(host.ended(), Some(0));
    let said = host.said.lock().unwrap();
    assert!(said.iter().all(|line| line["no-json"].is_null()), "{said:?}");
    let told = |name: &str| said.iter().filter(|event| event["category"] == "plugin" && event["name"] == name).count();
    assert_eq!((told("published"), told("moved"), told("removed")), (2, 1, 1), "a new name is neither a publication nor a removal");
}

#[test]
fn a_bad_file_leaves_the_last_good_version_also_after_a_restart() {
    let user = User::new();
    user.put("probe", PROBE);
    let host = Host::over(&user);
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    for (name, bad) in [("cut", PROBE[..PROBE.len() / 2].to_vec()), ("garbage", b"\0asm garbage \x1b[2J".to_vec())] {
        user.put("probe", &bad);
        let refused = host.event(|event| event["name"] == "rejected" && event["data"]["reason"].is_string());
        assert_eq!((&refused["data"]["kept"]["plugin"], &refused["data"]["kept"]["version"]), (&json!("probe"), &json!("0.1.0")), "{name}");
        let _written = user.run(&write()).exits(0);
    }
    host.killed();

    let mut host = Host::over(&user);
    let refused = host.event(|event| event["name"] == "rejected");
    assert_eq!((&refused["data"]["kept"]["plugin"], &refused["data"]["kept"]["version"]), (&json!("probe"), &json!("0.1.0")));
    let _written = user.run(&write()).exits(0);

    user.put("probe", &version("0.2.0"));
    host.told("published", "0.2.0");
    assert_eq!(user.version_of("probe"), Some(json!("0.2.0")));
    assert_eq!(host.ended(), Some(0));
}

#[test]
fn what_cannot_be_compiled_leaves_the_last_good_version() {
    let user = User::new();
    compiled::keep_apart(user.home());
    user.put("probe", PROBE);
    let host = Host::over(&user);
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let _written = user.run(&write()).exits(0);
    host.killed();

    user.settings("[compile]\nmemory-mib = 1\n");
    user.put("probe", &with_other_code(version("0.2.0"), b'a'));
    let host = Host::over(&user);
    let refused = host.told("rejected", "probe.wasm");
    assert!(refused["reason"].as_str().unwrap().contains("compile.memory-mib"), "{refused}");
    assert_eq!(refused["kept"]["version"], "0.1.0");
    let _written = user.run(&write()).exits(0);
    let another = changed_probe(|manifest| manifest.replacen("\"probe\"", "\"other\"", 1));
    user.put("another", &with_other_code(another, b'b'));
    assert!(host.told("rejected", "another.wasm")["kept"].is_null());
    host.killed();

    // Nothing has changed, so nothing is compiled; a file that is touched or installed again is tried again.
    let host = Host::over(&user);
    for (file, kept) in [("probe.wasm", json!("0.1.0")), ("another.wasm", Value::Null)] {
        let refused = host.told("rejected", file);
        assert!(refused["reason"].as_str().unwrap().contains("This was found before"), "{refused}");
        assert_eq!(refused["kept"]["version"], kept);
    }
    let listed = user.json(&["plugin", "list"])["rejected"].to_string();
    assert!(listed.contains("another.wasm") && listed.contains("This was found before"), "{listed}");
    let touched = fs::File::options().append(true).open(user.file("another")).unwrap();
    touched.set_modified(std::time::SystemTime::now()).unwrap();
    let is_anew = |event: &Value| {
        let (file, reason) = (event["data"]["file"].as_str().unwrap_or_default(), event["data"]["reason"].as_str().unwrap_or_default());
        event["name"] == "rejected" && file.ends_with("another.wasm") && !reason.contains("This was found before")
    };
    host.event(is_anew);
    host.killed();
    let refused = user.baton(&["plugin", "install", "data/plugins/another.wasm"]).exits(1).stderr;
    let refused: String = refused.lines().filter(|line| ["error:", "hint:"].iter().any(|begin| line.starts_with(begin))).collect();
    assert!(refused.contains("compile.memory-mib") && !refused.contains("This was found before"), "{refused}");

    user.settings("");
    let _host = Host::over(&user);
    eventually("the new version is there", || (user.version_of("probe") == Some(json!("0.2.0"))).then_some(()));
    let _written = user.run(&write()).exits(0);
}

#[test]
fn what_takes_long_to_compile_holds_up_no_other_and_keeps_its_claim() {
    let user = User::new();
    compiled::keep_apart(user.home());
    let host = Host::over(&user);
    let named = |name: &str| changed_probe(|manifest| manifest.replacen("\"probe\"", &format!("\"{name}\""), 1));
    let slow = [named("slow"), section(1, &laborious_module())].concat();
    user.put("a-slow", &slow);
    user.put("b-rival", &with_other_code(named("slow"), b'c'));
    user.put("c-quick", &with_other_code(named("quick"), b'd'));
    host.told("published", "c-quick.wasm");
    host.told("published", "a-slow.wasm");
    let refused = host.told("rejected", "b-rival.wasm");
    assert!(refused["reason"].as_str().unwrap().contains("a-slow.wasm"), "{refused}");
    let published: Vec<_> = host.said.lock().unwrap().iter().filter(|event| event["name"] == "published").cloned().collect();
    let plugins: Vec<_> = published.iter().map(|event| event["data"]["plugin"].as_str().unwrap()).collect();
    assert_eq!(plugins, ["quick", "slow"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_given_another_name_while_nobody_served_is_told_as_such() {
    let host = TestHost::new().await;
    let folder = host.app.folder();
    fs::create_dir_all(folder.root()).unwrap();
    fs::write(folder.root().join("any.wasm"), changed_probe(|manifest| manifest.replacen("\"probe\"", "\"other\"", 1))).unwrap();
    let host = host.restarted().await;
    fs::rename(folder.root().join("any.wasm"), folder.root().join("new.wasm")).unwrap();
    let host = host.restarted().await;
    let events = host.app.kernel.events().after(0, None, 1_000).await.unwrap();
    let of_other = events.iter().map(|event| &event.draft).filter(|draft| draft.data["plugin"] == "other");
    let told: Vec<_> =
        of_other.map(|draft| (draft.name.as_str(), draft.data["file"].as_str().unwrap().rsplit('/').next().unwrap())).collect();
    assert_eq!(told, [("published", "any.wasm"), ("moved", "new.wasm")]);
}

#[test]
fn compiling_ends_at_its_limits() {
    let laborious = laborious();
    let compiled = |wasm: &[u8], milliseconds: u64, mebibytes: u64| {
        let limits = CompileLimits { time: Duration::from_millis(milliseconds), memory: mebibytes << 20 };
        let compiler = ChildProcess { program: program::path(), limits };
        compiler.compile(&wasmtime::Engine::default(), wasm).err().map(|error| error.explain())
    };
    let begun = Instant::now();
    let slow = compiled(&laborious, 1_000, 2048).unwrap();
    assert!(slow.contains("more than 1 s of processor time") && slow.contains("compile.time-s"), "{slow}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    for mebibytes in [1, 8, 16, 32] {
        let greedy = compiled(&laborious, 60_000, mebibytes).unwrap();
        assert!(greedy.contains(&format!("more than {mebibytes} MiB")) && greedy.contains("compile.memory-mib"), "{greedy}");
    }
    let invalid = compiled(&laborious[..laborious.len() - 1], 60_000, 2048).unwrap();
    assert!(invalid.contains("Cannot compile the component"), "{invalid}");
    assert_eq!(compiled(PROBE, 60_000, 2048), None);
}

/// A component with one module of many long functions, which no tool would write.
fn laborious() -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &laborious_module())].concat()
}

fn laborious_module() -> Vec<u8> {
    const FUNCTIONS: usize = 1_500;
    // (local.get 0), then (i64.mul (local.get 0)) and (i64.add (i64.const 7)), again and again.
    let body = [b"\x00\x20\x00".as_slice(), &b"\x20\x00\x7e\x42\x07\x7c".repeat(600), b"\x0b"].concat();
    let function = [leb(body.len()), body].concat();
    let code = [leb(FUNCTIONS), function.repeat(FUNCTIONS)].concat();
    let (types, functions) = (b"\x01\x60\x01\x7e\x01\x7e", [leb(FUNCTIONS), vec![0; FUNCTIONS]].concat());
    [b"\0asm\x01\0\0\0".to_vec(), section(1, types), section(3, &functions), section(10, &code)].concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], leb(content.len()), content.to_vec()].concat()
}

/// A number as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[test]
fn who_has_a_name_keeps_it_also_after_a_restart() {
    let user = User::new();
    let host = Host::over(&user);
    user.put("middle", PROBE);
    host.told("published", "middle.wasm");
    user.put("a-earlier", &version("0.3.0"));
    user.put("z-bundled", &changed_probe(|manifest| manifest.replacen("\"probe\"", "\"plan\"", 1)));
    let second = host.told("rejected", "a-earlier.wasm");
    let reason = second["reason"].as_str().unwrap();
    assert!(reason.contains("`probe`") && reason.contains("middle.wasm") && second["kept"].is_null(), "{second}");
    let squatting = host.told("rejected", "z-bundled.wasm");
    assert!(squatting["reason"].as_str().unwrap().contains("`plan`") && squatting.to_string().contains("bundled"), "{squatting}");
    assert_eq!(user.version_of("probe"), Some(json!("0.1.0")));
    host.killed();

    let host = Host::over(&user);
    host.told("rejected", "a-earlier.wasm");
    host.told("rejected", "z-bundled.wasm");
    assert_eq!(user.version_of("probe"), Some(json!("0.1.0")));
    fs::remove_file(user.file("middle")).unwrap();
    host.told("removed", "middle.wasm");
    // The name is free now.
    assert_eq!(host.told("published", "a-earlier.wasm")["version"], "0.3.0");
}

#[test]
fn a_run_ends_with_the_version_it_began_with() {
    let user = User::new();
    user.put("probe", PROBE);
    let host = Host::over(&user);
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let [soon, killed, removed] = [(); 3].map(|()| user.waiting(&host, &write()));
    user.put("probe", &narrow("0.2.0"));
    host.told("published", "0.2.0");
    let denied = user.run(&write()).exits(1);
    assert!(denied.stderr.contains("write"), "the new version does not ask to write: {}", denied.stderr);

    let shown = user.json(&["plugin", "show", "probe"]);
    let versions = shown["versions"].as_array().unwrap();
    let seen = |place: usize| (&versions[place]["version"], &versions[place]["current"], &versions[place]["runs"]);
    assert_eq!(seen(0), (&json!("0.2.0"), &json!(true), &json!(0)));
    assert_eq!(seen(1), (&json!("0.1.0"), &json!(false), &json!(3)));
    assert_eq!((&shown["runs"][0]["state"], &shown["runs"][0]["plugin_version"]), (&json!("failed"), &json!("0.2.0")));
    let shown = user.baton(&["plugin", "show", "probe"]).exits(0).stdout;
    assert!(shown.contains("0.1.0 (older)") && shown.contains("LAST RUNS"), "{shown}");

    let ended = user.answered(&soon);
    assert_eq!((&ended["state"], &ended["plugin_version"]), (&json!("succeeded"), &json!("0.1.0")), "{ended}");
    host.killed();
    let host = Host::over(&user);
    let ended = user.answered(&killed);
    assert_eq!((&ended["state"], &ended["plugin_version"]), (&json!("succeeded"), &json!("0.1.0")), "{ended}");

    fs::remove_file(user.file("probe")).unwrap();
    host.told("removed", "probe.wasm");
    host.killed();
    let _host = Host::over(&user);
    let ended = user.answered(&removed);
    assert_eq!((&ended["state"], &ended["plugin_version"]), (&json!("succeeded"), &json!("0.1.0")), "{ended}");
}

#[test]
fn what_is_taken_back_reaches_the_runs_of_older_versions() {
    let user = User::new();
    user.put("probe", PROBE);
    let host = Host::over(&user);
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let (revoked, removed) = (user.waiting(&host, &write()), user.waiting(&host, &json!({ "do": "read", "path": "a.txt" })));
    user.put("probe", &version("0.2.0"));
    host.told("published", "0.2.0");
    let _revoked = user.baton(&["plugin", "revoke", "probe", "write"]).exits(0);
    let ended = user.answered(&revoked);
    assert_eq!((&ended["state"], &ended["plugin_version"]), (&json!("failed"), &json!("0.1.0")), "{ended}");
    assert!(ended.to_string().contains("write") && !user.home().join("work/out/a.txt").exists(), "{ended}");

    let _removed = user.baton(&["plugin", "remove", "probe"]).exits(0);
    let ended = user.answered(&removed);
    assert_eq!((&ended["state"], &ended["plugin_version"]), (&json!("waiting"), &json!("0.1.0")), "nothing is decided any more: {ended}");
    assert!(ended.to_string().contains("`read` of `a.txt` and was not granted it"), "{ended}");
}

#[test]
fn a_kept_version_that_was_tampered_with_is_not_used() {
    let user = User::new();
    user.put("probe", PROBE);
    let host = Host::over(&user);
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let waiting = user.waiting(&host, &write());
    user.put("probe", &version("0.2.0"));
    host.told("published", "0.2.0");
    host.killed();
    let hash = user.json(&["runs", "show", &waiting.0])["plugin_hash"].as_str().unwrap().to_owned();
    fs::write(user.home().join(format!("data/versions/{hash}.wasm")), version("0.3.0")).unwrap();

    let host = Host::over(&user);
    let ended = user.answered(&waiting);
    assert_eq!(ended["state"], "paused", "{ended}");
    assert!(ended.to_string().contains("which is not installed now") && !user.home().join("work/out/a.txt").exists(), "{ended}");
    // The very file is put back, and the run goes on.
    user.put("probe", PROBE);
    host.event(|event| event["name"] == "published" && event["data"]["hash"] == hash.as_str());
    let _resumed = user.baton(&["runs", "resume", &waiting.0]).exits(0);
    assert_eq!(user.json(&["runs", "show", &waiting.0])["state"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_no_run_needs_any_more_is_let_go() {
    let host = TestHost::new().await;
    let (app, kernel) = (&host.app, &host.app.kernel);
    fs::create_dir_all(app.folder().root()).unwrap();
    let path = app.folder().root().join("other.wasm");
    let read = |wasm: &[u8]| {
        fs::write(&path, wasm).unwrap();
        baton::app::read_plugin(&path, &Default::default()).unwrap()
    };
    let named = |number: &str| changed_probe(|manifest| manifest.replacen("\"probe\"", "\"other\"", 1).replacen("0.1.0", number, 1));
    let first = app.publish(read(&named("1.0.0")), &path).await.unwrap().unwrap();
    let order = baton::kernel::Order { plugin: "other".to_owned(), ..host.order(json!({ "do": "sleep", "milliseconds": 300 })) };
    let run = kernel.start(order).await.unwrap();
    app.publish(read(&named("2.0.0")), &path).await.unwrap().unwrap();
    let file = host.folder.path().join(format!("data/versions/{}.wasm", first.package.hash));
    let needs = || async { kernel.needs().await.unwrap().into_iter().map(|need| (need.version, need.runs)).collect::<Vec<_>>() };

    kernel.retire(u64::MAX).await.unwrap();
    assert!(file.exists() && kernel.registry().pinned("other", &first.package.hash).is_some(), "a run needs it");
    assert_eq!(needs().await, [("1.0.0".to_owned(), 1)]);
    host.drive(&run.id).await;
    assert_eq!((host.find(&run.id).await.state.as_str(), needs().await), ("succeeded", Vec::new()));

    kernel.retire(kernel.now() - 60_000).await.unwrap();
    assert!(file.exists(), "it was needed just now");
    kernel.retire(u64::MAX).await.unwrap();
    assert!(!file.exists() && kernel.registry().pinned("other", &first.package.hash).is_none());
    let retired = kernel.events().after(0, None, 1_000).await.unwrap().into_iter().filter(|event| event.draft.name == "retired");
    assert_eq!(retired.map(|event| event.draft.data["version"].clone()).collect::<Vec<_>>(), ["1.0.0"], "told once");
    assert_eq!(fs::read_dir(host.folder.path().join("data/versions")).unwrap().count(), 1, "the current one is kept");
}

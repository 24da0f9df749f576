//! What an operator provides while runs wait: another key where a service rejects the first, a price, a secret of an MCP server,
//! and all of that while a person watches the command on a terminal. Nobody resumes anything.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use baton_tests::{PROBE, listed, node, program, terminal::Terminal};
use serde_json::{Value, json};
use tempfile::TempDir;

const BAD: &str = "sk-lab-rejected-1";
const GOOD: &str = "sk-lab-accepted-2";
const LONGEST: Duration = Duration::from_secs(60);

/// A service of chat completions that takes one key, and notes which it was sent.
struct Service {
    port: u16,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, sent) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&sent);
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &noted);
            }
        });
        Self { port, sent }
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, noted: &Mutex<Vec<String>>) {
    // The head comes first, and tells enough.
    let mut bytes = vec![0; 1 << 16];
    let read = stream.read(&mut bytes).unwrap_or_default();
    let head = String::from_utf8_lossy(&bytes[..read]).to_lowercase();
    let Some(key) = head.lines().find_map(|line| line.strip_prefix("authorization: bearer ")) else { return };
    noted.lock().unwrap().push(key.trim().to_owned());
    let (status, body) = if key.trim() == GOOD {
        let choice = json!({ "index": 0, "message": { "role": "assistant", "content": "an answer" }, "finish_reason": "stop" });
        ("200 OK", json!({ "model": "any", "choices": [choice], "usage": { "prompt_tokens": 1_000, "completion_tokens": 1_000 } }))
    } else {
        ("401 Unauthorized", json!({ "error": { "message": "No such key." } }))
    };
    let body = body.to_string();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

struct User {
    home: TempDir,
    service: Service,
}

impl User {
    /// One whose settings say more of the service.
    fn new(settings: &str) -> Self {
        let (home, service) = (tempfile::tempdir().unwrap(), Service::new());
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let user = Self { home, service };
        user.set(settings);
        let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
        user
    }

    fn set(&self, settings: &str) {
        let port = self.service.port;
        let provider = format!("[providers.lab]\nbase-url = \"http://127.0.0.1:{port}/v1\"\nkey-secret = \"LAB_KEY\"\n");
        // The service knows no streams, for which a host that serves the API asks.
        let models = if settings.contains("[models]") { "" } else { "[models]\nstream = false\n" };
        fs::write(self.home.path().join("baton.toml"), format!("{provider}{models}{settings}")).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let (mut command, home) = (program::command(self.home.path(), arguments), self.home.path());
        command.env("BATON_DATA_DIR", home.join("data")).env("BATON_CONFIG", home.join("baton.toml")).env("BATON_USER", "ada");
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    fn keep(&self, name: &str, value: &str) {
        let mut set = self.command(&["secret", "set", name, "--stdin"]);
        let mut set = set.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        set.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
        assert!(set.wait().unwrap().success());
    }

    fn serve(&self) -> Child {
        let mut host = self.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (stderr, mut byte) = (host.stderr.as_mut().unwrap(), [0]);
        while byte != *b"\n" {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "the host ended before it said that it is ready");
        }
        host
    }

    /// The command that asks the model once.
    fn ask(&self) -> Command {
        self.command(&["run", "probe", "--workspace", "work", "--model", "lab/any", "--input", r#"{"do":"steps","times":1}"#])
    }

    fn run(&self) -> Value {
        let listed = listed::runs(&self.baton(&["runs", "list", "--all", "-o", "json"]).exits(0));
        listed.into_iter().next().unwrap_or_default()
    }

    /// The run, once it is so.
    fn once(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let run = self.run();
            if is_so(&run) {
                return run;
            }
            assert!(begun.elapsed() < LONGEST, "{what}: {run}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn says(run: &Value, words: &str) -> bool {
    run["state"] == "waiting" && run["reason"].as_str().is_some_and(|reason| reason.contains(words))
}

fn ended(mut child: Child) {
    let _ = child.kill();
    let _ = program::end(child);
}

#[test]
fn another_key_is_enough_where_a_service_rejects_the_first() {
    let user = User::new("");
    user.keep("LAB_KEY", BAD);
    let host = user.serve();
    let started = user.ask().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let run = user.once("it waits for another key", |run| says(run, "lab rejects its key, LAB_KEY"));
    assert!(run["reason"].as_str().unwrap().contains("`baton secret set LAB_KEY"), "{run}");
    let shown = user.baton(&["runs", "show", listed::id(&run)]).exits(0).stdout;
    assert!(shown.contains("waiting for another key LAB_KEY"), "{shown}");
    // The same key once more is no other key.
    user.keep("LAB_KEY", BAD);
    thread::sleep(Duration::from_secs(5));
    assert_eq!(user.service.sent(), [BAD], "it is asked once with a key that it rejects");
    user.keep("LAB_KEY", GOOD);
    user.once("it ends", |run| run["state"] == "succeeded");
    assert_eq!(user.service.sent(), [BAD, GOOD]);
    let all = user.baton(&["runs", "show", listed::id(&run), "-o", "json"]).exits(0).stdout;
    assert!(!all.contains(BAD) && !all.contains(GOOD));
    ended(host);
    ended(started);
}

#[test]
fn a_price_is_enough_where_a_budget_limits_a_model_without_one() {
    let user = User::new("");
    user.keep("LAB_KEY", GOOD);
    let _budget = user.baton(&["budget", "set", "5"]).exits(0);
    let host = user.serve();
    let started = user.ask().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let run = user.once("it waits for the price", |run| says(run, "the price of lab/any is not known"));
    let shown = user.baton(&["runs", "show", listed::id(&run)]).exits(0).stdout;
    assert!(shown.contains("waiting for the price of lab/any"), "{shown}");
    assert!(user.service.sent().is_empty());
    user.set("[prices.\"lab/any\"]\ninput = 1\noutput = 100\n");
    user.once("it ends", |run| run["state"] == "succeeded");
    assert_eq!(user.service.sent(), [GOOD]);
    let costs = user.baton(&["costs", "-o", "json"]).exits(0).stdout;
    assert!(costs.contains("0.101"), "by the price that came: {costs}");
    ended(host);
    ended(started);
}

#[test]
fn a_variable_of_a_server_is_enough_where_it_does_not_start_without() {
    if !node::is_there() {
        return;
    }
    let user = User::new("");
    let log = user.home.path().join("log");
    let server = node::web(&log)["mcp"]["web"]["command"].clone();
    let (script, log) = (server[1].as_str().unwrap(), server[2].as_str().unwrap());
    let starts = format!("test -n \\\"$WEB_KEY\\\" || exit 1; exec node '{script}' '{log}'");
    user.set(&format!("[mcp.web]\ncommand = [\"sh\", \"-c\", \"{starts}\"]\nenv = [\"WEB_KEY\"]\n"));
    let host = user.serve();
    let input = json!({ "do": "call-tools", "calls": [["web.look", {}]] }).to_string();
    let mut ask = user.command(&["run", "probe", "--workspace", "work", "--input", &input]);
    let started = ask.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let run = user.once("it waits for the variable", |run| says(run, "The MCP server `web` cannot be used"));
    assert!(run["reason"].as_str().unwrap().contains("`baton secret set WEB_KEY"), "{run}");
    let shown = user.baton(&["runs", "show", listed::id(&run)]).exits(0).stdout;
    assert!(shown.contains("waiting for the key WEB_KEY"), "{shown}");
    user.keep("WEB_KEY", "web-key-1234567890");
    let run = user.once("it ends", |run| run["state"] == "succeeded");
    let output = user.baton(&["runs", "show", listed::id(&run), "-o", "json"]).exits(0).stdout;
    assert!(output.contains("WEB_KEY") && !output.contains("web-key-1234567890"), "the server sees the variable: {output}");
    ended(host);
    ended(started);
}

#[test]
fn a_script_is_told_by_an_exit_code_that_something_has_to_be_provided() {
    let user = User::new("");
    for arguments in [&[][..], &["-o", "json"]] {
        let mut ask = user.ask();
        let asked = program::output(ask.args(arguments)).exits(3);
        let said = if arguments.is_empty() { asked.stderr } else { asked.stdout };
        assert!(said.contains("LAB_KEY"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_command_waits_says_for_what_and_goes_on() {
    // The service answers in one piece, whoever watches.
    let user = User::new("[models]\nstream = false\n");
    let terminal = Terminal::start(&user.ask());
    terminal.await_text("in another terminal");
    assert!(terminal.text().contains("LAB_KEY"), "{}", terminal.text());
    user.keep("LAB_KEY", GOOD);
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(user.service.sent(), [GOOD]);
}

//! A night without an operator: a service is down for long, the host is killed meanwhile, the budget is spent and raised, and a
//! key, a grant and a decision come while runs wait. Nobody resumes anything.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use baton_tests::{PROBE, listed, program};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An hour takes 3.6 seconds where services are waited for.
const HASTE: u32 = 1_000;
const OUTAGE: Duration = Duration::from_secs(2 * 3_600);

/// A service that answers each question, unless it is down. Down, it answers 503 or does not listen at all.
struct Service {
    port: u16,
    is_down: Arc<AtomicBool>,
    is_gone: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    turned_away: Arc<AtomicUsize>,
}

impl Service {
    /// One that is gone as soon as it has answered so often.
    fn new(goes_after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let service =
            Self { port, is_down: Arc::default(), is_gone: Arc::default(), answered: Arc::default(), turned_away: Arc::default() };
        let (is_down, is_gone) = (Arc::clone(&service.is_down), Arc::clone(&service.is_gone));
        let (answered, turned_away) = (Arc::clone(&service.answered), Arc::clone(&service.turned_away));
        thread::spawn(move || {
            let mut listener = Some(listener);
            loop {
                if is_gone.load(Ordering::SeqCst) {
                    listener = None;
                    thread::sleep(Duration::from_millis(20));
                    continue;
                }
                let taking = listener.get_or_insert_with(|| listen(port));
                taking.set_nonblocking(true).unwrap();
                match taking.accept() {
                    Ok((stream, _)) => {
                        answer(stream, is_down.load(Ordering::SeqCst), &answered, &turned_away);
                        if answered.load(Ordering::SeqCst) == goes_after && turned_away.load(Ordering::SeqCst) == 0 {
                            is_gone.store(true, Ordering::SeqCst);
                        }
                    }
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        service
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

fn listen(port: u16) -> TcpListener {
    loop {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn answer(mut stream: TcpStream, is_down: bool, answered: &AtomicUsize, turned_away: &AtomicUsize) {
    stream.set_nonblocking(false).unwrap();
    // As much as comes at once tells enough: the answer is the same.
    let _ = stream.read(&mut [0; 1 << 16]);
    let (status, body) = if is_down {
        turned_away.fetch_add(1, Ordering::SeqCst);
        ("503 Service Unavailable", json!({ "error": { "message": "down" } }))
    } else {
        answered.fetch_add(1, Ordering::SeqCst);
        let choice = json!({ "index": 0, "message": { "role": "assistant", "content": "an answer" }, "finish_reason": "stop" });
        let usage = json!({ "prompt_tokens": 1_000, "completion_tokens": 1_000 });
        ("200 OK", json!({ "model": "any", "choices": [choice], "usage": usage }))
    };
    let body = body.to_string();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

struct User {
    home: TempDir,
    service: Service,
}

impl User {
    fn new(goes_after: usize, more: &str) -> Self {
        let (home, service) = (tempfile::tempdir().unwrap(), Service::new(goes_after));
        for folder in ["data/plugins", "work"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        let provider = format!("[models]\nstream = false\n[providers.lab]\nbase-url = \"http://127.0.0.1:{}/v1\"\n{more}", service.port);
        let price = "[prices.\"lab/any\"]\ninput = 1\noutput = 100\n";
        fs::write(home.path().join("baton.toml"), format!("{provider}{price}")).unwrap();
        Self { home, service }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = program::command(self.home.path(), arguments);
        let home = self.home.path();
        command.env("BATON_DATA_DIR", home.join("data")).env("BATON_CONFIG", home.join("baton.toml"));
        command.env("BATON_USER", "ada").env("BATON_HASTE", HASTE.to_string());
        command
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments))
    }

    /// A host that has begun to execute: a run that is started before would be executed by its own process.
    fn serve(&self) -> Child {
        let mut host = self.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (stderr, mut byte) = (host.stderr.as_mut().unwrap(), [0]);
        // Byte by byte, so that what it says later stays in the pipe.
        while byte != *b"\n" {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "the host ended before it said that it is ready");
        }
        host
    }

    /// Leaves a run to the host that executes.
    fn start(&self, times: u32, more: &[&str]) -> Child {
        let input = json!({ "do": "steps", "times": times }).to_string();
        let run = ["run", "probe", "--workspace", "work", "--model", "lab/any", "--input", &input];
        self.command(&[&run[..], more].concat()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
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
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {run}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn says(run: &Value, words: &str) -> bool {
    run["state"] == "waiting" && run["reason"].as_str().is_some_and(|reason| reason.contains(words))
}

fn stopped(mut host: Child) -> String {
    host.kill().unwrap();
    program::end(host).stderr
}

#[test]
fn a_run_survives_an_outage_of_two_hours_a_kill_and_a_spent_budget_without_an_operator() {
    let user = User::new(1, "");
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    let _budget = user.baton(&["budget", "set", "0.35"]).exits(0);
    let host = user.serve();
    let mut started = user.start(6, &[]);
    user.once("it waits for the service", |run| says(run, "is not available, and is tried again then"));
    let went_down = Instant::now();
    let told = stopped(host);
    assert!(told.contains("waits for lab until"), "{told}");
    let host = user.serve();
    // From now on it answers, with an error.
    user.service.is_down.store(true, Ordering::SeqCst);
    user.service.is_gone.store(false, Ordering::SeqCst);
    thread::sleep((OUTAGE / HASTE).saturating_sub(went_down.elapsed()).max(Duration::from_secs(2)));
    let (answered, turned_away) = (user.service.answered(), user.service.turned_away.load(Ordering::SeqCst));
    assert!((1..60).contains(&turned_away), "ever less often: {turned_away}");
    user.service.is_down.store(false, Ordering::SeqCst);
    let run = user.once("its budget is spent", |run| says(run, "does not allow the next call"));
    assert!(run["reason"].as_str().unwrap().contains("`baton budget set DOLLARS"), "{run}");
    let spent = user.service.answered();
    assert!(spent > answered, "it has continued by itself");
    let shown = user.baton(&["runs", "show", listed::id(&run)]).exits(0).stdout;
    assert!(shown.contains("waiting for a budget that allows the next call"), "{shown}");
    thread::sleep(Duration::from_secs(3));
    assert_eq!((user.service.answered(), &user.run()["state"]), (spent, &json!("waiting")), "it asks nothing meanwhile");
    let _raised = user.baton(&["budget", "set", "100"]).exits(0);
    let run = user.once("it ends", |run| run["state"] == "succeeded");
    assert_eq!(user.service.answered(), 6, "each question was answered once");
    assert_eq!(run["reason"], json!(null), "{run}");
    let told = stopped(host);
    assert!(told.contains("waits for a budget") && !told.contains("resumed"), "{told}");
    let _ = started.kill();
    let _ = started.wait();
}

#[test]
fn a_decision_and_a_key_that_come_late_are_enough() {
    let user = User::new(usize::MAX, "key-secret = \"LAB_KEY\"\n");
    let host = user.serve();
    let mut started = user.start(1, &[]);
    let run = user.once("it waits for a decision", |run| says(run, "baton plugin grant probe"));
    let _granted = user.baton(&["plugin", "grant", "probe"]).exits(0);
    user.once("it waits for the key", |run| says(run, "`baton secret set LAB_KEY"));
    assert_eq!(user.service.answered(), 0);
    let mut set = user.command(&["secret", "set", "LAB_KEY", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    set.stdin.take().unwrap().write_all(b"sk-lab-1234567890\n").unwrap();
    assert!(set.wait().unwrap().success());
    user.once("it ends", |run| run["state"] == "succeeded");
    let events = user.baton(&["runs", "journal", listed::id(&run), "-o", "json"]).exits(0).stdout;
    assert!(!events.contains("sk-lab-1234567890"));
    stopped(host);
    let _ = started.kill();
    let _ = started.wait();
}

#[test]
fn what_an_operator_declines_is_denied_and_waited_for_no_longer() {
    let user = User::new(usize::MAX, "");
    let host = user.serve();
    let mut started = user.start(1, &[]);
    user.once("it waits for a decision", |run| says(run, "baton plugin grant probe"));
    let _declined = user.baton(&["plugin", "grant", "probe", "--only", "read"]).exits(0);
    let run = user.once("it fails", |run| run["state"] == "failed");
    assert!(run["reason"].as_str().unwrap().contains("was not granted it"), "{run}");
    stopped(host);
    let _ = started.kill();
    let _ = started.wait();
}

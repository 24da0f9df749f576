//! Events followed over the API: through reconnects and killed hosts, each event once.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use baton::events::{Category, Draft};
use baton_tests::{
    api_host::ApiHost,
    follow::{Follower, Refused},
    host, program,
    web_socket::{Message, WebSocket},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How often the client of the test loses its connection, and after how many of these the host is killed.
const RECONNECTS: u64 = 100;
const KILLED_EACH: u64 = 20;

/// A host that serves in a folder of its own.
struct Served {
    home: TempDir,
    child: Child,
}

impl Served {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let child = serve(home.path());
        Self { home, child }
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("data/api.sock")
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.kill();
        self.child = serve(self.home.path());
    }

    fn follow(&self, parameters: &str) -> Follower {
        Follower::open(&self.socket(), parameters, None).unwrap()
    }

    fn refused_get(&self, path: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        write!(stream, "GET /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn refusal(&self, parameters: &str, last_event_id: Option<&str>) -> (u16, Value) {
        match Follower::open(&self.socket(), parameters, last_event_id) {
            Err(Refused::Status(status, problem)) => (status, problem),
            Err(Refused::Io(error)) => panic!("{error}"),
            Ok(_) => panic!("a stream was opened"),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Why the host closes a stream, behind whatever else it sends.
fn reason_of_end(stream: &mut Follower) -> String {
    loop {
        let frame = stream.next().unwrap().expect("a stream says why it ends");
        if frame["type"] == "stream.closed" {
            assert!(stream.next().unwrap().is_none(), "nothing follows the last frame");
            return frame["reason"].as_str().unwrap().to_owned();
        }
    }
}

/// Starts a host, and waits until something answers at its socket.
fn serve(home: &Path) -> Child {
    let socket = home.join("data/api.sock");
    let mut command = program::command(home, &["serve", "--data-dir", "data"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let answers = || UnixStream::connect(&socket).is_ok();
    assert!(program::wait_until(&mut child, answers), "the host has ended");
    child
}

/// Another process, as it were: writes numbered events to the log, whether a host serves or not, until it is told to stop. Gives
/// how many it wrote.
fn write_events(home: &Path, stop: &Arc<AtomicBool>, written: &Arc<AtomicU64>) -> thread::JoinHandle<()> {
    let (home, stop, written) = (home.to_owned(), Arc::clone(stop), Arc::clone(written));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = host::attach(&home).await;
            while !stop.load(Ordering::Relaxed) {
                let number = written.load(Ordering::Relaxed);
                let data = json!({ "number": number });
                let event = Draft { category: Category::System, name: "tick".to_owned(), run: None, actor: None, data };
                app.kernel.events().append(vec![event]).await.unwrap();
                written.store(number + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
    })
}

#[test]
fn a_client_that_reconnects_a_hundred_times_has_each_event_once() {
    let mut served = Served::start();
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut follower = served.follow("after=0&client=test");
    let writer = write_events(served.home.path(), &stop, &written);
    let (mut seen, mut cursor) = (Vec::new(), None);
    let mut read = |follower: &mut Follower, frames: u64, cursor: &mut Option<i64>| -> u64 {
        for _ in 0..frames {
            // A connection of a host that was killed ends in the middle.
            let Ok(Some(frame)) = follower.next() else { break };
            seen.extend(frame["data"]["number"].as_u64());
            *cursor = follower.last_id;
        }
        seen.last().map_or(0, |last| last + 1)
    };
    for reconnect in 1..=RECONNECTS {
        read(&mut follower, 1 + reconnect * 7 % 23, &mut cursor);
        if reconnect % KILLED_EACH == 0 {
            served.restart();
        }
        let id = cursor.map(|cursor| cursor.to_string());
        // `after` is that of the first connection: what the browser knows goes before it.
        follower = Follower::open(&served.socket(), "after=0&client=test", id.as_deref()).unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    let written = written.load(Ordering::Relaxed);
    while read(&mut follower, 1, &mut cursor) < written {}
    assert!(written > 200, "{written}");
    assert_eq!(seen, (0..written).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_followed_is_answered_with_its_field() {
    let served = Served::start();
    let field = |parameters: &str, id: Option<&str>| {
        let (status, problem) = served.refusal(parameters, id);
        (status, problem["field"].as_str().unwrap_or_default().to_owned())
    };
    for (parameters, id, named) in [
        ("after=x", None, "after"),
        ("after=-1", None, "after"),
        ("after=99999999", None, "after"),
        ("", Some("99999999"), "after"),
        ("after=0", Some("x"), "Last-Event-ID"),
        ("category=nothing", None, "category"),
        ("item=S-1", None, "item"),
        ("cursor=1", None, "cursor"),
        ("client=", None, "client"),
    ] {
        assert_eq!(field(parameters, id), (400, named.to_owned()), "{parameters}");
    }
    assert_eq!(served.refusal("project=other", None).0, 404);
    assert_eq!(served.refusal("run=other", None).0, 404);
}

#[test]
fn a_user_has_eight_streams_and_a_host_that_stops_ends_them() {
    let mut served = Served::start();
    let mut streams: Vec<_> = (0..8).map(|_| served.follow("")).collect();
    let (status, problem) = served.refusal("", None);
    assert_eq!((status, problem["code"].as_str()), (429, Some("streams_exhausted")));
    drop(streams.pop());
    let mut named = loop {
        // The host sees that a connection is closed once it writes to it, or reads from it.
        match Follower::open(&served.socket(), "client=tab", None) {
            Ok(stream) => break stream,
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    let again = served.follow("client=tab");
    assert_eq!(reason_of_end(&mut named), "replaced");
    streams.push(again);
    assert!(Command::new("kill").arg(served.child.id().to_string()).status().unwrap().success());
    for stream in &mut streams {
        assert_eq!(reason_of_end(stream), "shutdown");
    }
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_web_socket_has_the_same_frames_and_counts_as_a_stream() {
    let served = Served::start();
    let connect = || UnixStream::connect(served.socket()).unwrap();
    let mut socket = WebSocket::open(connect(), "/stream?after=0&client=tab", "").unwrap().unwrap();
    let mut follower = served.follow("after=0");
    let _added = program::run(served.home.path(), &["project", "add", ".", "--data-dir", "data"]).exits(0);
    let mut last = String::new();
    let is_lasting = |frame: &Value| frame["type"] != "heartbeat";
    while last != "project.created" {
        let frame = std::iter::repeat_with(|| follower.next().unwrap().unwrap()).find(is_lasting).unwrap();
        last = frame["type"].as_str().unwrap().to_owned();
        let same = std::iter::repeat_with(|| socket.next().unwrap()).find(|next| match next {
            Message::Frame(frame) => is_lasting(frame),
            Message::Close(..) => true,
        });
        assert_eq!(same, Some(Message::Frame(frame)));
    }
    let _replacing = served.follow("client=tab");
    loop {
        match socket.next().unwrap() {
            Message::Frame(frame) if frame["type"] == "stream.closed" => assert_eq!(frame["reason"], "replaced"),
            Message::Frame(_) => {}
            Message::Close(code, reason) => break assert_eq!((code, &*reason), (4009, "replaced")),
        }
    }
    let status = |path: &str, head: &str| WebSocket::open(connect(), path, head).unwrap().err();
    assert_eq!(status("/stream?after=99999999", ""), Some(400));
    assert_eq!(status("/stream?project=other", ""), Some(404));
    assert_eq!(status("/stream", "authorization: Bearer nothing\r\n"), Some(401));
    let plain = served.refused_get("/stream");
    assert!(plain.starts_with("HTTP/1.1 426"), "{plain}");
}

#[test]
fn a_web_socket_says_who_asks_and_one_of_another_site_is_not_opened() {
    let home = tempfile::tempdir().unwrap();
    let (mut child, address) = serve_at_address(home.path());
    let open = |head: &str| WebSocket::open(TcpStream::connect(&address).unwrap(), "/stream", head).unwrap();
    let mut unknown = open("").unwrap();
    unknown.send(r#"{"type":"authenticate","token":"nothing"}"#).unwrap();
    assert_eq!(unknown.next().unwrap(), Message::Close(4001, "unauthenticated".to_owned()));
    for wrong in ["x", "{}", r#"{"type":"authenticate"}"#, r#"{"type":"authenticate","token":"a","more":1}"#] {
        let mut other = open("").unwrap();
        other.send(wrong).unwrap();
        assert_eq!(other.next().unwrap(), Message::Close(4000, "body_invalid".to_owned()), "{wrong}");
    }
    let mut long = open("").unwrap();
    // The host may close the connection before all of it is sent.
    let _ = long.send(&"x".repeat(1 << 20));
    let ended = long.next();
    assert!(ended.is_err() || matches!(ended, Ok(Message::Close(..))), "{ended:?}");
    assert_eq!(open("origin: https://evil.example\r\n").err(), Some(403));
    assert!(open("origin: http://localhost\r\n").is_ok(), "a page of the host itself");
    let mut silent = open("").unwrap();
    let begun = Instant::now();
    assert_eq!(silent.next().unwrap(), Message::Close(4001, "credential_missing".to_owned()));
    assert!(begun.elapsed() >= Duration::from_secs(9), "{:?}", begun.elapsed());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_stream_ends_once_its_caller_may_not_read_it_any_more() {
    let host = ApiHost::start();
    for what in ["token", "projects", "role", "disabled"] {
        let user = json!({ "name": what, "password": "correct horse battery", "role": "developer", "all_projects": true });
        host.post("/users", &user).expect(201);
        let token = host.post("/tokens", &json!({ "name": "stream", "user": what })).expect(201);
        let head = format!("authorization: Bearer {}\r\n", token["secret"].as_str().unwrap());
        let mut socket = WebSocket::open(TcpStream::connect(&host.address).unwrap(), "/stream", &head).unwrap().unwrap();
        assert!(matches!(socket.next().unwrap(), Message::Frame(frame) if frame["type"] == "stream.opened"), "{what}");
        let user = format!("/users/{what}");
        match what {
            "token" => drop(host.request("DELETE", &format!("/tokens/{}", token["id"].as_str().unwrap())).answer().with_status(200)),
            "projects" => drop(host.request("PATCH", &user).json(&json!({ "all_projects": false })).answer().with_status(200)),
            "role" => drop(host.request("PATCH", &user).json(&json!({ "role": "viewer" })).answer().with_status(200)),
            _ => drop(host.request("PATCH", &user).json(&json!({ "disabled": true })).answer().with_status(200)),
        }
        let mut ended = socket.next().unwrap();
        while matches!(&ended, Message::Frame(frame) if frame["type"] != "stream.closed") {
            ended = socket.next().unwrap();
        }
        assert!(matches!(&ended, Message::Frame(frame) if frame["reason"] == "signed_out"), "{what}: {ended:?}");
        assert_eq!(socket.next().unwrap(), Message::Close(4001, "signed_out".to_owned()), "{what}");
    }
}

/// Starts a host; it and its address.
fn serve_at_address(home: &Path) -> (Child, String) {
    let mut command = program::command(home, &["serve", "--data-dir", "data", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut line, mut printed) = (String::new(), BufReader::new(child.stdout.take().unwrap()));
    printed.read_line(&mut line).unwrap();
    // It would end if it could not print.
    thread::spawn(move || printed.lines().for_each(drop));
    let ready: Value = serde_json::from_str(&line).unwrap();
    let address = ready["api"]["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    (child, address)
}

#[test]
fn an_item_has_a_stream_of_its_own() {
    let served = Served::start();
    let baton = |arguments: &[&str]| program::run(served.home.path(), &[arguments, &["--data-dir", "data"]].concat()).exits(0);
    for key in ["s-1", "s-2"] {
        let _added = baton(&["backlog", "add", key, "A title", "--workspace", "."]);
        let _moved = baton(&["backlog", "move", key, "cancelled", "--workspace", "."]);
    }
    let listed: Value = serde_json::from_str(&baton(&["project", "list", "-o", "json"]).stdout).unwrap();
    let project = listed["items"][0]["id"].as_str().unwrap();
    let path = format!("/projects/{project}/items/s-2/stream?after=0");
    let connect = || UnixStream::connect(served.socket()).unwrap();
    let mut socket = WebSocket::open(connect(), &path, "").unwrap().unwrap();
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &Value| line["event"] != "story.status.changed") {
        match socket.next().unwrap() {
            Message::Frame(line) => lines.push(line),
            Message::Close(code, reason) => panic!("{code} {reason}"),
        }
    }
    let kinds: Vec<_> = lines.iter().map(|line| (line["type"].as_str().unwrap(), line["event"].as_str().unwrap())).collect();
    assert_eq!(kinds, [("status", "stream.opened"), ("log", "story.created"), ("status", "story.status.changed")]);
    assert!(lines[1..].iter().all(|line| line["data"]["key"] == "s-2"), "{lines:?}");
    let other = format!("/projects/{project}/items/S-3/stream");
    assert_eq!(WebSocket::open(connect(), &other, "").unwrap().err(), Some(404));
    let plain = served.refused_get(&other);
    assert!(plain.starts_with("HTTP/1.1 404"), "{plain}");
}

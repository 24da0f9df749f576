//! A host that serves in a folder of its own, with its settings and its log, killed and started again; and requests to it that are
//! put together piece by piece. Sends whatever a test tells it to, however wrong that is.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    api::{Answer, exchange, request},
    program,
};

/// Hosts of several tests serve at once.
const ANY_PORT: &str = "127.0.0.1:0";
/// How long a test waits for something at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A host that serves in a folder of its own. It ends with the value.
pub struct ApiHost {
    /// Everything of the user's; the data lies in `data`.
    pub home: TempDir,
    child: Child,
    log_filter: &'static str,
    announced: Arc<Mutex<Vec<Value>>>,
    log: Arc<Mutex<String>>,
    /// Where it listens, such as `127.0.0.1:40001`.
    pub address: String,
    /// Its socket.
    pub socket: PathBuf,
}

/// Where a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the socket, as the operator.
    Socket,
    /// To the address, as anybody.
    Address,
}

/// A request that is not sent yet.
pub struct Sending<'a> {
    host: &'a ApiHost,
    way: Way,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl ApiHost {
    /// A host with default settings, but for a limit on requests that no test reaches.
    pub fn start() -> Self {
        Self::with_settings("")
    }

    /// A host whose `[api]` has these lines.
    pub fn with_settings(api: &str) -> Self {
        let rates = ["user-rate", "address-rate"].into_iter().filter(|rate| !api.contains(rate));
        let rates = rates.fold(String::new(), |mut text, rate| {
            let _ = writeln!(text, "{rate} = 1000000");
            text
        });
        Self::with_file(&format!("[api]\n{rates}{api}\n"))
    }

    /// A host with this file of settings.
    pub fn with_file(settings: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["data/plugins", "work", ".config/baton"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
        Self::over(home)
    }

    /// A host over a folder that was used before.
    pub fn over(home: TempDir) -> Self {
        Self::logging(home, "baton=debug", ANY_PORT)
    }

    /// The same, which logs what goes wrong alone: for measurements.
    pub fn quiet_over(home: TempDir) -> Self {
        Self::logging(home, "baton=warn", ANY_PORT)
    }

    fn logging(home: TempDir, log_filter: &'static str, listen: &str) -> Self {
        let mut child = program::command(home.path(), &["serve", "--data-dir", "data", "-o", "json"])
            .env("BATON_LOG", log_filter)
            .env("BATON_LISTEN", listen)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (announced, log) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(String::new())));
        let (lines, target) = (BufReader::new(child.stdout.take().unwrap()).lines(), Arc::clone(&announced));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                target.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        let (lines, target) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = target.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let socket = home.path().join("data/api.sock");
        let mut host = Self { home, child, log_filter, announced, log, address: String::new(), socket };
        let ready = eventually("the host is ready", || {
            let ended = host.child.try_wait().unwrap();
            assert_eq!(ended, None, "the host has ended: {}", host.log());
            host.announced.lock().unwrap().iter().find(|event| event["event"] == "ready").cloned()
        });
        let url = ready["api"]["url"].as_str().unwrap();
        host.address = url.split("://").last().unwrap().to_owned();
        host
    }

    /// Kills it as a crash would, and starts it again over the same folder. It may listen elsewhere.
    #[must_use]
    pub fn killed_and_restarted(self) -> Self {
        self.killed_and_listening(ANY_PORT)
    }

    /// The same, and it listens where it did, for clients that know no other address.
    #[must_use]
    pub fn killed_and_restarted_there(self) -> Self {
        let address = self.address.clone();
        self.killed_and_listening(&address)
    }

    fn killed_and_listening(mut self, listen: &str) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let home = std::mem::replace(&mut self.home, tempfile::tempdir().unwrap());
        Self::logging(home, self.log_filter, listen)
    }

    /// Stops it in good order; its exit code, and how long that took.
    pub fn stop(&mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let ended = eventually("the host ends", || self.child.try_wait().unwrap());
        (ended.code(), begun.elapsed())
    }

    /// The folder of the user.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// What it printed so far: announcements and events.
    pub fn announced(&self) -> Vec<Value> {
        self.announced.lock().unwrap().clone()
    }

    /// Runs a command of the program over the same data.
    pub fn baton(&self, arguments: &[&str]) -> program::Ended {
        program::run(self.home(), &[arguments, &["--data-dir", "data"]].concat())
    }

    /// A request as the operator, below `/api/v1`.
    pub fn request(&self, method: &str, path: &str) -> Sending<'_> {
        self.send(Way::Socket, method, path)
    }

    /// A request below `/api/v1`.
    pub fn send(&self, way: Way, method: &str, path: &str) -> Sending<'_> {
        Sending { host: self, way, method: method.to_owned(), path: format!("/api/v1{path}"), headers: Vec::new(), body: Vec::new() }
    }

    /// Reads as the operator; the document, which has to be there.
    pub fn get(&self, path: &str) -> Value {
        self.request("GET", path).answer().with_status(200).json()
    }

    /// Reads something as the operator again and again until it is as wanted.
    pub fn await_that(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(path, || Some(self.get(path)).filter(&wanted))
    }

    /// Sends JSON as the operator.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).answer()
    }

    /// Sends bytes to the address, and gives all that comes back until the connection is closed, at most for so long.
    pub fn raw(&self, bytes: &[u8], patience: Duration) -> String {
        let mut stream = self.connect();
        // It may close the connection before everything is sent.
        let _ = stream.write_all(bytes);
        stream.set_read_timeout(Some(patience)).unwrap();
        let mut read = Vec::new();
        let _ = stream.read_to_end(&mut read);
        String::from_utf8_lossy(&read).into_owned()
    }

    /// A connection to the address.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }
}

impl Drop for ApiHost {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Sending<'_> {
    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a credential.
    #[must_use]
    pub fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    /// With JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends it, and waits for the answer.
    pub fn answer(self) -> Answer {
        match self.way {
            Way::Socket => self.exchange(UnixStream::connect(&self.host.socket).unwrap()),
            Way::Address => self.exchange(self.host.connect()),
        }
    }

    fn exchange(&self, stream: impl Read + Write) -> Answer {
        let is_host = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("host");
        let usual = if self.way == Way::Socket { "localhost" } else { &self.host.address };
        let host = self.headers.iter().find(is_host).map_or(usual, |(_, value)| value.as_str());
        let headers = self.headers.iter().filter(|header| !is_host(header)).map(|(name, value)| (name.as_str(), value.as_str()));
        let request = request(&self.method, &self.path, host, &headers.collect::<Vec<_>>(), &self.body);
        exchange(stream, &request).unwrap_or(Answer { status: 0, headers: Vec::new(), body: Vec::new() })
    }
}

/// Looks until something is found, at most a minute.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not for a minute");
}

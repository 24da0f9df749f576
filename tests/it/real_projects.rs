//! Projects that nobody here wrote, in JavaScript, Python, Rust and Go: what they are built with is found, what they depend on is
//! fetched by Baton's setup from the registries of this machine, and two stories each are landed, red at first. In one of them
//! a story brings a dependency. Nothing of them lies in this repository: `tests/real-projects/fetch` gets them.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use baton::interfaces::sandbox::USUAL_HOSTS;
use baton_tests::{
    docker::{self, docker},
    program,
    toolchain::Toolchain,
};
use serde_json::Value;

/// Where images have their usual names; nothing listens there.
const HUB: &str = "127.0.0.1:9";
/// Where Go's modules seem to be.
const MODULES: &str = "modules.example";

/// A project, and what is expected of it.
struct Project {
    name: &'static str,
    /// Debian packages that its image is made of.
    packages: &'static [&'static str],
    /// The setup that its lockfiles suggest.
    suggested: &'static str,
    /// The setup that the operator approves in its place.
    setup: Option<&'static str>,
    /// The command that tests it.
    tests: &'static str,
    /// Keys, titles and criteria.
    stories: [[&'static str; 3]; 2],
    /// What of it is a dependency, in the text of the first story's pull request.
    dependency: Option<&'static str>,
}

const JAVASCRIPT: Project = Project {
    name: "javascript",
    packages: &["nodejs"],
    suggested: "npm ci",
    setup: None,
    tests: "npm test",
    stories: [
        ["natural-order", "Sort keys in natural order", "With `natural`, `a2` comes before `a10`."],
        ["ten-blanks", "Indent by ten blanks at most", "A space of 12 indents like JSON.stringify."],
    ],
    dependency: Some("- Adds `natural-compare` 1.4.0 (npm, licence MIT)"),
};
const PYTHON: Project = Project {
    name: "python",
    packages: &["python3", "python3-venv"],
    suggested: "python3 -m venv .venv && .venv/bin/pip install -r requirements/tests.txt",
    setup: None,
    tests: "PYTHONPATH=src .venv/bin/python -m pytest",
    stories: [
        ["strict-base64", "Refuse what is not Base64", "A star raises BadData."],
        ["byte-arrays", "Take arrays of bytes", "An array of bytes becomes bytes."],
    ],
    dependency: None,
};
const RUST: Project = Project {
    name: "rust",
    packages: &["gcc", "libc6-dev"],
    suggested: "cargo fetch --locked",
    setup: None,
    tests: "cargo test",
    stories: [
        ["tell-comment", "Tell the comment character", "A writer tells the comment character that it was built with."],
        ["always-quotes", "Tell whether every field is quoted", "A writer tells whether it quotes every field."],
    ],
    dependency: None,
};
const GO: Project = Project {
    name: "go",
    packages: &["golang-go"],
    suggested: "go mod download",
    setup: Some("GOPROXY=http://modules.example GONOSUMDB='*' go mod download"),
    tests: "go test -v ./...",
    stories: [
        ["plain-text", "Take escape sequences out of a text", "Red text becomes plain."],
        ["tell-writer", "Tell what a writer writes to", "It is the writer that was given."],
    ],
    dependency: None,
};

#[test]
fn stories_land_in_a_project_in_javascript() {
    JAVASCRIPT.lands_two_stories();
}

#[test]
fn stories_land_in_a_project_in_python() {
    PYTHON.lands_two_stories();
}

#[test]
fn stories_land_in_a_project_in_rust() {
    RUST.lands_two_stories();
}

#[test]
fn stories_land_in_a_project_in_go() {
    GO.lands_two_stories();
}

/// Not by `eprintln!`, which the test runner keeps to itself.
fn say(line: &str) {
    io::stderr().write_all(line.as_bytes()).unwrap();
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

impl Project {
    /// Where it lies, below `BATON_TEST_PROJECTS`; a project that is not there is skipped aloud.
    fn source(&self) -> Option<PathBuf> {
        let fetched = env::var_os("BATON_TEST_PROJECTS").map(PathBuf::from);
        let source = fetched.as_ref().map(|folder| folder.join(self.name)).filter(|folder| folder.is_dir());
        if source.is_none() {
            let advice = format!("`tests/real-projects/fetch FOLDER {}` gets it; name the folder in BATON_TEST_PROJECTS", self.name);
            assert!(fetched.is_some() || env::var("CI").as_deref() != Ok("true"), "there are no real projects; {advice}");
            say(&format!("\n!! SKIPPED: no story was landed in a real project in {}; {advice}\n\n", self.name));
        }
        source
    }

    fn lands_two_stories(&self) {
        let Some(source) = self.source().filter(|_| docker::ready()) else { return };
        let mut user = User::with(self, &source);
        user.approves(self);
        let first = user.sprints(self, 0);
        let second = user.sprints(self, 1);
        assert!(first.iter().any(|setup| setup.state == "done"), "{first:?}");
        assert!(!second.is_empty() && second.iter().all(|setup| setup.state == "restored" || setup.state == "unchanged"), "{second:?}");
        let tested = user.document(&["run", "run-tests", "--workspace", "work"])["output"].clone();
        assert_eq!((&tested["passed"], &tested["command"]), (&Value::Bool(true), &Value::from(self.tests)), "{tested}");
        let again = user.document(&["project", "setup", "run", "--workspace", "work"]);
        assert_eq!(again["state"], "succeeded", "{again}");
        assert_eq!(user.git("work", &["status", "--porcelain"]), "", "what setup left is ignored");
        let done = first.iter().find(|setup| setup.state == "done").map_or(0, |setup| setup.took);
        let later = second.iter().filter(|setup| setup.state == "restored").map(|setup| setup.took);
        let (least, most) = later.fold((i64::MAX, 0), |(least, most), took| (least.min(took), most.max(took)));
        let passed = tested["counts"]["passed"].as_u64().map_or_else(|| "all".to_owned(), |count| count.to_string());
        say(&format!(
            "\n{}: the first setup took {done} ms, each of the second story's {least} to {most} ms; {passed} tests green after both.\n",
            self.name
        ));
    }

    /// Its image, made once on this machine.
    fn image(&self) -> String {
        let image = format!("baton-test-project-{}:1", self.name);
        if docker(&["image", "inspect", &image]).is_none() {
            // Debian has npm by itself, others beside Node.js.
            let parts = if self.name == "javascript" { &["npm"][..] } else { &[] };
            let (others, path) = self.others();
            let toolchain = Toolchain { packages: self.packages, parts, others, path };
            toolchain.import(&image).unwrap_or_else(|lacks| panic!("there is no image for {}: {lacks}", self.name));
        }
        image
    }

    /// What its image has that is of no Debian package, and where programs of that lie.
    fn others(&self) -> (Vec<PathBuf>, Option<PathBuf>) {
        match self.name {
            // It may have been renewed by itself.
            "javascript" => (vec![PathBuf::from(said("npm", &["root", "--global"])).join("npm")], None),
            "rust" => {
                let root = PathBuf::from(said("rustc", &["--print", "sysroot"]));
                let folders = ["bin", "lib/rustlib/x86_64-unknown-linux-gnu", "lib/rustlib/aarch64-unknown-linux-gnu"];
                let libraries = fs::read_dir(root.join("lib")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
                (folders.map(|folder| root.join(folder)).into_iter().chain(libraries).collect(), Some(root.join("bin")))
            }
            _ => (Vec::new(), None),
        }
    }
}

/// A call that had a setup done.
#[derive(Debug)]
struct Setup {
    state: String,
    /// Milliseconds.
    took: i64,
}

/// An operator with a clone of a project.
struct User {
    home: tempfile::TempDir,
    proxy: Option<String>,
    image: Option<String>,
}

impl User {
    fn with(project: &Project, source: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (modules, sources) = (source.join("modules"), source.join("project"));
        let is_go = modules.is_dir();
        let proxy = is_go.then(|| format!("http://127.0.0.1:{}", serve(modules)));
        let user = Self { home, proxy, image: None };
        let copied = Command::new("cp").arg("-r").arg(if is_go { &sources } else { source }).arg(user.path("work")).status();
        assert!(copied.unwrap().success());
        user.git("work", &["init", "--quiet", "--initial-branch=main"]);
        user.git("work", &["add", "--all"]);
        user.git("work", &["commit", "--quiet", "--message=As it was published"]);
        let replies = Path::new(env!("CARGO_MANIFEST_DIR")).join("real-projects").join(project.name).join("replies.yaml");
        fs::copy(replies, user.path("replies.yaml")).unwrap();
        fs::write(user.path("user.toml"), settings()).unwrap();
        user
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.path(folder)).args(["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]).args(arguments);
        program::output(git.env("HOME", self.home.path())).exits(0).stdout.trim().to_owned()
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let mut command = program::command(self.home.path(), &[arguments, &["--data-dir", "data"]].concat());
        command.env("BATON_CONFIG", self.path("user.toml"));
        if let Some(proxy) = &self.proxy {
            command.env("HTTPS_PROXY", proxy);
        }
        program::output(command).exits(0)
    }

    fn document(&self, arguments: &[&str]) -> Value {
        let said = self.baton(&[arguments, &["-o", "json"]].concat()).stdout;
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// The environment that is found, under whose name there is an image of this machine's, and the setup.
    fn approves(&mut self, project: &Project) {
        let detected = self.document(&["project", "environment", "detect", "--workspace", "work"]);
        let named = detected["origin"]["image"].as_str().unwrap_or_else(|| panic!("an image is found: {detected}")).to_owned();
        let image = format!("{HUB}/library/{named}");
        docker(&["tag", &project.image(), &image]).expect("the image has its usual name");
        self.image = Some(image);
        self.baton(&["project", "environment", "build", "--yes", "--workspace", "work"]);
        let tools = self.document(&["project", "environment", "test", "--workspace", "work"]);
        assert_eq!(tools["complete"], true, "{tools}");
        let setup = self.document(&["project", "setup", "show", "--workspace", "work"]);
        assert_eq!(setup["suggested"]["command"], project.suggested, "{setup}");
        let own = project.setup.map_or_else(Vec::new, |line| vec!["--command", line]);
        self.baton(&[&["project", "setup", "approve", "--workspace", "work"], own.as_slice()].concat());
    }

    /// Lands a story, and gives what setups there were.
    fn sprints(&self, project: &Project, number: usize) -> Vec<Setup> {
        let [key, title, criterion] = project.stories[number];
        let known = self.runs();
        fs::write(self.path("story.md"), format!("## Acceptance criteria\n\n- [ ] {criterion}\n")).unwrap();
        self.baton(&["backlog", "add", key, title, "--workspace", "work", "--body", "story.md"]);
        let summary = self.document(&["run", "sprint", "--workspace", "work", "--model", "script/replies.yaml", "--yes"])["output"].clone();
        assert_eq!((&summary["landed"], &summary["stories"][0]["sent_back"]), (&Value::from(1), &Value::from(0)), "{summary}");
        assert!(self.git("work", &["log", "-3", "--format=%s"]).contains(&format!("Merge story {key}: {title}")));
        let new: Vec<_> = self.runs().difference(&known).cloned().collect();
        let outputs = |plugin: &str| {
            let runs = new.iter().filter(|(_, name)| name == plugin);
            runs.map(|(run, _)| self.document(&["runs", "show", run])["output"].clone()).collect::<Vec<_>>()
        };
        assert!(outputs("run-tests").iter().any(|tested| tested["outcome"] == "failed"), "it was red");
        assert_eq!(outputs("dev-story")[0]["attempts"], 2, "red, and repaired");
        if let Some(dependency) = project.dependency.filter(|_| number == 0) {
            let shown = self.baton(&["pull-requests", "show", "1", "--workspace", "work", "-o", "json"]).stdout;
            assert!(shown.contains(dependency), "{shown}");
        }
        new.iter().flat_map(|(run, _)| self.setups(run)).collect()
    }

    /// Every run, with its plugin.
    fn runs(&self) -> BTreeSet<(String, String)> {
        let runs = self.document(&["runs", "list", "--all", "--limit", "1000"]);
        let text = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
        runs["items"].as_array().unwrap().iter().map(|run| (text(run, "id"), text(run, "plugin"))).collect()
    }

    fn setups(&self, run: &str) -> Vec<Setup> {
        let journal = self.document(&["runs", "journal", run]);
        let calls = journal["entries"].as_array().unwrap().iter().filter(|entry| entry["call"] == "sandbox.set-up");
        let at = |entry: &Value, key: &str| entry[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
        calls.map(|entry| Setup { state: state(entry), took: at(entry, "answered_at") - at(entry, "asked_at") }).collect()
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(image) = &self.image {
            let _ = docker(&["rmi", image]);
        }
    }
}

fn state(entry: &Value) -> String {
    entry["answer"]["ok"]["state"].as_str().unwrap_or_else(|| panic!("a setup that ended: {entry}")).to_owned()
}

/// The operator's settings: the registries by which npm, pip and cargo of this machine fetch, wherever they are said to be.
fn settings() -> String {
    let said_by_tools =
        [said("npm", &["config", "get", "registry"]), said("python3", &["-m", "pip", "config", "list"]), cargo_settings()].join("\n");
    let own = said_by_tools.split("://").skip(1).filter_map(|rest| rest.split(['/', '"', '\'', '\n', ' ']).next());
    let own: BTreeSet<_> = own.map(|host| host.rsplit('@').next().unwrap_or_default().to_owned()).filter(|host| !host.is_empty()).collect();
    let named: Vec<_> = own.iter().cloned().chain(["default".to_owned(), MODULES.to_owned()]).map(|host| format!("{host:?}")).collect();
    let hosts = own.iter().map(String::as_str).chain(USUAL_HOSTS);
    let places = hosts.filter_map(|host| if host.contains(':') { host.to_socket_addrs().ok() } else { (host, 443).to_socket_addrs().ok() });
    let networks: BTreeSet<_> = places.flatten().map(|place| format!("{:?}", place.ip().to_string())).collect();
    let networks: Vec<_> = networks.into_iter().collect();
    format!(
        "[sandbox]\ndocker-hub = \"{HUB}\"\n[sandbox.images.default]\nimage = \"{}\"\n[setup]\nhosts = [{}]\nnetworks = [{}]\n",
        docker::IMAGE,
        named.join(", "),
        networks.join(", ")
    )
}

fn cargo_settings() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    home.and_then(|home| fs::read_to_string(home.join("config.toml")).ok()).unwrap_or_default()
}

/// An operator's proxy, behind which there are Go's modules and nothing else; gives its port.
fn serve(modules: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            let modules = modules.clone();
            thread::spawn(move || answer(client, &modules));
        }
    });
    port
}

fn answer(mut client: TcpStream, modules: &Path) -> io::Result<()> {
    let mut line = String::new();
    let mut reader = BufReader::new(client.try_clone()?);
    reader.read_line(&mut line)?;
    let mut rest = String::new();
    while reader.read_line(&mut rest)? > 2 {
        rest.clear();
    }
    let path = line.split(' ').nth(1).and_then(|address| address.strip_prefix("http://modules.example/")).unwrap_or_default();
    match fs::read(modules.join(path)) {
        Ok(content) if !path.contains("..") => {
            write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len())?;
            client.write_all(&content)
        }
        _ => client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

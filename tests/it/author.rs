//! A plugin from its first file to its first run, in each language, by the commands that `baton plugin new` prints.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use baton_tests::{
    componentize, listed, node,
    program::{self, Ended},
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const CACHE: &str = env!("CARGO_TARGET_TMPDIR");

/// Somebody who writes a plugin, in an empty folder.
pub(crate) struct Author {
    home: TempDir,
    path: Vec<PathBuf>,
}

impl Author {
    pub(crate) fn new() -> Self {
        let path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect();
        Self { home: TempDir::new().unwrap(), path }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    /// With programs of this folder before all others.
    pub(crate) fn with_programs(mut self, folder: PathBuf) -> Self {
        self.path.insert(0, folder);
        self
    }

    /// Begins a plugin; gives what to type next.
    fn begins(&self, arguments: &[&str]) -> Vec<String> {
        let told = self.baton(&self.home(), &[&["plugin", "new"], arguments].concat()).exits(0);
        told.stdout.lines().map(|line| line.trim().to_owned()).collect()
    }

    pub(crate) fn baton(&self, folder: &Path, arguments: &[&str]) -> Ended {
        program::output(self.set(Command::new(program::path()).args(arguments), folder))
    }

    /// Types lines into a shell, as they were printed.
    pub(crate) fn types(&self, lines: &[String]) -> Ended {
        let program = program::path();
        let called = format!("baton() {{ '{}' \"$@\"; }}; set -e\n{}", program.display(), lines.join("\n"));
        program::output(self.set(Command::new("sh").arg("-c").arg(called), &self.home()))
    }

    /// The user's own environment, with compiled crates where all tests share them. Crates are not fetched: those of the
    /// lock that comes with a scaffold are those Baton was built with.
    pub(crate) fn set<'a>(&self, command: &'a mut Command, folder: &Path) -> &'a mut Command {
        let real = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let toolchain = |name: &str, default: &str| std::env::var_os(name).map_or_else(|| real.join(default), PathBuf::from);
        command
            .env_clear()
            .stdin(Stdio::null())
            .current_dir(folder)
            .env("HOME", self.home.path())
            .env("PATH", std::env::join_paths(&self.path).unwrap());
        command.env("CARGO_HOME", toolchain("CARGO_HOME", ".cargo")).env("RUSTUP_HOME", toolchain("RUSTUP_HOME", ".rustup"));
        command.env("CARGO_TARGET_DIR", Path::new(CACHE).join("author")).env("CARGO_NET_OFFLINE", "true")
    }
}

/// Follows what was printed, but for what is installed once and is there already; the last command is the run.
fn greets(author: &Author, next: &[String]) {
    let (enter, once) = (&next[0], &next[1]);
    assert!(enter.starts_with("cd ") && ["rustup", "python3", "npm"].iter().any(|tool| once.starts_with(tool)), "{next:?}");
    let typed: Vec<_> = next.iter().filter(|line| *line != once).cloned().collect();
    let ran = author.types(&typed).exits(0);
    assert!(ran.stdout.contains(r#""hello": "Mary""#), "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn a_workflow_in_rust_begins_runs_and_is_tested_against_its_recording() {
    let author = Author::new();
    let folder = author.home().join("hello");
    greets(&author, &author.begins(&["hello"]));

    let run = &listed::newest_id(&author.baton(&folder, &["runs", "list", "-o", "json"]).exits(0));
    fs::create_dir(folder.join("recordings")).unwrap();
    let _ = author.baton(&folder, &["runs", "record", run, "recordings/mary.json"]).exits(0);
    for (given, wrong) in [
        (&[][..], "The input does not fit `hello`: `name` is missing."),
        (&["--input", r#"{"name": 5}"#], "The input does not fit `hello`: `name`: it has to be of type string, and is 5."),
    ] {
        let unfit = author.baton(&folder, &[&["run", "hello"], given].concat()).exits(2);
        assert!(unfit.stderr.contains(wrong), "{}", unfit.stderr);
        let hint = r#"Give an input of this form: `baton run hello --input '{"name": …}'`."#;
        assert!(unfit.stderr.contains(hint), "{}", unfit.stderr);
    }

    let tested = author.baton(&folder, &["plugin", "test"]).exits(0);
    assert!(tested.stdout.contains("the same end") && tested.stderr.contains("Its own tests pass"), "{}\n{}", tested.stdout, tested.stderr);

    let source = folder.join("src/lib.rs");
    fs::write(&source, fs::read_to_string(&source).unwrap().replace("\"hello\"", "\"goodbye\"")).unwrap();
    let tested = author.baton(&folder, &["plugin", "test", "-o", "json"]).exits(1);
    let told: Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!(told["recordings"][0]["verdict"], "ended_differently", "{told}");
    fs::write(folder.join("recordings/broken.json"), "{}").unwrap();
    let tested = author.baton(&folder, &["plugin", "test"]).exits(1);
    assert!(tested.stdout.contains("broken.json") && tested.stdout.contains("Not a recording"), "{}", tested.stdout);
}

#[test]
fn agents_and_toolboxes_in_rust_pass_their_first_tests() {
    let author = Author::new();
    for kind in ["agent", "toolbox"] {
        let name = format!("my-{kind}");
        author.begins(&[&name, "--kind", kind, "--language", "rust"]);
        let tested = author.baton(&author.home().join(&name), &["plugin", "test"]).exits(0);
        assert!(tested.stderr.contains("Its own tests pass") && !tested.stderr.contains("! It "), "{}", tested.stderr);
    }
}

#[test]
fn a_workflow_in_python_begins_runs_and_passes_its_test() {
    let Some(programs) = componentize::python(Path::new(CACHE)) else { return };
    let author = Author::new().with_programs(programs);
    greets(&author, &author.begins(&["hello", "--language", "python"]));
    let folder = author.home().join("hello");
    fs::write(folder.join("test_app.py"), fs::read_to_string(folder.join("test_app.py")).unwrap().replace("\"hello\"", "\"other\""))
        .unwrap();
    let tested = author.baton(&folder, &["plugin", "test"]).exits(1);
    assert!(tested.stderr.contains("This host accepts") && tested.stderr.contains("AssertionError"), "{}", tested.stderr);
    assert!(!tested.stderr.contains("! It "), "nothing is warned of: {}", tested.stderr);
}

#[test]
fn a_workflow_in_javascript_begins_runs_and_passes_its_test() {
    let Some(modules) = node::is_there().then(|| componentize::javascript(Path::new(CACHE))).flatten() else { return };
    let author = Author::new();
    let next = author.begins(&["hello", "--language", "javascript"]);
    let folder = author.home().join("hello");
    let refused = author.baton(&folder, &["plugin", "build"]).exits(1);
    assert!(refused.stderr.contains("npm install"), "{}", refused.stderr);
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).unwrap();
    greets(&author, &next);
    let tested = author.baton(&folder, &["plugin", "test"]).exits(0);
    assert!(tested.stderr.contains("Its own tests pass") && !tested.stderr.contains("! It "), "{}", tested.stderr);
}

#[test]
fn agents_and_toolboxes_in_python_and_javascript_pass_their_first_tests() {
    let Some(programs) = node::is_there().then(|| componentize::python(Path::new(CACHE))).flatten() else { return };
    let author = Author::new().with_programs(programs);
    for (language, test) in [("python", "python3 -B -m unittest"), ("javascript", "npm test --silent")] {
        for kind in ["agent", "toolbox"] {
            let name = format!("{language}-{kind}");
            author.begins(&[&name, "--kind", kind, "--language", language]);
            let _ = author.types(&[format!("cd {name}"), format!("BATON='{}' {test}", program::path().display())]).exits(0);
        }
    }
}

#[test]
fn an_agent_without_code_begins_is_built_and_installed() {
    let author = Author::new();
    let next = author.begins(&["summary", "--kind", "agent"]);
    let built = author.baton(&author.home(), &["plugin", "build", "summary"]).exits(0).stdout;
    assert!(built.contains("not decided"), "{built}");
    let _ = author.types(&next).exits(0);
    let folder = author.home().join("summary");
    let first = fs::read(folder.join("target/summary.wasm")).unwrap();
    let built = author.baton(&folder, &["plugin", "build"]).exits(0).stdout;
    assert!(!built.contains("not decided") && built.contains("yes"), "what an installation would carry over is granted: {built}");
    assert_eq!(fs::read(folder.join("target/summary.wasm")).unwrap(), first, "what was built is no part of it");
    let shown = author.baton(&folder, &["plugin", "show", "summary"]).exits(0);
    assert!(shown.stdout.contains("persona.md") && !shown.stdout.contains("target/"), "{}", shown.stdout);
    let tested = author.baton(&folder, &["plugin", "test"]).exits(0);
    assert!(tested.stderr.contains("no tests of its own"), "{}", tested.stderr);
}

#[test]
fn what_cannot_begin_or_be_built_is_refused_with_a_sentence() {
    let author = Author::new();
    let home = author.home();
    let refuses = |arguments: &[&str], code: i32, sentence: &str| {
        let refused = author.baton(&home, arguments).exits(code);
        assert!(refused.stderr.contains(sentence), "{arguments:?}: {}", refused.stderr);
    };
    for bad in ["Hello", "a--b", "../up", "a b"] {
        refuses(&["plugin", "new", bad], 2, "lower-case letters");
    }
    refuses(&["plugin", "new", "plan"], 2, "part of Baton");
    fs::create_dir_all(home.join("taken")).unwrap();
    fs::write(home.join("taken/mine.txt"), "mine").unwrap();
    refuses(&["plugin", "new", "taken"], 2, "not empty");
    assert_eq!(fs::read_dir(home.join("taken")).unwrap().count(), 1);
    refuses(&["plugin", "build", "taken"], 2, "baton plugin new");
    refuses(&["plugin", "build", "nowhere"], 2, "`nowhere` does not exist");
    fs::write(home.join("junk.wasm"), "junk").unwrap();
    refuses(&["plugin", "check", "junk.wasm"], 1, "not WebAssembly");

    author.begins(&["summary", "--kind", "agent"]);
    fs::write(home.join("summary/plugin.toml"), "name = \"Summary\"\nversion = \"1.0.0\"\nkind = \"agent\"").unwrap();
    refuses(&["plugin", "build", "summary"], 1, "is not a name");
    fs::write(home.join("summary/plugin.toml"), "name = \"summary\"\nversion = \"1.0.0\"\nkind = \"workflow\"").unwrap();
    refuses(&["plugin", "check", "summary"], 1, "Set the kind it was built for");
}

#[test]
fn a_missing_tool_is_named_with_what_installs_it() {
    let mut author = Author::new();
    author.path = vec![author.home()];
    for (language, sentence) in [("rust", "https://rustup.rs"), ("python", "pip install componentize-py=="), ("javascript", "npm install")]
    {
        author.begins(&[language, "--language", language]);
        let refused = author.baton(&author.home(), &["plugin", "build", language]).exits(1);
        assert!(refused.stderr.contains(sentence), "{}", refused.stderr);
    }
    // What the sentence says to install is what the scaffold asks for.
    let asked = fs::read_to_string(author.home().join("python/requirements.txt")).unwrap();
    let refused = author.baton(&author.home(), &["plugin", "build", "python"]).exits(1);
    assert!(refused.stderr.contains(asked.trim()), "{}", refused.stderr);
    fs::create_dir_all(author.home().join("javascript/node_modules/@bytecodealliance/componentize-js")).unwrap();
    let refused = author.baton(&author.home(), &["plugin", "build", "javascript"]).exits(1);
    assert!(refused.stderr.contains("Install Node.js"), "{}", refused.stderr);
}

/// `baton plugin dev`, ended with the test.
struct Dev {
    child: Child,
    told: PathBuf,
}

impl Dev {
    fn start(author: &Author, folder: &Path, arguments: &[&str]) -> Self {
        let told = author.home().join("told.txt");
        let output = File::options().create(true).append(true).open(&told).unwrap();
        let mut command = Command::new(program::path());
        let command = author.set(command.args(["plugin", "dev"]).args(arguments), folder);
        Self { child: command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap(), told }
    }

    /// Waits until all of this was told since the last time, and it waits for a change; at most some minutes.
    fn tells(&mut self, parts: &[&str]) {
        let told = || fs::read_to_string(&self.told).unwrap_or_default();
        for _ in 0..3000 {
            if told().contains("Waiting for the next change") {
                break;
            }
            assert_eq!(self.child.try_wait().unwrap(), None, "it has ended: {}", told());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let text = told();
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} is not all in: {text}");
        File::options().write(true).open(&self.told).unwrap().set_len(0).unwrap();
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_change_is_built_installed_and_run_and_a_mistake_waits_for_the_next() {
    let author = Author::new();
    author.begins(&["hello"]);
    let folder = author.home().join("hello");
    let source = folder.join("src/lib.rs");
    let written = fs::read_to_string(&source).unwrap();
    let mut dev = Dev::start(&author, &folder, &["--input", r#"{"name": "Mary"}"#]);
    dev.tells(&["Built the workflow", r#""hello": "Mary""#]);
    fs::write(&source, "this is no Rust").unwrap();
    dev.tells(&["src/lib.rs has changed", "`cargo` has failed"]);
    fs::write(&source, written.replace("\"hello\"", "\"goodbye\"")).unwrap();
    dev.tells(&[r#""goodbye": "Mary""#]);
    let pressed = Command::new("kill").args(["-INT", &dev.child.id().to_string()]).status().unwrap();
    assert!(pressed.success() && dev.child.wait().unwrap().success());
}

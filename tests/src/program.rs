//! The real program, started as a user would start it, in a folder of its own.

use std::{
    borrow::BorrowMut,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{compiled, views};

/// The longest that a process of a test may take. The longest of them takes a minute on two quiet cores.
const LONGEST: Duration = Duration::from_secs(300);

/// The program under test: `cargo test --workspace` builds it beside the tests.
pub fn path() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join(format!("baton{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not built; run `cargo test --workspace`, which builds it", program.display());
    program
}

/// `baton` with these arguments, in `home`, which stands in for everything of the user's.
pub fn command(home: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).current_dir(home).env_clear().stdin(Stdio::null());
    command.env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("XDG_CACHE_HOME", compiled::of(home));
    // Hosts of several tests serve at once, so none of them has a port of its own.
    command.env("BATON_LISTEN", "127.0.0.1:0");
    command
}

/// What it printed, and how it ended.
pub struct Ended {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `baton` to its end.
pub fn run(home: &Path, arguments: &[impl AsRef<OsStr>]) -> Ended {
    output(command(home, arguments))
}

/// Runs a process to its end. One that takes longer than any test should is killed, and fails its test with what it printed:
/// the tests behind it go on. A JSON document that is not the view of its command fails its test, too.
pub fn output(mut command: impl BorrowMut<Command>) -> Ended {
    let command = command.borrow_mut();
    let ended = end(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    views::check(command, &ended);
    ended
}

/// Waits for the end of a process, as [`output`] does.
pub fn end(child: Child) -> Ended {
    let (id, (sender, receiver)) = (child.id(), mpsc::channel());
    thread::spawn(move || sender.send(child.wait_with_output()));
    if let Ok(output) = receiver.recv_timeout(LONGEST) {
        return ended(output.unwrap());
    }
    Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap();
    // Processes that it started may hold its output open.
    let printed = receiver.recv_timeout(Duration::from_secs(5)).map(|output| ended(output.unwrap()));
    let printed = printed.map_or_else(|_| "nothing that can be read".to_owned(), |ended| format!("{}\n{}", ended.stdout, ended.stderr));
    panic!("the process did not end within {} s; it printed:\n{printed}", LONGEST.as_secs());
}

/// What a process printed, and how it ended.
pub fn ended(output: Output) -> Ended {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

impl Ended {
    /// The same, after checking the exit code.
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Waits until `done`, or until the process has ended; whether it was the former. At most a minute.
pub fn wait_until(child: &mut Child, done: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if done() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return done();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("nothing happened for a minute");
}

//! The real program, started as a user would start it, in a folder of its own.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::compiled;

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
    ended(command(home, arguments).output().unwrap())
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

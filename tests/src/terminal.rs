//! A command on a terminal of its own, which `script` of every Linux makes: what is read there, and what is typed. Draws nothing.

use std::{
    io::{Read as _, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::program;

/// How long a text is waited for at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command on a terminal.
pub struct Terminal {
    child: Child,
    /// At its end the terminal is closed.
    keyboard: ChildStdin,
    seen: Arc<Mutex<String>>,
}

impl Terminal {
    /// Starts a command, with the folder and the environment that it was given.
    pub fn start(command: &Command) -> Self {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let quoted = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
        let line = words.map(|word| quoted(word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
        let mut script = Command::new("script");
        // A shell that stays would end by Ctrl-C itself.
        script.args(["--quiet", "--return", "--command", &format!("exec {line}"), "/dev/null"]).env_clear();
        script.current_dir(command.get_current_dir().unwrap());
        script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (keyboard, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let seen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&seen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        Self { child, keyboard, seen }
    }

    /// What was written to it so far, with one space for any white space.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until a text was written to it.
    pub fn await_text(&self, text: &str) {
        let begun = Instant::now();
        while !self.text().contains(text) {
            assert!(begun.elapsed() < PATIENCE, "{text:?} was not written: {}", self.text());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self) {
        self.keyboard.write_all(b"\x03").unwrap();
    }

    /// Waits for the end of the command; its exit code.
    pub fn end(self) -> Option<i32> {
        let Self { child, keyboard, .. } = self;
        let code = program::end(child).code;
        drop(keyboard);
        code
    }
}

//! The `git` program: given arguments and never a shell, nothing of the user's environment or configuration, and no way to
//! find another program unless it pushes. What it is to be used for is decided elsewhere.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::names::excerpt;
use crate::{interfaces::blocking::Deadline, journal::CallError};

/// Where nothing is and nothing can be put.
pub(super) const NOWHERE: &str = "/dev/null/nothing";

/// Who commits.
const NAME: &str = "Baton";
const ADDRESS: &str = "baton@baton.invalid";

/// Bytes that git says at most before it is taken for endless.
const MOST_SAID: usize = 32 << 20;
const MOST_COMPLAINED: u64 = 64 << 10;
/// A git that is not done by then will not be, such as one whose remote does not take a push.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often it is looked whether git still has a caller, and how often whether it has ended once it says nothing more.
const LOOK: Duration = Duration::from_millis(10);
const GLANCE: Duration = Duration::from_micros(200);
/// How long a git that is told to end has to remove its locks.
const LAST_MOMENTS: Duration = Duration::from_secs(2);

/// Where the `git` program is, and what it needs to reach a remote.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program, an absolute path.
    pub path: PathBuf,
    /// The operator's search path, for the programs by which git pushes.
    pub search: OsString,
    /// The socket of the operator's SSH agent.
    pub agent: Option<OsString>,
    /// `HOME` and `XDG_CONFIG_HOME` of the operator, by which git finds which files they ignore everywhere.
    pub person: Vec<(OsString, OsString)>,
}

/// One call of git.
pub(super) struct Invocation {
    command: Command,
    what: String,
    input: Option<Vec<u8>>,
    most: usize,
    deadline: Option<Deadline>,
}

/// What git said.
pub(super) struct GitOutput {
    pub(super) code: i32,
    pub(super) out: Vec<u8>,
    /// It would have said more than was wanted.
    pub(super) cut: bool,
    pub(super) complaint: String,
    /// It was ended: it took too long, or its caller was gone.
    ended: bool,
    what: String,
}

impl Program {
    /// A call that knows no repository yet.
    pub(super) fn call<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Invocation {
        let mut command = Command::new(&self.path);
        let arguments: Vec<_> = arguments.into_iter().collect();
        let what = arguments.iter().map(|argument| argument.as_ref().to_string_lossy()).find(|argument| !argument.starts_with('-'));
        let what = what.map_or_else(String::new, |what| what.into_owned());
        command.args(&arguments).env_clear().current_dir("/");
        // `PATH` and the path of git's own programs lead nowhere, so that git does not ask itself in a repository inside
        // this one, whose configuration it would read.
        for variable in ["HOME", "XDG_CONFIG_HOME", "PATH", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR"] {
            command.env(variable, NOWHERE);
        }
        for variable in ["GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM", "GIT_NO_REPLACE_OBJECTS", "GIT_NO_LAZY_FETCH", "GIT_LITERAL_PATHSPECS"]
        {
            command.env(variable, "1");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Invocation { command, what, input: None, most: MOST_SAID, deadline: None }
    }
}

impl Invocation {
    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn at(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(super) fn reading(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// No more than so many bytes of what it says are wanted.
    pub(super) fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Says that Baton commits, and moves branches.
    pub(super) fn committed_by_baton(self) -> Self {
        self.env("GIT_COMMITTER_NAME", NAME).env("GIT_COMMITTER_EMAIL", ADDRESS)
    }

    /// Says that the work is Baton's own as well.
    pub(super) fn authored_by_baton(self) -> Self {
        self.env("GIT_AUTHOR_NAME", NAME).env("GIT_AUTHOR_EMAIL", ADDRESS)
    }

    /// Reads the operator's own configuration, which is asked for a setting and not obeyed.
    pub(super) fn by_the_persons_settings(mut self, program: &Program) -> Self {
        self.command.env_remove("GIT_CONFIG_GLOBAL").env_remove("XDG_CONFIG_HOME");
        self.command.envs(program.person.iter().map(|(name, value)| (name, value)));
        self
    }

    /// Reads the system's configuration as well, in the same way.
    pub(super) fn by_the_systems_settings(mut self) -> Self {
        self.command.env_remove("GIT_CONFIG_NOSYSTEM");
        self
    }

    /// Is ended where it takes longer.
    pub(super) fn within(mut self, deadline: Option<Deadline>) -> Self {
        self.deadline = deadline;
        self
    }

    /// May start the programs by which remotes are reached.
    pub(super) fn reaching_out(mut self, program: &Program) -> Self {
        self.command.env("PATH", &program.search).env_remove("GIT_EXEC_PATH");
        self.command.env("GIT_ALLOW_PROTOCOL", "https:http:ssh:git:file");
        self.command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20");
        self.command.envs(program.agent.iter().map(|socket| ("SSH_AUTH_SOCK", socket)));
        self
    }

    /// What it said, which has to be all of it and a success; without the last line's end.
    pub(super) fn text(self) -> Result<String, CallError> {
        let out = self.done()?.out;
        Ok(String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned())
    }

    /// What it said, which has to be all of it and a success.
    pub(super) fn done(self) -> Result<GitOutput, CallError> {
        let said = self.run()?;
        if said.cut {
            return Err(CallError::invalid(format!("git {} prints more than one call may carry; ask for less.", said.what)));
        }
        if said.code == 0 { Ok(said) } else { Err(said.failure()) }
    }

    /// What it said, however it ended.
    pub(super) fn run(mut self) -> Result<GitOutput, CallError> {
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        self.try_run().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => CallError::unavailable(
                "The program `git` or the folder it is to work in is not there. Have git 2.38 or newer installed, and look whether the project's \
                 folder was moved; `baton doctor` tells what is missing."
                    .to_owned(),
            ),
            _ => CallError::unavailable(format!("The program `git` cannot be used: {error}. Ask the operator to repair it.")),
        })
    }

    fn try_run(mut self) -> io::Result<GitOutput> {
        let mut child = self.command.spawn()?;
        let writer = child.stdin.take().zip(self.input.take()).map(|(mut pipe, input)| thread::spawn(move || pipe.write_all(&input)));
        let complaints = child.stderr.take().map(|pipe| thread::spawn(move || read(pipe.take(MOST_COMPLAINED))));
        let (sender, said) = mpsc::channel();
        let (pipe, most) = (child.stdout.take(), self.most);
        let listener = pipe.map(|pipe| {
            thread::spawn(move || {
                // Whoever has gone does not hear it.
                let _ = sender.send(read(pipe.take(most as u64 + 1)));
            })
        });
        let begun = Instant::now();
        let is_over = || begun.elapsed() > PATIENCE || self.deadline.as_ref().is_some_and(Deadline::is_over);
        let ended = wait(&mut child, &said, most, is_over)?;
        let status = child.wait()?;
        let _ = listener.map(thread::JoinHandle::join);
        let (out, cut) = bound_output(ended.said.or_else(|| said.try_recv().ok()).unwrap_or_default(), most);
        // Git may well end before it has read all.
        let _ = writer.map(thread::JoinHandle::join);
        let complaint = String::from_utf8_lossy(&join_thread(complaints)).trim().to_owned();
        Ok(GitOutput { code: status.code().unwrap_or(-1), out, cut, complaint, ended: ended.by_force, what: self.what })
    }
}

impl GitOutput {
    /// The file by which another git says that it is at work, as the repository has it.
    pub(super) fn lock(&self) -> Option<PathBuf> {
        let (_, rest) = self.complaint.split_once("Unable to create '")?;
        let lock = Path::new(rest.split_once("': File exists")?.0);
        // A git directory of Baton's leads to that of the person.
        let folder = lock.parent().and_then(|folder| folder.canonicalize().ok());
        Some(folder.zip(lock.file_name()).map_or_else(|| lock.to_owned(), |(folder, name)| folder.join(name)))
    }

    /// Whether a part of the repository may not be written.
    fn is_forbidden(&self) -> bool {
        let unmade = self.complaint.contains("Unable to create '") && self.complaint.contains("Permission denied");
        unmade || self.complaint.contains("insufficient permission")
    }

    /// The failure of a call that should not have failed, in git's own words.
    pub(super) fn failure(&self) -> CallError {
        if self.ended {
            return CallError::unavailable(format!(
                "git {} was ended, because it took too long or its run was cancelled. Try again; if it takes as long, let the operator look at the repository.",
                self.what
            ));
        }
        if self.code == 129 {
            return CallError::unavailable(format!(
                "The installed git does not know `git {}` as Baton uses it; install git 2.38 or newer.",
                self.what
            ));
        }
        if let Some(lock) = self.lock() {
            return describe_lock(&lock);
        }
        if self.is_forbidden() {
            let complaint = excerpt(self.complaint.lines().next().unwrap_or_default());
            return CallError::conflict(format!(
                "git {} cannot write in the repository: {complaint}. A part of it belongs to another user; give it back to its owner, for example by \
                 `sudo chown -R \"$USER\" .git` in the project's folder.",
                self.what
            ));
        }
        let complaint = excerpt(self.complaint.lines().next().unwrap_or("it gives no reason"));
        CallError::other(format!("git {} failed: {complaint}. Let the operator look at the repository.", self.what))
    }
}

/// What is locked, and by which file.
fn describe_lock(lock: &Path) -> CallError {
    CallError::conflict(format!(
        "The repository is locked by `{}`: another git is at work, or was stopped in the middle. Try again when it is done; if no git is running, remove \
         that file.",
        excerpt(&lock.to_string_lossy())
    ))
}

fn read(mut pipe: impl Read) -> Vec<u8> {
    let mut said = Vec::new();
    // What was said before a pipe broke is all there is.
    let _ = pipe.read_to_end(&mut said);
    said
}

fn join_thread(thread: Option<thread::JoinHandle<Vec<u8>>>) -> Vec<u8> {
    thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
}

/// No more than was wanted, and whether there was more.
fn bound_output(mut out: Vec<u8>, most: usize) -> (Vec<u8>, bool) {
    let cut = out.len() > most;
    out.truncate(most);
    (out, cut)
}

/// How a git ended.
struct Ended {
    /// What it said, once it said all.
    said: Option<Vec<u8>>,
    by_force: bool,
}

/// Waits until git has ended, and ends one that is to end, or has more to say than is wanted.
fn wait(child: &mut Child, heard: &mpsc::Receiver<Vec<u8>>, most: usize, is_over: impl Fn() -> bool) -> io::Result<Ended> {
    let mut said = None;
    while child.try_wait()?.is_none() {
        if said.as_ref().is_some_and(|said: &Vec<u8>| said.len() > most) {
            end(child, Signal::KILL);
            break;
        }
        if is_over() {
            end_in_time(child)?;
            return Ok(Ended { said, by_force: true });
        }
        match said {
            // It may go on without a word, such as to write an index.
            Some(_) => thread::sleep(GLANCE),
            None => match heard.recv_timeout(LOOK) {
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                heard => said = Some(heard.unwrap_or_default()),
            },
        }
    }
    Ok(Ended { said, by_force: false })
}

/// Lets git remove its locks, which would keep a person's git out, before it is killed.
fn end_in_time(child: &mut Child) -> io::Result<()> {
    end(child, Signal::TERM);
    let begun = Instant::now();
    while !has_ended(child) && begun.elapsed() < LAST_MOMENTS {
        thread::sleep(LOOK);
    }
    // What it started goes as well.
    end(child, Signal::KILL);
    child.wait().map(drop)
}

/// Whether git has ended. It is not waited for yet, so its number is nobody else's.
fn has_ended(child: &Child) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let ended = number(child).map(|number| waitid(WaitId::Pid(number), options));
    !matches!(ended, Some(Ok(None)))
}

fn number(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Ends git and what it started.
fn end(child: &Child, signal: Signal) {
    if let Some(group) = number(child) {
        // One that has ended already is what is wanted.
        let _ = kill_process_group(group, signal);
    }
}

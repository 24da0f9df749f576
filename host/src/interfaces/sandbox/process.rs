//! Executes commands as plain processes of this machine, which isolates nothing: whatever the command wants of this user's
//! files and network it gets. For a demo on a machine without containers, and chosen by its operator alone. A command that was
//! cut off with its host is not found again.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
    sync::mpsc::Sender,
};

use super::{
    engine::{Ended, Engine, EngineError, Key, Piece, Stream, Task, User},
    job::Ending,
    room::describe,
};
use crate::interfaces::worktrees::NO_REPOSITORY;

/// Runs programs of this machine.
#[derive(Debug, Default)]
pub struct Processes {
    /// Where programs are looked for; the environment's `PATH`.
    pub search: String,
    /// Where worktrees of Baton's lie, which may be inside a person's repository.
    pub worktrees: PathBuf,
}

impl Processes {
    /// Keeps git from finding a repository above a worktree. Two ways, for a command can undo either: ceilings, and, where
    /// there is a repository, a `.git` that leads nowhere, for as long as the result is held. Each folder above is a ceiling,
    /// for git looks above the folder it is started in as long as that is none below.
    fn seclude(&self, workspace: &Path, command: &mut Command) -> Option<Secluded> {
        let above = workspace.parent().filter(|_| workspace.starts_with(&self.worktrees))?;
        command.env("GIT_CEILING_DIRECTORIES", ceilings(above));
        if !above.ancestors().any(|folder| folder.join(".git").exists()) {
            return None;
        }
        let place = workspace.join(".git");
        let mut file = OpenOptions::new().write(true).create_new(true).open(&place).ok()?;
        // Half of it leads nowhere as well.
        let _ = file.write_all(NO_REPOSITORY.as_bytes());
        Some(Secluded(place))
    }
}

/// A folder and all above it, as git wants them.
fn ceilings(folder: &Path) -> OsString {
    let all: Vec<_> = folder.ancestors().map(Path::as_os_str).collect();
    all.join(OsStr::new(":"))
}

/// A `.git` that leads nowhere. Removed when it is dropped, so that the sweep after the command does not find it; what the
/// command put in its place stays for the sweep.
struct Secluded(PathBuf);

impl Drop for Secluded {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.0).is_ok_and(|found| found.is_file() && found.len() == NO_REPOSITORY.len() as u64)
            && fs::read(&self.0).is_ok_and(|text| text == NO_REPOSITORY.as_bytes());
        if is_ours {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Ends the process with all that it started when it is dropped.
struct Group(Option<rustix::process::Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // All of them may be gone already.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[async_trait]
impl Engine for Processes {
    async fn admit(&self, _: &Path) -> Result<Option<User>, EngineError> {
        Ok(None)
    }

    async fn holds(&self, _: &Key) -> Result<bool, EngineError> {
        Ok(false)
    }

    async fn execute(&self, task: &Task, pieces: Sender<Piece>) -> Result<Ended, EngineError> {
        let mut command = Command::new(&task.command[0]);
        command.args(&task.command[1..]).current_dir(&task.workspace).env_clear();
        command.env("PATH", &self.search).env("HOME", &task.workspace).envs(&task.env);
        let _secluded = self.seclude(&task.workspace, &mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if is_of_program(&error, &task.workspace) => return Ok(not_started(&error, &task.command[0], &pieces).await),
            Err(error) => return Err(EngineError::Unavailable(format!("The command cannot be started: {}.", describe(&error)))),
        };
        let _ = pieces.send(Piece::Started { again: false }).await;
        let begun = Instant::now();
        let group = Group(child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())));
        let ended = follow_process(&mut child, group, Duration::from_millis(task.timeout_ms.into()), &pieces).await;
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match ended {
            Ok((status, timed_out)) => Ok(ending(status, timed_out, took)),
            Err(error) => {
                Err(EngineError::Unavailable(format!("The command cannot be waited for: {}. Execute it again.", describe(&error))))
            }
        }
    }

    async fn discard(&self, _: &Key) -> Result<(), EngineError> {
        Ok(())
    }

    async fn is_running(&self, _: &Key) -> Result<bool, EngineError> {
        Ok(false)
    }

    async fn list_left(&self) -> Result<Vec<Key>, EngineError> {
        Ok(Vec::new())
    }

    async fn close(&self) {}

    async fn about(&self) -> Result<String, EngineError> {
        Ok("plain processes, which isolate nothing".to_owned())
    }
}

async fn follow_process(child: &mut Child, group: Group, most: Duration, pieces: &Sender<Piece>) -> std::io::Result<(ExitStatus, bool)> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut timed_out = false;
    let wait = async {
        let waited = tokio::time::timeout(most, child.wait()).await;
        timed_out = waited.is_err();
        // What it started would keep the pipes open for ever.
        drop(group);
        match waited {
            Ok(status) => status,
            Err(_) => child.wait().await,
        }
    };
    let (status, (), ()) = tokio::join!(wait, hand_on(out, Stream::Out, pieces), hand_on(err, Stream::Err, pieces));
    Ok((status?, timed_out))
}

async fn hand_on(pipe: Option<impl AsyncRead + Unpin>, stream: Stream, pieces: &Sender<Piece>) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
        // Whether anybody listens does not matter.
        let _ = pieces.send(Piece::Wrote(stream, buffer[..length].to_vec())).await;
    }
}

fn ending(status: ExitStatus, timed_out: bool, took: u64) -> Ended {
    const KILL: i32 = 9;
    let exit_code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    let ending = match status.signal() {
        Some(KILL) if timed_out => Ending::TimedOut,
        Some(KILL) => Ending::Killed,
        _ => Ending::Exited,
    };
    Ended { ending, exit_code, took }
}

/// Whether the program is at fault; else this machine has nothing left to start it with, or the workspace is gone.
fn is_of_program(error: &std::io::Error, workspace: &Path) -> bool {
    use rustix::io::Errno;

    let is_of_machine = Errno::from_io_error(error).is_some_and(|error| {
        matches!(error, Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM | Errno::NOSPC | Errno::IO | Errno::DQUOT)
    });
    !is_of_machine && workspace.is_dir()
}

async fn not_started(error: &std::io::Error, program: &str, pieces: &Sender<Piece>) -> Ended {
    let exit_code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
    let complaint = format!("`{}` cannot be started: {error}\n", program.escape_debug());
    let _ = pieces.send(Piece::Wrote(Stream::Err, complaint.into_bytes())).await;
    Ended { ending: Ending::Exited, exit_code, took: 0 }
}

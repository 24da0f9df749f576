//! A server's process: in a group of its own, without the host's environment, and gone with everything it started when
//! this is dropped. A host that is killed leaves it a closed standard input, upon which servers end by themselves.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{
    io::{AsyncReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

use super::{notes::Notes, translate::plain};

const LONGEST_LOG_LINE: usize = 2048;
/// How long a program that closed its output may take to end, and its last words to arrive.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(10);

/// A process group with its leader.
pub(super) struct Process {
    /// Never waited for before the group is killed, so that its number is nobody else's.
    leader: Child,
    /// Reads standard error to its end.
    log: JoinHandle<()>,
}

/// What a server is spoken to through.
pub(super) struct Pipes {
    pub(super) input: ChildStdin,
    pub(super) output: ChildStdout,
}

impl Process {
    /// Starts a program; what it writes to standard error goes to the host's log and into `notes`.
    pub(super) fn start(
        server: &str,
        command: &[String],
        environment: &BTreeMap<String, String>,
        notes: &Notes,
    ) -> Result<(Self, Pipes), String> {
        let (program, arguments) = command.split_first().ok_or("its command is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut leader = command.spawn().map_err(|error| format!("`{}` does not start: {error}", plain(program)))?;
        let pipes = (leader.stdin.take(), leader.stdout.take(), leader.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else { return Err("it has no pipes".to_owned()) };
        let log = tokio::spawn(log(server.to_owned(), errors, notes.clone()));
        Ok((Self { leader, log }, Pipes { input, output }))
    }

    /// How the program ended, if it did, after its last words were read.
    pub(super) async fn end(&mut self) -> Option<String> {
        let ended = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.status() {
                    Some(status) => return status,
                    None => tokio::time::sleep(LOOK).await,
                }
            }
        });
        let status = ended.await.ok()?;
        // What it left running may hold standard error open.
        let _ = tokio::time::timeout(PATIENCE, &mut self.log).await;
        Some(format!("it ended with {status} before it answered"))
    }

    /// Looks without taking the number of the process away from it.
    fn status(&self) -> Option<String> {
        let leader = Pid::from_raw(i32::try_from(self.leader.id()?).ok()?)?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(leader), options).ok()??;
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(format!("exit code {code}")),
            (None, Some(signal)) => Some(format!("signal {signal}")),
            (None, None) => None,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = self.leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            // A group that is gone already is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Passes on what a server says, in lines that are cut where they are too long.
async fn log(server: String, errors: ChildStderr, notes: Notes) {
    let (mut errors, mut line) = (BufReader::new(errors), Vec::new());
    let say = |line: &[u8]| {
        notes.error_line(line);
        tracing::info!(target: "baton::mcp", server, "{}", plain(&String::from_utf8_lossy(line)));
    };
    while let Ok(byte) = errors.read_u8().await {
        if byte != b'\n' {
            line.push(byte);
        }
        if (byte == b'\n' && !line.is_empty()) || line.len() >= LONGEST_LOG_LINE {
            say(&line);
            line.clear();
        }
    }
    if !line.is_empty() {
        say(&line);
    }
}

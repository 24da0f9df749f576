//! A server's process: in a group of its own, without the host's environment, and gone with everything it started when
//! this is dropped. A host that is killed leaves it a closed standard input, upon which servers end by themselves.

use std::{collections::BTreeMap, process::Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

use super::translate::plain;

const LONGEST_LOG_LINE: usize = 2048;

/// A process group with its leader.
pub(super) struct Process {
    /// Never waited for before the group is killed, so that its number is nobody else's.
    leader: Child,
}

/// What a server is spoken to through.
pub(super) struct Pipes {
    pub(super) input: ChildStdin,
    pub(super) output: ChildStdout,
}

impl Process {
    /// Starts a program; what it writes to standard error goes to the host's log.
    pub(super) fn start(server: &str, command: &[String], environment: &BTreeMap<String, String>) -> Result<(Self, Pipes), String> {
        let (program, arguments) = command.split_first().ok_or("its command is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut leader = command.spawn().map_err(|error| format!("`{}` does not start: {error}", plain(program)))?;
        let pipes = (leader.stdin.take(), leader.stdout.take(), leader.stderr.take());
        let process = Self { leader };
        let (Some(input), Some(output), Some(errors)) = pipes else { return Err("it has no pipes".to_owned()) };
        tokio::spawn(log(server.to_owned(), errors));
        Ok((process, Pipes { input, output }))
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
async fn log(server: String, errors: ChildStderr) {
    let (mut errors, mut line) = (BufReader::new(errors), Vec::new());
    while let Ok(byte) = errors.read_u8().await {
        if byte != b'\n' {
            line.push(byte);
        }
        if (byte == b'\n' && !line.is_empty()) || line.len() >= LONGEST_LOG_LINE {
            tracing::info!(target: "baton::mcp", server, "{}", plain(&String::from_utf8_lossy(&line)));
            line.clear();
        }
    }
}

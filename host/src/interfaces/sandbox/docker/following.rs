//! Stays with a container until its end: hands on what it writes, ends it when its time or the disk is used up, and reads
//! from what the engine says how it ended.

use std::{path::Path, pin::Pin, time::Duration};

use bollard::{
    Docker,
    container::LogOutput,
    errors::Error,
    models::ContainerState,
    query_parameters::{KillContainerOptionsBuilder, WaitContainerOptionsBuilder},
};
use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc::Sender;

use super::failure;
use crate::interfaces::sandbox::{
    engine::{Ended, EngineError, Piece, Stream as Channel, Task},
    job::Ending,
};

/// What a container writes.
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;

/// 128 and the number of SIGKILL.
const SIGKILL: i32 = 137;
/// How often the disk is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// What a container wrote before its end has arrived by then.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Why this host ended a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    TimedOut,
    DiskFull,
}

/// A container that was started.
pub(super) struct Following<'a> {
    pub(super) docker: &'a Docker,
    pub(super) name: &'a str,
    pub(super) task: &'a Task,
    /// What is left of its time.
    pub(super) left: Duration,
}

impl Following<'_> {
    /// Waits until the container has stopped, and until all that it wrote was handed on.
    pub(super) async fn follow(&self, mut output: Output, pieces: &Sender<Piece>) -> Result<Option<Stopped>, EngineError> {
        let options = WaitContainerOptionsBuilder::new().condition("not-running").build();
        let mut ended = self.docker.wait_container(self.name, Some(options));
        let (mut deadline, mut look) = (std::pin::pin!(tokio::time::sleep(self.left)), tokio::time::interval(LOOK));
        let (mut stopped, mut silent) = (None, false);
        loop {
            tokio::select! {
                said = output.next(), if !silent => match said {
                    Some(Ok(said)) => hand_on(said, pieces).await,
                    // What cannot be heard any more can be waited for.
                    Some(Err(_)) | None => silent = true,
                },
                end = ended.next() => match end {
                    // An exit code other than 0 is an error to the client.
                    Some(Ok(_) | Err(Error::DockerContainerWaitError { .. })) => break,
                    Some(Err(error)) => return Err(failure::lost(&error)),
                    None => break,
                },
                () = &mut deadline, if stopped.is_none() => {
                    stopped = Some(Stopped::TimedOut);
                    self.kill().await;
                }
                _ = look.tick(), if stopped.is_none() => if !has_room(&self.task.workspace, self.task.keep_free) {
                    stopped = Some(Stopped::DiskFull);
                    self.kill().await;
                },
            }
        }
        let rest = async {
            while let Some(Ok(said)) = output.next().await {
                hand_on(said, pieces).await;
            }
        };
        if !silent && tokio::time::timeout(LAST_WORDS, rest).await.is_err() {
            tracing::warn!(container = self.name, "the end of a command's output did not arrive");
        }
        Ok(stopped)
    }

    /// A container that has ended by itself meanwhile cannot be killed, which is as well.
    async fn kill(&self) {
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        if let Err(error) = self.docker.kill_container(self.name, Some(options)).await {
            tracing::debug!(container = self.name, %error, "a container was not killed");
        }
    }
}

/// How the container ended, from its last state and what this host did to it.
pub(super) fn ending(state: Option<&ContainerState>, stopped: Option<Stopped>, took: u64, timeout: u32) -> Ended {
    let exit_code = state.and_then(|state| state.exit_code).and_then(|code| i32::try_from(code).ok()).unwrap_or(-1);
    let out_of_memory = state.and_then(|state| state.oom_killed) == Some(true);
    let over_time = took >= u64::from(timeout) * 1000;
    let remark = (stopped == Some(Stopped::DiskFull) && exit_code == SIGKILL)
        .then(|| "Baton stopped the command because the disk of the workspace is nearly full.".to_owned());
    let ending = match exit_code {
        SIGKILL if stopped == Some(Stopped::TimedOut) => Ending::TimedOut,
        SIGKILL if stopped.is_some() => Ending::Killed,
        0 => Ending::Exited,
        _ if out_of_memory => Ending::OutOfMemory,
        // An earlier host ended it and could not say so any more.
        SIGKILL if over_time => Ending::TimedOut,
        SIGKILL => Ending::Killed,
        _ => Ending::Exited,
    };
    Ended { ending, exit_code, took, remark }
}

async fn hand_on(said: LogOutput, pieces: &Sender<Piece>) {
    let (channel, message) = match said {
        LogOutput::StdErr { message } => (Channel::Err, message),
        LogOutput::StdOut { message } | LogOutput::Console { message } => (Channel::Out, message),
        LogOutput::StdIn { .. } => return,
    };
    // Whether anybody listens does not matter.
    let _ = pieces.send(Piece::Wrote(channel, message.to_vec())).await;
}

#[cfg(unix)]
fn has_room(folder: &Path, wanted: u64) -> bool {
    // Where it cannot be told, the command goes on: it is a guard and no promise.
    rustix::fs::statvfs(folder).map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= wanted)
}

#[cfg(not(unix))]
fn has_room(_: &Path, _: u64) -> bool {
    true
}

//! Stays with a container until its end: hands on what it writes, ends it when its time is used up, and reads from what the
//! engine says how it ended.

use std::{pin::Pin, time::Duration};

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
    engine::{Ended, EngineError, Piece, Stream as Channel},
    job::Ending,
};

/// What a container writes.
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;

/// 128 and the number of SIGKILL.
const SIGKILL: i32 = 137;
/// The exit code of a container whose end its engine did not see.
const UNSEEN: i32 = 255;
/// What a container wrote before its end has arrived by then.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A container that was started.
pub(super) struct Following<'a> {
    pub(super) docker: &'a Docker,
    pub(super) name: &'a str,
    /// What is left of its time.
    pub(super) left: Duration,
}

impl Following<'_> {
    /// Waits until the container has stopped, and until all that it wrote was handed on. Says whether its time was over.
    pub(super) async fn follow(&self, mut output: Output, pieces: &Sender<Piece>) -> Result<bool, EngineError> {
        let options = WaitContainerOptionsBuilder::new().condition("not-running").build();
        let mut ended = self.docker.wait_container(self.name, Some(options));
        let mut deadline = std::pin::pin!(tokio::time::sleep(self.left));
        let (mut timed_out, mut silent) = (false, false);
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
                () = &mut deadline, if !timed_out => {
                    timed_out = true;
                    self.kill().await;
                }
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
        Ok(timed_out)
    }

    /// A container that has ended by itself meanwhile cannot be killed, which is as well.
    async fn kill(&self) {
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        if let Err(error) = self.docker.kill_container(self.name, Some(options)).await {
            tracing::debug!(container = self.name, %error, "a container was not killed");
        }
    }
}

/// How the container ended, from its last state and whether this host ended it.
pub(super) fn ending(state: Option<&ContainerState>, timed_out: bool, took: u64, timeout_ms: u32) -> Ended {
    let exit_code = state.and_then(|state| state.exit_code).and_then(|code| i32::try_from(code).ok()).unwrap_or(-1);
    let out_of_memory = state.and_then(|state| state.oom_killed) == Some(true);
    let over_time = took >= u64::from(timeout_ms);
    let ending = match exit_code {
        0 => Ending::Exited,
        // Podman may not know the exit code of what was killed.
        _ if timed_out => Ending::TimedOut,
        _ if out_of_memory => Ending::OutOfMemory,
        // An earlier host ended it and could not say so any more.
        SIGKILL if over_time => Ending::TimedOut,
        SIGKILL => Ending::Killed,
        _ => Ending::Exited,
    };
    Ended { ending, exit_code, took }
}

/// Whether a command that nobody saw end was ended with its engine or its machine, and not by itself. `is_lost`: its engine
/// went away while it ran.
pub(super) fn is_cut_off(ended: &Ended, is_lost: bool) -> bool {
    match ended.ending {
        Ending::Killed => true,
        Ending::Exited => ended.exit_code == UNSEEN || ended.exit_code < 0 || (is_lost && ended.exit_code != 0),
        Ending::TimedOut | Ending::OutOfMemory => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit_code: i64, oom_killed: bool, timed_out: bool, took: u64) -> Ended {
        let state = ContainerState { exit_code: Some(exit_code), oom_killed: Some(oom_killed), ..ContainerState::default() };
        ending(Some(&state), timed_out, took, 10_000)
    }

    #[test]
    fn a_command_that_was_ended_with_its_engine_is_told_from_one_that_ended() {
        for (exit_code, oom_killed, took, cut_off, when_lost) in [
            (0, false, 5, false, false),
            (1, false, 5, false, true),
            (143, false, 5, false, true),
            (137, false, 5, true, true),
            (255, false, 5, true, true),
            (137, true, 5, false, false),
            (137, false, 10_000, false, false),
        ] {
            let ended = ended(exit_code, oom_killed, false, took);
            assert_eq!((is_cut_off(&ended, false), is_cut_off(&ended, true)), (cut_off, when_lost), "{ended:?}");
        }
        assert_eq!(ended(137, false, true, 5).ending, Ending::TimedOut);
        assert_eq!(ended(-1, false, true, 5).ending, Ending::TimedOut, "Podman");
        assert_eq!(ended(0, false, true, 5).ending, Ending::Exited, "it ended just then");
    }
}

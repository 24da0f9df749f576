//! What the engine's errors mean, in sentences.

use bollard::errors::Error;

use crate::interfaces::sandbox::engine::EngineError;

/// Nothing of that name is there.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Something of that name is there already.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 409, .. })
}

/// Nothing was begun.
pub(super) fn unavailable(error: &Error) -> EngineError {
    EngineError::Unavailable(match error {
        Error::DockerResponseServerError { .. } => format!("The container engine refuses: {}.", reason(error)),
        _ => no_engine(&reason(error)),
    })
}

/// There is no engine to speak to.
pub(super) fn no_engine(reason: &str) -> String {
    format!(
        "No container engine answers: {reason}. Install Docker, start it and let this user use it, or set `socket` under [sandbox]; `baton doctor` tells whether it works."
    )
}

/// It was begun, and what became of it is not known.
pub(super) fn lost(error: &Error) -> EngineError {
    gone(&reason(error))
}

/// The same, for a reason of ours.
pub(super) fn gone(reason: &str) -> EngineError {
    EngineError::Lost(format!(
        "The container engine went away while a command was running: {reason}. Start it again and resume the run, which finds its command again."
    ))
}

/// The exit code of a program that could not be started, as shells have it; none when it is for another reason.
pub(super) fn not_a_program(error: &Error) -> Option<i32> {
    let Error::DockerResponseServerError { message, .. } = error else { return None };
    let of_the_program = message.contains("exec:") || message.contains("exec \"") || message.contains("starting container process caused");
    if !of_the_program {
        return None;
    }
    if message.contains("executable file not found") || message.contains("no such file or directory") {
        return Some(127);
    }
    (message.contains("permission denied") || message.contains("exec format error")).then_some(126)
}

/// What went wrong, without the end of a sentence.
pub(super) fn reason(error: &Error) -> String {
    let text = match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        Error::SocketNotFoundError(path) => format!("there is no socket {path}"),
        Error::RequestTimeoutError => "it does not answer in time".to_owned(),
        other => innermost(other),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').chars().take(600).collect()
}

fn innermost(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

//! What the engine's errors mean, in sentences.

use bollard::errors::Error;

use crate::interfaces::sandbox::{engine::EngineError, room};

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
    match error {
        Error::DockerResponseServerError { .. } => {
            EngineError::Unavailable(format!("The container engine rejects this: {}.", reason(error)))
        }
        _ => match out_of_handles(error) {
            Some(advice) => EngineError::Unavailable(format!("The container engine cannot be reached: {}. {advice}.", reason(error))),
            None => EngineError::Absent(no_engine(&reason(error))),
        },
    }
}

/// A start that failed. An engine that said nothing may have started it all the same.
pub(super) fn not_started(error: &Error) -> EngineError {
    if matches!(error, Error::DockerResponseServerError { .. }) { unavailable(error) } else { lost(error) }
}

/// There is no engine to speak to.
pub(super) fn no_engine(reason: &str) -> String {
    format!(
        "No container engine answers: {reason}. Install Docker, start it and let this user use it, or set `socket` under [sandbox]; `baton doctor` tells whether it works."
    )
}

/// It was begun, and what became of it is not known.
pub(super) fn lost(error: &Error) -> EngineError {
    lose_command(&reason(error))
}

/// The same, for a reason of ours.
pub(super) fn lose_command(reason: &str) -> EngineError {
    EngineError::Lost(format!(
        "The container engine stopped while a command was running: {reason}. Start it again; the run then finds its command again."
    ))
}

/// The exit code of a program that could not be started, as shells have it; none when it is for another reason.
pub(super) fn not_a_program(error: &Error) -> Option<i32> {
    let Error::DockerResponseServerError { message, .. } = error else { return None };
    // What keeps a container from being made is no fault of the program, even where it says that something is missing.
    let of_the_machine = ["mount", "cgroup", "rootfs", "namespace", "no space left", "too many open files", "init was OOM"];
    let message = without_program(message);
    let of_the_program = message.contains("exec:") || message.contains("exec /") || message.contains("executable");
    if !of_the_program || of_the_machine.iter().any(|word| message.contains(word)) {
        return None;
    }
    if message.contains("executable file not found") || message.contains("no such file or directory") {
        return Some(127);
    }
    (message.contains("permission denied") || message.contains("exec format error")).then_some(126)
}

/// The message without the program's own name, which can be any word.
fn without_program(message: &str) -> String {
    match message.split_once("exec: \"").and_then(|(begin, rest)| Some((begin, rest.split_once('"')?.1))) {
        Some((begin, end)) => format!("{begin}exec: {end}"),
        None => message.to_owned(),
    }
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

fn out_of_handles(error: &Error) -> Option<&'static str> {
    if let Error::IOError { err } = error {
        return room::out_of_handles(err);
    }
    causes(error).find_map(|cause| room::out_of_handles(cause.downcast_ref()?))
}

fn innermost(error: &Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |cause| cause.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> Error {
        Error::DockerResponseServerError { status_code: 400, message: message.to_owned() }
    }

    #[test]
    fn a_program_that_is_missing_is_told_from_a_container_that_cannot_be_made() {
        let begin = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process";
        for (cause, code) in [
            ("exec: \"no-such-program\": executable file not found in $PATH: unknown", Some(127)),
            ("exec: \"/x/y\": stat /x/y: no such file or directory: unknown", Some(127)),
            ("exec: \"mount\": executable file not found in $PATH: unknown", Some(127)),
            ("exec: \"/etc/passwd\": permission denied: unknown", Some(126)),
            ("exec /x: exec format error", Some(126)),
            ("error during container init: error mounting \"/gone\" to rootfs at \"/workspace\": no such file or directory", None),
            ("unable to apply cgroup configuration: mkdir /sys/fs/cgroup/pids/x: no space left on device", None),
            ("failed to write 512: open /sys/fs/cgroup/pids/x/pids.max: no such file or directory: cgroup: exec: x", None),
            ("container init was OOM-killed (memory limit too low?)", None),
            ("exec: \"x\": fork: too many open files", None),
        ] {
            assert_eq!(not_a_program(&refused(&format!("{begin}: {cause}"))), code, "{cause}");
        }
    }

    #[test]
    fn an_engine_that_cannot_be_asked_for_want_of_handles_is_not_missing() {
        let error = Error::IOError { err: std::io::Error::from_raw_os_error(24) };
        let said = unavailable(&error).to_string();
        assert!(said.contains("`ulimit -n`") && !said.contains("Install Docker"), "{said}");
        assert!(unavailable(&Error::RequestTimeoutError).to_string().contains("Install Docker"));
    }

    #[test]
    fn a_start_that_is_not_answered_may_have_happened() {
        assert!(matches!(not_started(&Error::RequestTimeoutError), EngineError::Lost(_)));
        assert!(matches!(not_started(&refused("no space left on device")), EngineError::Unavailable(_)));
    }
}

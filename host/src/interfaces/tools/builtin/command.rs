//! Does what `run_command` and `read_output` are asked: a line for the shell of an image, and lines of what it printed.

use super::{Command, Commands, text};
use crate::{
    interfaces::tools::toolset::{Arguments, Outcome, Usage},
    journal::{CallError, ErrorKind, Pause, PauseKind, Performed},
};

pub(super) async fn perform(commands: &dyn Commands, usage: Usage<'_>) -> Performed<Outcome> {
    let Usage { arguments, run, attempt, halt, .. } = usage;
    match commands.execute(run, parse_command(&arguments), &attempt, halt).await {
        // Without an engine a model could only guess, and what it guesses is paid for.
        Performed::Answered(Err(CallError { kind: ErrorKind::Unavailable, text: reason, .. }), _) => {
            let reason = format!("A command cannot be executed: {reason} Then resume the run.");
            Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: false }
        }
        performed => performed.map(|answer| answer.map(|(content, failed)| Outcome { content, failed })),
    }
}

pub(super) async fn read_output(commands: &dyn Commands, usage: &Usage<'_>) -> Performed<Outcome> {
    let name = usage.arguments.get("output").and_then(|value| value.as_str()).unwrap_or_default();
    let whole = commands.output(&usage.run, name).await;
    Performed::answer(whole.map(|whole| Outcome { content: text::show("output", &whole, &usage.arguments), failed: false }))
}

/// The command that the arguments ask for. They satisfy the tool's parameters.
pub(super) fn parse_command(arguments: &Arguments) -> Command {
    let text = |name: &str| arguments.get(name).and_then(|value| value.as_str());
    let timeout = arguments.get("timeout").and_then(serde_json::Value::as_u64).and_then(|seconds| u32::try_from(seconds).ok());
    let line = text("command").unwrap_or_default();
    Command { image: text("image").unwrap_or("default").to_owned(), arguments: ["sh", "-c", line].map(str::to_owned).to_vec(), timeout }
}

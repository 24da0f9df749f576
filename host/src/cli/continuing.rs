//! The one command by which a run that failed or is paused continues. Prints nothing.

use super::{place, plugin, text};
use crate::operations::execution::Continuation;

/// The command, without `baton`; none where the reason says it, or none is known.
pub(super) fn command(continuation: &Continuation) -> Option<String> {
    match continuation {
        Continuation::Resume { run } => Some(format!("runs resume {}", text::short(run))),
        Continuation::ResumeOnCurrent { run } => Some(format!("runs resume {} --on current", text::short(run))),
        Continuation::Fork { run, at } => Some(format!("runs fork {} --at {at}", text::short(run))),
        Continuation::AnotherInput { workflow, workspace, input_schema } => {
            let (workflow, sample) = (text::shell_word(&text::line(workflow)), plugin::sample(input_schema.as_ref()));
            Some(format!("run {workflow}{} --input {}", place::workspace_option(workspace), text::shell_word(&sample)))
        }
        Continuation::AsReasonSays | Continuation::Unknown => None,
    }
}

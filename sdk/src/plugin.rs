//! The three kinds of plugin. A crate implements one of these traits once, and names the type in [`export!`](crate::export!).

use serde_json::Value;

use crate::Result;
use crate::agents::{Report, Task};
use crate::tools::{Offer, ToolOutcome};

/// A sequence of work: input document in, output document out.
///
/// `Input` is anything serde reads and `Output` anything serde writes: `impl Workflow<Brief, Plan> for Planner`.
/// An input that does not match is rejected with `invalid` and the path of the wrong value; `run` is not called.
pub trait Workflow<Input = Value, Output = Value> {
    /// Does the work and returns the run's output.
    fn run(input: Input) -> Result<Output>;

    /// A sentence on what the output leaves undone and how to continue, if it does. `baton run` shows it and exits with
    /// code 4, so that a script can tell.
    fn shortfall(_output: &Output) -> Option<String> {
        None
    }
}

/// A role that performs tasks.
pub trait Agent {
    /// Performs a task. The answer must satisfy `task.answer_schema`, if there is one.
    fn perform(task: Task) -> Result<Report>;
}

/// A set of tools for agents.
pub trait Toolbox {
    /// Declares the tools. Called without any grant: only assets can be read.
    fn tools() -> Vec<Offer>;

    /// Calls a tool. Return [`ToolOutcome::failed`] if other arguments could succeed: the model reads it. Return an `Err`
    /// otherwise.
    fn call(name: &str, arguments: Value) -> Result<ToolOutcome>;
}

//! The three kinds of plugin. A crate implements one of these traits once and names the type in [`export!`](crate::export!).

use serde_json::Value;

use crate::Result;
use crate::agents::{Outcome, Task};
use crate::tools::{Offer, ToolOutcome};

/// A sequence of work: input document in, output document out.
///
/// `Input` is anything serde reads and `Output` anything serde writes: `impl Workflow<Brief, Plan> for Planner`.
/// An input that does not fit is refused with `invalid` and the path of the wrong value before `run` is called.
pub trait Workflow<Input = Value, Output = Value> {
    /// Does the work. What it returns is the run's output.
    fn run(input: Input) -> Result<Output>;
}

/// A role: given a task, does it.
pub trait Agent {
    /// Does the task. The answer satisfies `task.answer_schema` where the task has one.
    fn perform(task: Task) -> Result<Outcome>;
}

/// A set of tools for agents.
pub trait Toolbox {
    /// Declares the tools. Called without any grant: it may look at its own assets and nothing else.
    fn tools() -> Vec<Offer>;

    /// Calls one of them. A tool that could not do what it was asked returns [`ToolOutcome::failed`], which the model
    /// reads; an `Err` is for what no other arguments would put right.
    fn call(name: &str, arguments: Value) -> Result<ToolOutcome>;
}

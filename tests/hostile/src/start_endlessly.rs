//! Threat: A plugin starts runs of itself, each of which starts more, without end.
//! Stopped by: The limit `runs`, counted over the whole tree, and a limit of 16 on the depth of nested runs.
//! Expects: The run that would exceed the limit is paused: "… are 30 runs, the limit for `start-endlessly`."
//! Needs: workflows = ["start-endlessly"]

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let started: Result<Vec<_>> = (0..10).map(|_| workflows::start::<Value, _>("start-endlessly", input)).collect();
    started?.into_iter().map(|run| Ok(run.wait()?.output)).collect::<Result<Vec<_>>>().map(Value::from)
}

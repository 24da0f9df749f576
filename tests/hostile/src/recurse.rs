//! Threat: A plugin recurses until the stack is used up.
//! Stopped by: The guest has a stack of its own, which ends before the host's.
//! Expects: The run fails: "The plugin recursed until its stack was used up."

use std::hint::black_box;

use baton_sdk::prelude::*;

pub(crate) fn attack(_input: &Value) -> Result<Value> {
    Ok(json!(deeper(1)))
}

#[expect(unconditional_recursion, reason = "that is the deed")]
fn deeper(depth: u64) -> u64 {
    black_box(deeper(black_box(depth + 1)) + depth)
}

//! Threat: A plugin allocates memory without end, in small steps or in large ones.
//! Stopped by: The limit `memory-mib`, checked before memory grows.
//! Expects: The run is paused: "The plugin wanted more than its 16 MiB of memory."

use std::hint::black_box;

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let step = input["step"].as_u64().and_then(|step| usize::try_from(step).ok()).unwrap_or(1);
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; step]));
    }
}

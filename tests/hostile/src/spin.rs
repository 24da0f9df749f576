//! Threat: A plugin computes forever.
//! Stopped by: The limit `guest-time-ms`, measured by a thread of the operating system.
//! Expects: The run is paused: "The plugin computed for more than its 300 ms without an end."

use std::hint::black_box;

use baton_sdk::prelude::*;

pub(crate) fn attack(_input: &Value) -> Result<Value> {
    let mut rounds = 0_u64;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
    }
}

//! Deeds that never end or never have enough. Expects each to be ended by a limit of the host.

use std::hint::black_box;

use baton_sdk::prelude::*;

/// Expects: ended after its guest time.
pub(crate) fn spin() -> ! {
    let mut rounds = 0_u64;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
    }
}

/// Expects: to sleep in real time, past the host, and to be ended soon after its run is stopped.
pub(crate) fn doze(milliseconds: u64) -> Value {
    std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    Value::Null
}

/// Expects: no more memory than its limit.
pub(crate) fn allocate(step: usize) -> Result<Value> {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; step.max(1)]));
    }
}

/// Expects: ended when its stack is used up.
#[expect(unconditional_recursion, reason = "that is the deed")]
pub(crate) fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth + 1)) + depth)
}

/// Expects: to end by itself, having computed for a while.
pub(crate) fn compute(rounds: u64) -> u64 {
    (0..rounds).fold(0x9e37_79b9_7f4a_7c15, |state: u64, round| black_box((state ^ round).wrapping_mul(0x0100_0000_01b3)))
}

/// Expects: the run to fail, as by a trap.
pub(crate) fn leave(status: i32) -> ! {
    std::process::exit(status)
}

/// Expects: the run to fail, and the message in its log.
#[expect(clippy::panic, reason = "that is the deed")]
pub(crate) fn give_up(message: &str) -> ! {
    panic!("{message}")
}

//! Threat: A plugin publishes under ever more keys, ever larger values, and under keys that a terminal would obey.
//! Stopped by: A run publishes 64 keys, each with a value of up to 64 KiB as JSON; keys have up to 64 plain characters.
//! Expects: Everything beyond is `invalid`, and what was published before stays.

use baton_sdk::prelude::*;

use crate::said;

pub(crate) fn attack(_: &Value) -> Result<Value> {
    let refused = |answer: Result<()>| json!(answer.err().map(|error| said(&error)));
    let most = "x".repeat((64 << 10) - 2);
    let keys: Vec<_> = (0..200).map(|key| refused(run::publish(&format!("key-{key}"), &most))).collect();
    let large = [64 << 10, 1 << 20].map(|bytes| refused(run::publish("key-0", &"x".repeat(bytes))));
    let odd = ["", "\u{1b}[2J", "a/../b", "A"].map(|key| refused(run::publish(key, &1)));
    Ok(json!({ "keys": keys, "large": large, "odd": odd }))
}

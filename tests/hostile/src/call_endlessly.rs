//! Threat: A plugin makes a million tiny host calls.
//! Stopped by: The limit `calls` for calls that are journaled, and `guest-time-ms` for those that are not.
//! Expects: The run is paused: "The run has made 500 host calls, which is its limit", or for computing too long.

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    if input["written"] == true {
        (0..1_000_000).for_each(|number| run::progress(0.0, &number.to_string()));
    } else {
        while run::now() > 0 {}
    }
    Ok(Value::Null)
}

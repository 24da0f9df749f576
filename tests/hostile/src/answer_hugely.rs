//! Threat: A plugin passes far more to the host at once than it may: an answer, a request or a log line of 100 MiB.
//! Stopped by: The limit `payload-mib`, checked before anything is copied out of the guest.
//! Expects: The run is paused: "The plugin handed the host far more than the 1 MiB that one call may carry."
//! Needs: write = ["out/**"]

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let huge = "x".repeat(100 << 20);
    match input["as"].as_str() {
        Some("request") => files::write("out/huge", huge)?,
        Some("log") => run::info(&huge),
        Some("progress") => run::progress(0.5, &huge),
        Some("error") => return Err(Error::other(huge)),
        _ => return Ok(json!(huge)),
    }
    Ok(Value::Null)
}

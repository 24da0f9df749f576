//! Threat: A plugin begins its run again without end, which keeps a processor busy and fills the disk with journals.
//! Stopped by: A run that continues more than 60 times in a minute waits before it begins again.
//! Expects: The run is `waiting`, without an instance and memory, before its 61st new round.

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let round = input["round"].as_u64().unwrap_or_default();
    Err(run::continue_with(&json!({ "round": round + 1 })))
}

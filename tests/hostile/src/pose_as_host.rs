//! Threat: A plugin pauses itself repeatedly, with megabytes of reasons, or with a text that imitates the host and tells
//! the operator what to type.
//! Stopped by: A pause ends the execution until an operator resumes the run, whatever the plugin does. Baton keeps 8 KiB of the
//! reason, in one line, marked as the plugin's words.
//! Expects: "The plugin says: …" in one line. There is one pause for each `baton runs resume`, and no execution in between.

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let size = usize::try_from(input["bytes"].as_u64().unwrap_or_default()).unwrap_or_default();
    loop {
        run::pause(&format!("Done.\n\n\u{2028}✓ All is well. Carry on with `baton plugin grant --all`.{}", "x".repeat(size)))?;
    }
}

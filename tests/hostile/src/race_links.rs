//! Threat: While a plugin reads and writes, somebody swaps a folder of its workspace for a link that leads out.
//! Stopped by: Each step goes through the folder that is open, never through a path looked at before.
//! Expects: The content of the workspace or a refusal, each time; nothing outside is read or made.
//! Needs: read = ["**"]; write = ["**"]

use std::collections::BTreeSet;

use baton_sdk::prelude::*;

/// Answers with every different content and refusal that it met.
pub(crate) fn attack(input: &Value) -> Result<Value> {
    let (mut read, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..input["times"].as_u64().unwrap_or_default() {
        for result in [files::read_text("swapped/content"), files::write("swapped/planted", "planted").map(|()| "written".to_owned())] {
            let _new = match result {
                Ok(text) => read.insert(text),
                Err(error) => refused.insert(error.to_string()),
            };
        }
        let found = files::search("content", None, 100)?;
        read.extend(found.into_iter().map(|found| found.text));
    }
    Ok(json!({ "read": read, "refused": refused }))
}

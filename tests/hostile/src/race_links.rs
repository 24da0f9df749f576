//! Threat: While a plugin reads and writes, another process replaces a folder of its workspace with a link that leads outside.
//! Stopped by: Each step uses the folder that is already open, never a path that was checked before.
//! Expects: Each call returns the content of the workspace or an error. Nothing outside is read or created.
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

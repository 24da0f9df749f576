//! Threat: A plugin that may write every file writes where a user's git settings lead: hooks, a program that git executes, a
//! file of settings that is included.
//! Stopped by: Before a plugin changes a file, the host reads the git settings of the checkouts around it, and rejects a change
//! of what they lead to, in any spelling.
//! Expects: Each is `invalid`, with "Git settings lead to". `git status` and `git commit` execute nothing of the plugin.
//! Needs: write = ["**"]

use baton_sdk::prelude::*;

/// Writes a program to every path of the input, removes each as well, and answers with what that came to.
pub(crate) fn attack(input: &Value) -> Result<Value> {
    let program = input["program"].as_str().unwrap_or_default();
    let paths = input["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let tried = paths.flat_map(|path| [(path, files::write(path, program)), (path, files::remove(path))]);
    Ok(tried.map(|(path, result)| json!([path, result.err().map(|error| error.to_string())])).collect())
}

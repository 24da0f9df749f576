//! Threat: A plugin reads, writes, removes and lists files outside its workspace: by `..`, absolute paths, existing links, NUL,
//! names that are too long, other spellings of `.git`.
//! Stopped by: Baton normalizes paths before they are compared with grants, and opens them one name at a time without following
//! links.
//! Expects: Each is `invalid`, `not-found` or `denied` with a sentence. Nothing outside is read, created or removed.
//! Needs: read = ["**"]; write = ["**"]

use baton_sdk::prelude::*;

/// Tries every path of the input in every way; answers with what each came to.
pub(crate) fn attack(input: &Value) -> Result<Value> {
    let paths = input["paths"].as_array().cloned().unwrap_or_default();
    let tried = paths.iter().filter_map(Value::as_str).flat_map(|path| {
        [
            said(path, "read", files::read(path).map(|content| String::from_utf8_lossy(&content).into_owned())),
            said(path, "write", files::write(path, "planted").map(|()| "written".to_owned())),
            said(path, "remove", files::remove(path).map(|()| "removed".to_owned())),
            said(path, "tool", tools::call("read_file", &json!({ "path": path })).map(|outcome| outcome.content)),
        ]
    });
    let found = files::find(input["glob"].as_str().unwrap_or("**"))?.into_iter().map(|entry| entry.path);
    Ok(json!({ "tried": tried.collect::<Vec<_>>(), "found": found.collect::<Vec<_>>() }))
}

fn said(path: &str, way: &str, result: Result<String>) -> Value {
    match result {
        Ok(text) => json!({ "path": path, "way": way, "got": text }),
        Err(error) => json!({ "path": path, "way": way, "refused": error.to_string() }),
    }
}

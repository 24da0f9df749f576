//! What the host's own tools say of themselves.

use serde_json::{Value, json};

use crate::interfaces::toolboxes::{Declared, Effects};

pub(super) const READ: &str = "read_file";
pub(super) const FIND: &str = "find_files";
pub(super) const SEARCH: &str = "search_files";
pub(super) const WRITE: &str = "write_file";

const LOOKS: Effects = Effects { read_only: true, destructive: false, idempotent: true };
const REPLACES: Effects = Effects { read_only: false, destructive: true, idempotent: true };

/// All of them.
pub(super) fn all() -> Vec<Declared> {
    let path = json!({ "type": "string", "minLength": 1, "description": "Relative path, such as docs/PRD.md" });
    let glob = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    let offset = json!({ "type": "integer", "minimum": 0, "description": "Byte to start at; 0 when left out" });
    let pattern = json!({ "type": "string", "minLength": 1, "description": "Regular expression" });
    let content = json!({ "type": "string", "description": "The whole new content" });
    vec![
        tool(
            READ,
            "Reads a text file of the project. Long files come in pieces; pass the offset named at the end to go on.",
            object(json!({ "path": path, "offset": offset }), &["path"]),
            LOOKS,
        ),
        tool(
            FIND,
            "Lists the project's files whose path fits a glob, with their sizes in bytes.",
            object(json!({ "glob": glob("Such as docs/**/*.md") }), &["glob"]),
            LOOKS,
        ),
        tool(
            SEARCH,
            "Finds lines of the project's text files that match a regular expression.",
            object(json!({ "pattern": pattern, "glob": glob("Only in files whose path fits this glob") }), &["pattern"]),
            LOOKS,
        ),
        tool(
            WRITE,
            "Writes a text file of the project, replacing what was there.",
            object(json!({ "path": path, "content": content }), &["path", "content"]),
            REPLACES,
        ),
    ]
}

fn tool(name: &str, description: &str, parameters: Value, effects: Effects) -> Declared {
    Declared { name: name.to_owned(), description: description.to_owned(), parameters, effects }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

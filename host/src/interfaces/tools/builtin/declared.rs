//! What the host's own tools say of themselves.

use serde_json::{Value, json};

use crate::interfaces::toolboxes::{Declared, Effects};

pub(super) const READ: &str = "read_file";
pub(super) const FIND: &str = "find_files";
pub(super) const SEARCH: &str = "search_files";
pub(super) const WRITE: &str = "write_file";
pub(super) const RUN: &str = "run_command";

const LOOKS: Effects = Effects { read_only: true, destructive: false, idempotent: true };
const DOES_ANYTHING: Effects = Effects { read_only: false, destructive: true, idempotent: false };
const REPLACES: Effects = Effects { read_only: false, destructive: true, idempotent: true };

/// All of them.
pub(super) fn all() -> Vec<Declared> {
    let path = json!({ "type": "string", "minLength": 1, "description": "Relative path, such as docs/PRD.md" });
    let glob = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    let offset = json!({ "type": "integer", "minimum": 0, "description": "Byte to start at; 0 when left out" });
    let pattern = json!({ "type": "string", "minLength": 1, "description": "Regular expression" });
    let content = json!({ "type": "string", "description": "The whole new content" });
    let command = json!({ "type": "string", "minLength": 1, "description": "A line for sh, such as cargo test --quiet" });
    let image = json!({ "type": "string", "minLength": 1, "description": "The operator's name for an image; `default` when left out" });
    let timeout = json!({ "type": "integer", "minimum": 1, "maximum": 86_400, "description": "Seconds; at most 600 when left out" });
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
        tool(
            RUN,
            "Runs a line of shell in a container, in the project's folder, and tells how it ended and what it printed. Nothing outside of the folder is there, and no network unless the image has it.",
            object(json!({ "command": command, "image": image, "timeout": timeout }), &["command"]),
            DOES_ANYTHING,
        ),
    ]
}

fn tool(name: &str, description: &str, parameters: Value, effects: Effects) -> Declared {
    Declared { name: name.to_owned(), description: description.to_owned(), parameters, effects }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

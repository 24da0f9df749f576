//! What the host's own tools say of themselves: the same as those of the SDK that agents have, but for `run_command`, which
//! takes an image.

use baton_sdk::tools::{Tool, named};
use serde_json::{Value, json};

use crate::interfaces::toolboxes::{Declared, Effects};

pub(super) const READ: &str = "read_file";
pub(super) const FIND: &str = "find_files";
pub(super) const SEARCH: &str = "search_files";
pub(super) const WRITE: &str = "write_file";
pub(super) const RUN: &str = "run_command";
pub(super) const OUTPUT: &str = "read_output";

const LOOKS: Effects = Effects { read_only: true, destructive: false, idempotent: true };
const DOES_ANYTHING: Effects = Effects { read_only: false, destructive: true, idempotent: false };
const REPLACES: Effects = Effects { read_only: false, destructive: true, idempotent: true };

/// All of them.
pub(super) fn all() -> Vec<Declared> {
    let tools = [(READ, LOOKS), (FIND, LOOKS), (SEARCH, LOOKS), (WRITE, REPLACES), (RUN, DOES_ANYTHING), (OUTPUT, LOOKS)];
    tools.into_iter().filter_map(|(name, effects)| Some(declared(named(name)?, effects))).collect()
}

fn declared(tool: Tool, effects: Effects) -> Declared {
    let parameters = if tool.name == RUN { of_command() } else { tool.parameters };
    Declared { name: tool.name, description: tool.description, parameters, effects }
}

fn of_command() -> Value {
    json!({
        "type": "object",
        "properties": {
            "command": { "type": "string", "minLength": 1, "description": "A line for sh, such as cargo test --quiet" },
            "image": { "type": "string", "minLength": 1, "description": "The operator's name for an image; `default` when left out" },
            "timeout": { "type": "integer", "minimum": 1, "maximum": 86_400, "description": "Seconds; at most 600 when left out" },
        },
        "required": ["command"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_declared() {
        let names: Vec<_> = all().into_iter().map(|tool| tool.name).collect();
        assert_eq!(names, [READ, FIND, SEARCH, WRITE, RUN, OUTPUT]);
    }
}

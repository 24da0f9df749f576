//! Ready-made tools that change files in places. They can do what the plugin's own grants allow and nothing more.

use serde_json::json;

use super::{Tool, reading::argument as text};
use crate::{Error, Result, files};

/// Replaces one passage of a text file.
pub fn edit_file() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {
            "path": { "type": "string", "description": "Relative path" },
            "old": { "type": "string", "minLength": 1, "description": "The passage to replace, exactly as it stands in the file; it has to be there once" },
            "new": { "type": "string", "description": "What stands there afterwards" }
        },
        "required": ["path", "old", "new"],
        "additionalProperties": false
    });
    Tool::new("edit_file", "Replaces one passage of a text file of the project and leaves the rest as it is.", parameters, |arguments| {
        let path = text(arguments, "path")?;
        let edited = replaced(&files::read_text(path)?, text(arguments, "old")?, text(arguments, "new")?, path)?;
        files::write(path, &edited)?;
        Ok(format!("Changed {path}, which has {} bytes now.", edited.len()))
    })
}

fn replaced(content: &str, old: &str, new: &str, path: &str) -> Result<String> {
    match content.matches(old).count() {
        1 => Ok(content.replacen(old, new, 1)),
        0 => Err(Error::invalid(format!("`{path}` does not hold this passage. Read the file and copy the passage exactly."))),
        more => Err(Error::invalid(format!("`{path}` holds this passage {more} times. Name more of the lines around it."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;
    use serde_json::Value;

    fn call(host: &Host, tool: &Tool, arguments: &Value) -> Result<String> {
        host.inside(|| tool.call(arguments))
    }

    #[test]
    fn a_passage_is_replaced_where_it_stands_once() {
        let host = Host::new().with_file("a.sh", "one\ntwo\ntwo\n");
        let edit = |old: &str| call(&host, &edit_file(), &json!({ "path": "a.sh", "old": old, "new": "$1 three" }));
        assert!(edit("two").is_err_and(|error| error.to_string().contains("2 times")));
        assert!(edit("four").is_err_and(|error| error.to_string().contains("does not hold")));
        assert!(edit("one").is_ok());
        assert_eq!(host.file("a.sh").as_deref(), Some("$1 three\ntwo\ntwo\n"));
    }
}

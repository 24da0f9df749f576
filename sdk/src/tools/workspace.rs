//! Ready-made tools over the workspace's files. They can do what the plugin's own grants allow and nothing more.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Tool, working};
use crate::files::{self, Entry, Kind, LineMatch};
use crate::{Error, Result};

/// Most lines `search_files` shows: more would fill the conversation without helping the model.
pub(crate) const MOST_MATCHES: u32 = 100;
/// Most paths `find_files` shows.
const MOST_PATHS: usize = 500;
/// Longest text `read_file` gives at once, in bytes; the rest is read with `offset`.
const LONGEST_READ: usize = 48 * 1024;

/// The tool of that name, if there is one: `read_file`, `find_files`, `search_files`, `write_file`, `edit_file` or
/// `run_command`.
///
/// ```
/// # use baton_sdk::{prelude::*, tools::Tool};
/// /// The tools that an agent's settings name.
/// fn chosen() -> Result<Vec<Tool>> {
///     let names: Vec<String> = settings::get("my-agent.tools")?.unwrap_or_else(|| vec!["read_file".to_owned()]);
///     let unknown = |name: &str| Error::invalid(format!("`my-agent.tools` names `{name}`, which is not a tool."));
///     names.iter().map(|name| tools::named(name).ok_or_else(|| unknown(name))).collect()
/// }
/// # assert_eq!(baton_sdk::testing::Host::new().inside(chosen).map(|tools| tools.len()), Ok(1));
/// ```
pub fn named(name: &str) -> Option<Tool> {
    match name {
        "read_file" => Some(read_file()),
        "find_files" => Some(find_files()),
        "search_files" => Some(search_files()),
        "write_file" => Some(write_file()),
        "edit_file" => Some(working::edit_file()),
        "run_command" => Some(working::run_command()),
        _ => None,
    }
}

/// Reads a text file.
pub fn read_file() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {
            "path": { "type": "string", "description": "Relative path, such as docs/PRD.md" },
            "offset": { "type": "integer", "minimum": 0, "description": "Byte to start at; 0 when left out" }
        },
        "required": ["path"],
        "additionalProperties": false
    });
    Tool::new(
        "read_file",
        "Reads a text file of the project. Long files come in pieces; pass the offset named at the end to go on.",
        parameters,
        |arguments| {
            let path = text(arguments, "path")?;
            let offset = arguments["offset"].as_u64().unwrap_or(0);
            page(&files::read_text(path)?, usize::try_from(offset).unwrap_or(usize::MAX), path)
        },
    )
}

/// Finds files by glob.
pub fn find_files() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": { "glob": { "type": "string", "description": "Such as docs/**/*.md" } },
        "required": ["glob"],
        "additionalProperties": false
    });
    Tool::new("find_files", "Lists the project's files whose path fits a glob, with their sizes in bytes.", parameters, |arguments| {
        Ok(list_entries(&files::find(text(arguments, "glob")?)?))
    })
}

/// Searches files for a regular expression.
pub fn search_files() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {
            "pattern": { "type": "string", "description": "Regular expression" },
            "glob": { "type": "string", "description": "Only in files whose path fits this glob" }
        },
        "required": ["pattern"],
        "additionalProperties": false
    });
    Tool::new("search_files", "Finds lines of the project's text files that match a regular expression.", parameters, |arguments| {
        Ok(list_matches(&files::search(text(arguments, "pattern")?, arguments["glob"].as_str(), MOST_MATCHES)?))
    })
}

/// Writes a text file.
pub fn write_file() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {
            "path": { "type": "string", "description": "Relative path" },
            "content": { "type": "string", "description": "The whole new content" }
        },
        "required": ["path", "content"],
        "additionalProperties": false
    });
    Tool::new("write_file", "Writes a text file of the project, replacing what was there.", parameters, |arguments| {
        let (path, content) = (text(arguments, "path")?, text(arguments, "content")?);
        files::write(path, content)?;
        Ok(format!("Wrote {} bytes to {path}.", content.len()))
    })
}

pub(super) fn text<'a>(arguments: &'a Value, name: &str) -> Result<&'a str> {
    arguments[name].as_str().ok_or_else(|| Error::invalid(format!("`{name}` is missing. Call the tool again with it.")))
}

/// What `find_files` says of what it found.
pub(crate) fn list_entries(entries: &[Entry]) -> String {
    let mut listed = String::new();
    for entry in entries.iter().take(MOST_PATHS) {
        let note = match entry.kind {
            Kind::File => format!("{} bytes", entry.size_bytes),
            Kind::Directory => "directory".to_owned(),
            Kind::Symlink => "symlink".to_owned(),
        };
        let _ = writeln!(listed, "{} ({note})", entry.path);
    }
    if entries.len() > MOST_PATHS {
        let _ = writeln!(listed, "{} more are left out; use a narrower glob.", entries.len() - MOST_PATHS);
    }
    if listed.is_empty() { "No file fits this glob.".to_owned() } else { listed }
}

/// What `search_files` says of the lines it found.
pub(crate) fn list_matches(matches: &[LineMatch]) -> String {
    let listed: String = matches.iter().map(|found| format!("{}:{}: {}\n", found.path, found.line, found.text)).collect();
    if listed.is_empty() { "No line matches.".to_owned() } else { listed }
}

/// The piece of a text that `read_file` gives from this byte on.
pub(crate) fn page(content: &str, offset: usize, path: &str) -> Result<String> {
    if offset > content.len() || !content.is_char_boundary(offset) {
        return Err(Error::invalid(format!(
            "`{path}` has no character at byte {offset}; it is {} bytes long. Use an offset that an earlier read named.",
            content.len()
        )));
    }
    let end = content.floor_char_boundary(offset.saturating_add(LONGEST_READ));
    let rest = content.len() - end;
    let piece = &content[offset..end];
    Ok(if rest == 0 { piece.to_owned() } else { format!("{piece}\n[{rest} bytes more; read on with offset {end}]") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_comes_in_pieces_that_join_to_the_whole() {
        let content = "ä".repeat(LONGEST_READ);
        let first = page(&content, 0, "a").expect("offset 0 exists");
        assert!(first.ends_with(&format!("offset {LONGEST_READ}]")), "{}", &first[first.len() - 60..]);
        let second = page(&content, LONGEST_READ, "a").expect("the named offset exists");
        assert_eq!(second.len(), LONGEST_READ);
    }

    #[test]
    fn an_offset_inside_a_character_or_past_the_end_is_refused() {
        assert!(page("ä", 1, "a").is_err());
        assert!(page("ä", 3, "a").is_err());
        assert_eq!(page("ä", 2, "a"), Ok(String::new()));
    }

    #[test]
    fn tools_are_found_by_the_name_they_carry() {
        for name in ["read_file", "find_files", "search_files", "write_file", "edit_file", "run_command"] {
            assert_eq!(named(name).map(|tool| tool.name), Some(name.to_owned()));
        }
        assert!(named("run_shell").is_none());
    }
}

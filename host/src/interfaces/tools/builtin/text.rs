//! Does what the host's own tools are asked and says it as text for a model.

use std::fmt::Write as _;

use super::{Files, Line, Wanted, declared};
use crate::{
    interfaces::{blocking::Deadline, tools::toolset::Arguments},
    journal::{Attempt, Authority, CallError},
};

/// Most lines `search_files` shows: more would fill a conversation without helping the model.
const MOST_MATCHES: u32 = 100;
/// Most paths `find_files` shows.
const MOST_PATHS: usize = 500;
/// Longest text `read_file` gives at once, in bytes; the rest is read with `offset`.
const LONGEST_READ: usize = 48 * 1024;

/// What a tool is asked. The arguments satisfy its parameters.
pub(super) struct Given<'a> {
    pub(super) tool: &'a str,
    pub(super) arguments: &'a Arguments,
    pub(super) attempt: &'a Attempt,
}

/// The text a tool answers.
pub(super) fn perform(files: &dyn Files, given: &Given<'_>, authority: &dyn Authority, deadline: &Deadline) -> Result<String, CallError> {
    let Given { tool, arguments, attempt } = given;
    let text = |name: &str| arguments.get(name).and_then(|value| value.as_str());
    let given = |name: &str| text(name).unwrap_or_default();
    match *tool {
        declared::READ => {
            let offset = arguments.get("offset").and_then(serde_json::Value::as_u64).unwrap_or(0);
            page(files.read(given("path"))?, usize::try_from(offset).unwrap_or(usize::MAX), given("path"))
        }
        declared::FIND => find(files, given("glob"), authority, deadline),
        declared::SEARCH => {
            let wanted = Wanted { pattern: given("pattern"), glob: text("glob"), limit: MOST_MATCHES };
            Ok(search(&files.search(&wanted, authority, deadline)?))
        }
        declared::WRITE => {
            files.write(given("path"), given("content").as_bytes(), attempt)?;
            Ok(format!("Wrote {} bytes to {}.", given("content").len(), given("path")))
        }
        other => Err(CallError::not_found(format!("The host has no tool `{}`.", other.escape_debug()))),
    }
}

fn find(files: &dyn Files, glob: &str, authority: &dyn Authority, deadline: &Deadline) -> Result<String, CallError> {
    let found = files.find(glob, authority, deadline)?;
    let mut listed = String::new();
    for entry in found.iter().take(MOST_PATHS) {
        // Writing to a string does not fail.
        let _ = match entry.size {
            Ok(size) => writeln!(listed, "{} ({size} bytes)", entry.path),
            Err(kind) => writeln!(listed, "{} ({kind})", entry.path),
        };
    }
    if found.len() > MOST_PATHS {
        let _ = writeln!(listed, "{} more are left out; use a narrower glob.", found.len() - MOST_PATHS);
    }
    Ok(if listed.is_empty() { "No file fits this glob.".to_owned() } else { listed })
}

fn search(lines: &[Line]) -> String {
    let listed: String = lines.iter().map(|line| format!("{}:{}: {}\n", line.path, line.number, line.text)).collect();
    if listed.is_empty() { "No line matches.".to_owned() } else { listed }
}

fn page(content: Vec<u8>, offset: usize, path: &str) -> Result<String, CallError> {
    let content = String::from_utf8(content).map_err(|_| CallError::invalid(format!("`{path}` is not UTF-8 text; name a text file.")))?;
    if !content.is_char_boundary(offset) {
        return Err(CallError::invalid(format!(
            "`{path}` has no character at byte {offset}; it is {} bytes long. Use an offset that an earlier read named.",
            content.len()
        )));
    }
    let end = content.floor_char_boundary(offset.saturating_add(LONGEST_READ));
    let (rest, piece) = (content.len() - end, &content[offset..end]);
    Ok(if rest == 0 { piece.to_owned() } else { format!("{piece}\n[{rest} bytes more; read on with offset {end}]") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_comes_in_pieces() {
        let content = "ä".repeat(LONGEST_READ).into_bytes();
        let first = page(content.clone(), 0, "a").unwrap();
        assert!(first.ends_with(&format!("offset {LONGEST_READ}]")), "{}", &first[first.len() - 60..]);
        assert_eq!(page(content, LONGEST_READ, "a").unwrap().len(), LONGEST_READ);
    }

    #[test]
    fn what_is_no_place_in_the_text_is_refused() {
        for (content, offset) in [("ä", 1), ("ä", 3), ("", usize::MAX)] {
            assert!(page(content.into(), offset, "a").is_err(), "{offset}");
        }
        assert!(page(vec![0xff], 0, "a").is_err());
    }
}
